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
  /** Memory of a process of each role, in the mean of those that run. */
  roleMb: Readonly<Record<string, number>>;
}

/** Samples all processes of a service and its files. `roles` has the pids of its processes by role. */
export function sampleOf({ pid, dbPath, logPath, minute, roles }: SampleOptions): Sample {
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
    roleMb: Object.fromEntries(
      [...roles].map(([role, own]) => [role, rounded(own.reduce((total, one) => total + rssMb(one), 0) / own.length)]),
    ),
  };
}

interface SampleOptions {
  pid: number;
  dbPath: string;
  logPath: string;
  minute: number;
  roles: ReadonlyMap<string, readonly number[]>;
}

/** Growth of a value per hour: least squares over the samples from the second quarter on that have it. */
export function growthPerHour(samples: readonly Sample[], of: (sample: Sample) => number | undefined): number {
  const from = samples[Math.floor(samples.length / 4)]?.minute ?? 0;
  const points = samples.flatMap((one) => {
    const y = of(one);
    return one.minute < from || y === undefined ? [] : [{ x: one.minute / 60, y }];
  });
  if (points.length === 0) return 0;
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
