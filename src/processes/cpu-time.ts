import { readFileSync } from 'node:fs';

/** The unit of /proc/PID/stat: Linux reports 100 ticks a second on every architecture that Node supports. */
const TICK_MS = 10;

/**
 * CPU time in ms that all threads of a process have used. Undefined if the system does not report it (not Linux) or the
 * process has ended.
 */
export function cpuMsOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // the name before it may contain spaces
    return (Number(fields[11]) + Number(fields[12])) * TICK_MS; // utime and stime
  } catch {
    return undefined;
  }
}
