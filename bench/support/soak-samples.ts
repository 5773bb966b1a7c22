import { readdirSync, statSync } from 'node:fs';
import { cpuSec, familyOf, rssMb } from './processes.ts';

/** The state of a service at one moment of a soak. */
export interface Sample {
  minute: number;
  /** Memory of the parent, and of all processes together. */
  parentMb: number;
  allMb: number;
  processes: number;
  /** Open file descriptors. */
  parentFds: number;
  allFds: number;
  walMb: number;
  logMb: number;
  /** CPU time of all running processes since their start. */
  cpuSec: number;
}

/** Samples all processes of a service and its files. */
export function sampleOf({ pid, dbPath, logPath, minute }: SampleOptions): Sample {
  const pids = familyOf(pid);
  const sum = (of: (pid: number) => number) => pids.reduce((total, one) => total + of(one), 0);
  return {
    minute: rounded(minute),
    parentMb: rounded(rssMb(pid)),
    allMb: rounded(sum(rssMb)),
    processes: pids.length,
    parentFds: fdsOf(pid),
    allFds: sum(fdsOf),
    walMb: megabytesOf(`${dbPath}-wal`),
    logMb: megabytesOf(logPath),
    cpuSec: rounded(sum(cpuSec)),
  };
}

interface SampleOptions {
  pid: number;
  dbPath: string;
  logPath: string;
  minute: number;
}

/** Growth of a value per hour: least squares over the samples from the second quarter on. */
export function growthPerHour(samples: readonly Sample[], of: (sample: Sample) => number): number {
  const from = samples[Math.floor(samples.length / 4)]?.minute ?? 0;
  const points = samples.filter(({ minute }) => minute >= from).map((one) => ({ x: one.minute / 60, y: of(one) }));
  const mean = (values: readonly number[]) => values.reduce((sum, one) => sum + one, 0) / values.length;
  const meanX = mean(points.map(({ x }) => x));
  const meanY = mean(points.map(({ y }) => y));
  const above = points.reduce((sum, { x, y }) => sum + (x - meanX) * (y - meanY), 0);
  const below = points.reduce((sum, { x }) => sum + (x - meanX) ** 2, 0);
  return below === 0 ? 0 : above / below;
}

function fdsOf(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return 0; // it has ended
  }
}

function megabytesOf(path: string): number {
  return rounded((statSync(path, { throwIfNoEntry: false })?.size ?? 0) / 2 ** 20);
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
