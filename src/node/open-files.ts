import { readFileSync } from 'node:fs';

/** Where the system does not tell: what macOS and most shells allow. Node raises its soft limit to the hard one when it starts. */
const UNKNOWN_LIMIT = 1_024;
/** Of the parent: its own files, sockets and event loop (some 25), and what a log, a listing or a start of a process needs for a moment. */
const OWN_FILES = 64;
/** Of each of its processes: standard error, messages and the pipe that ends it with us. */
const FILES_OF_PROCESS = 3;
/** A connection of a client that sends nothing takes some 10 KB: a bound is needed where files have none. */
const MOST_CONNECTIONS = 4_096;
/** Where even the reserve does not fit. */
const LEAST_CONNECTIONS = 8;

/** How many files this process may have open. */
export function openFilesLimit(): number {
  try {
    const [, soft = ''] = /^Max open files\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'latin1')) ?? [];
    if (soft !== '') return limitOf(soft);
  } catch {
    // not Linux
  }
  // The report runs no command and opens nothing; elsewhere it knows the limits of a process too.
  const report: { userLimits?: { open_files?: { soft?: unknown } } } = Object(process.report.getReport());
  return limitOf(String(report.userLimits?.open_files?.soft ?? UNKNOWN_LIMIT));
}

function limitOf(text: string): number {
  return text === 'unlimited' ? Number.POSITIVE_INFINITY : Number.parseInt(text, 10) || UNKNOWN_LIMIT;
}

/**
 * How many clients may be connected, so that the service itself never lacks a file: with `processes` of its own and `requests` at once to
 * a server.
 */
export function mostConnections(filesLimit: number, { processes, requests }: { processes: number; requests: number }) {
  const reserve = OWN_FILES + FILES_OF_PROCESS * processes + requests;
  const room = filesLimit - reserve;
  // Of a small limit the half: a service that can be reached by a few is better than one that refuses to start.
  return Math.max(
    LEAST_CONNECTIONS,
    Math.min(MOST_CONNECTIONS, room < filesLimit / 4 ? Math.floor(filesLimit / 4) : room),
  );
}
