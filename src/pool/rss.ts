import { readFileSync } from 'node:fs';

const PAGE = 4096; // bytes; the unit of /proc/PID/statm on x86-64 and on the usual arm64 kernels
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
