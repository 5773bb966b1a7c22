import { readFileSync } from 'node:fs';

/** Bytes per page, the unit of /proc/PID/statm, derived from our RSS: mostly 4 KiB, 64 KiB on some arm64 systems. */
const PAGE = pageSize();
const MB = 2 ** 20;

/**
 * Resident memory of a process in MB as the kernel counts it. Undefined if the system does not report it (not Linux) or
 * the process has ended. Takes 10-20 microseconds.
 */
export function rssMbOf(pid: number): number | undefined {
  try {
    const [, resident] = readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ');
    return (Number(resident) * PAGE) / MB;
  } catch {
    return undefined;
  }
}

/** The private part of that memory, without shared file pages (50 MB of program text). Undefined in the same cases. */
export function ownMbOf(pid: number): number | undefined {
  try {
    const [, resident, shared] = readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ');
    return ((Number(resident) - Number(shared)) * PAGE) / MB;
  } catch {
    return undefined;
  }
}

let lastOwnMb = 0;

/** Resident memory of this process in MB. Node opens a file to read it. If that fails, returns the last value. */
export function ownRssMb(): number {
  try {
    lastOwnMb = process.memoryUsage.rss() / MB;
  } catch {
    // EMFILE, ENFILE or ENOMEM. A missing statistic must not end a process.
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
