import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** Bytes per page, the unit of /proc/PID/statm. */
const PAGE = 4096;
const MB = 2 ** 20;

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return ''; // it has ended
  }
}

/** The children of a process. */
export function childrenOf(pid: number): number[] {
  if (!existsSync(`/proc/${pid}/task`)) return [];
  const threads = readdirSync(`/proc/${pid}/task`);
  return threads.flatMap((thread) =>
    read(`/proc/${pid}/task/${thread}/children`).split(' ').filter(Boolean).map(Number),
  );
}

/** A process and all its descendants. */
export function familyOf(pid: number): number[] {
  return [pid, ...childrenOf(pid).flatMap(familyOf)];
}

/** CPU seconds used by the threads of a process, with a resolution of a nanosecond. 0 if it has ended. */
export function cpuSec(pid: number): number {
  const threads = existsSync(`/proc/${pid}/task`) ? readdirSync(`/proc/${pid}/task`) : [];
  const nanoseconds = threads.map((thread) => Number(read(`/proc/${pid}/task/${thread}/schedstat`).split(' ')[0] ?? 0));
  return nanoseconds.reduce((sum, one) => sum + one, 0) / 1e9;
}

/** PSS of these processes in MB: the operating system counts shared pages once. */
export function pssMb(pids: readonly number[]): number {
  const ofOne = (pid: number) => Number(/^Pss:\s+(\d+) kB/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0) / 1024;
  return pids.reduce((sum, pid) => sum + ofOne(pid), 0);
}

/** Resident memory of a process in MB. */
export function rssMb(pid: number): number {
  return pagesOf(pid).resident;
}

/**
 * An upper bound of the PSS that takes microseconds per process, where PSS takes milliseconds: the pages of each
 * process that do not belong to files, and once the file pages (program, libraries, shared memory) of the largest
 * process.
 */
export function boundMb(pids: readonly number[]): number {
  const all = pids.map(pagesOf);
  return all.reduce((sum, { resident, file }) => sum + resident - file, Math.max(...all.map(({ file }) => file)));
}

function pagesOf(pid: number): { resident: number; file: number } {
  const [, resident = 0, file = 0] = read(`/proc/${pid}/statm`).split(' ').map(Number);
  return { resident: (resident * PAGE) / MB, file: (file * PAGE) / MB };
}

/** False if the process has ended, even if its parent has not waited for it yet. */
export function isAlive(pid: number): boolean {
  const stat = read(`/proc/${pid}/stat`);
  return stat !== '' && stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3) !== 'Z';
}

/** Samples a value, `everyMs` after the last sample. `stop` returns all samples. */
export function sample(look: () => number, everyMs: number): { values: number[]; stop(): number[] } {
  const values: number[] = [];
  let timer: NodeJS.Timeout | undefined;
  const again = () => {
    values.push(look());
    timer = setTimeout(again, everyMs);
  };
  again();
  return {
    values,
    stop() {
      clearTimeout(timer);
      values.push(look());
      return values;
    },
  };
}
