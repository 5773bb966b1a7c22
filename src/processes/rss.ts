import { readFileSync } from 'node:fs';

/** Bytes; the unit of /proc/PID/statm. 4 KiB on x86-64 and most of arm64, 64 KiB on some of it: told by what we know of ourselves. */
const PAGE = pageSize();
const MB = 2 ** 20;

/**
 * Resident memory of a process in MB as the kernel counts it, or undefined where the system does not tell (not Linux) or the
 * process has gone. 10-20 microseconds.
 */
export function rssMbOf(pid: number): number | undefined {
  try {
    const [, resident] = readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ');
    return (Number(resident) * PAGE) / MB;
  } catch {
    return undefined;
  }
}

/**
 * What of it is the process's own: without the pages of files, which it has in common with others (50 MB of program text). Undefined as
 * above.
 */
export function ownMbOf(pid: number): number | undefined {
  try {
    const [, resident, shared] = readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ');
    return ((Number(resident) - Number(shared)) * PAGE) / MB;
  } catch {
    return undefined;
  }
}

let lastOwnMb = 0;

/** Our own resident memory in MB. Node opens a file for it: where there is none left to open, the last value is answered. */
export function ownRssMb(): number {
  try {
    lastOwnMb = process.memoryUsage.rss() / MB;
  } catch {
    // EMFILE, ENFILE or ENOMEM: a figure for people must not end a process
  }
  return lastOwnMb;
}

function pageSize(): number {
  try {
    const [, resident] = readFileSync('/proc/self/statm', 'latin1').split(' ');
    return 2 ** Math.round(Math.log2(process.memoryUsage.rss() / Number(resident)));
  } catch {
    return 4096;
  }
}
