import { closeSync, openSync, readFileSync, readSync } from 'node:fs';

/** Bytes per page, the unit of /proc/PID/statm, derived from our RSS: mostly 4 KiB, 64 KiB on some arm64 systems. */
const PAGE = pageSize();
const MB = 2 ** 20;

/**
 * The resident memory of a process as the kernel counts it. It is read after each call of the process, so the file of the
 * kernel stays open: opening it took 4 % of the CPU time of a small request. The creator must call `close()`.
 */
export class ResidentMemory {
  readonly #buffer = Buffer.alloc(128);
  #file: number | undefined;

  constructor(pid: number) {
    try {
      this.#file = openSync(`/proc/${pid}/statm`, 'r');
    } catch {
      // not Linux, or no more files can be opened
    }
  }

  /** In MB. Undefined if the system does not report it or the process has ended. */
  get mb(): number | undefined {
    if (this.#file === undefined) return undefined;
    try {
      const length = readSync(this.#file, this.#buffer, 0, this.#buffer.length, 0);
      const [, resident] = this.#buffer.toString('latin1', 0, length).split(' ');
      return (Number(resident) * PAGE) / MB;
    } catch {
      return undefined;
    }
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }
}

/** The private part of that memory, in MB, without shared file pages (50 MB of program text). Undefined in the same cases. */
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
