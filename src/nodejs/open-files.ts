import { readFileSync } from 'node:fs';

/**
 * Used if the system does not report a limit. macOS and most shells allow this many. Node raises its soft limit to the
 * hard limit at its start.
 */
const UNKNOWN_LIMIT = 1_024;
/**
 * Files of the parent: its own files, sockets and event loop (about 25), and temporary ones for logging, listing a
 * folder or starting a process.
 */
const OWN_FILES = 64;
/** Files per child process: standard error, the message channel, and the pipe that ends it with the parent. */
const FILES_OF_PROCESS = 3;
/** The connection of a silent client takes about 10 KB, so a limit is needed even if files have none. */
const MOST_CONNECTIONS = 4_096;
/** Used if even the reserve does not fit. */
const LEAST_CONNECTIONS = 8;

/** The maximum number of open files of this process. */
export function openFilesLimit(): number {
  try {
    const [, soft = ''] = /^Max open files\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'latin1')) ?? [];
    if (soft !== '') return limitOf(soft);
  } catch {
    // not Linux
  }
  // The report runs no command and opens nothing. It has the process limits on other systems too.
  const report: { userLimits?: { open_files?: { soft?: unknown } } } = Object(process.report.getReport());
  return limitOf(String(report.userLimits?.open_files?.soft ?? UNKNOWN_LIMIT));
}

function limitOf(text: string): number {
  return text === 'unlimited' ? Number.POSITIVE_INFINITY : Number.parseInt(text, 10) || UNKNOWN_LIMIT;
}

/**
 * The maximum number of client connections for which the service itself never lacks a file. It needs files for
 * `processes` child processes and for `requests` concurrent requests to a server.
 */
export function mostConnections(filesLimit: number, { processes, requests }: { processes: number; requests: number }) {
  const reserve = OWN_FILES + FILES_OF_PROCESS * processes + requests;
  const room = filesLimit - reserve;
  // With a small limit, use a quarter: a service that few clients can reach is better than one that does not start.
  return Math.max(
    LEAST_CONNECTIONS,
    Math.min(MOST_CONNECTIONS, room < filesLimit / 4 ? Math.floor(filesLimit / 4) : room),
  );
}
