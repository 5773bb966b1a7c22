import type { FractionField } from './fields.ts';
import { ENDED_STATES } from './job-enums.ts';
import { type NodePeaks, PEAK_METRICS } from './node-peaks.ts';

/** The keys of footprints from which fractions are computed. cc-backend imports averages of memory, and archives peaks. */
export const USED_KEYS = {
  load: 'cpu_load_avg',
  memory: 'mem_used_max',
  averageMemory: 'mem_used_avg',
  accelerators: `${PEAK_METRICS.accelerators}_avg`,
} as const;
export type UsedKey = keyof typeof USED_KEYS;

/** The footprint keys whose values a fraction shows. */
const SHOWN: Readonly<Record<FractionField['name'], readonly UsedKey[]>> = {
  'walltime-used': [],
  'cores-used': ['load'],
  'memory-used': ['memory', 'averageMemory'],
  'acc-used': ['accelerators'],
};

/** Returns the footprint keys whose values a field shows. None for a field that is not a fraction. */
export function keysShownBy(name: string): readonly string[] {
  const keys = Object.hasOwn(SHOWN, name) ? SHOWN[name as FractionField['name']] : [];
  return keys.map((key) => USED_KEYS[key]);
}

/**
 * The range of a measured value. cc-backend stores 0 for a metric without data, and a running node has a load and uses
 * memory. Larger values are errors.
 */
export const MEASURED = { least: 1e-9, most: 1e15 } as const;

/** The values of a job that its fractions need. */
export interface UsedJob {
  readonly jobState: string;
  readonly shared: string;
  readonly cluster: string;
  readonly subCluster: string;
  readonly duration: number | bigint;
  readonly walltime: number | bigint;
  readonly numNodes: number | bigint;
  readonly numHwthreads: number | bigint;
  readonly numAcc: number | bigint;
  /** MB on all nodes. Undefined if it is unknown. */
  readonly memoryAsked?: number | bigint | undefined;
  readonly footprint: Readonly<Record<string, unknown>>;
}

export type Fractions = Readonly<Partial<Record<FractionField['name'], number>>>;

/**
 * The part of what a job asked for that it used. A fraction that is unknown is left out:
 *
 * - `walltime-used` is duration / walltime, of jobs that have ended.
 * - `cores-used` is the load of its nodes / its hardware threads. Of a job on shared nodes it is unknown, because
 *   `cpu_load` is that of all jobs on the node. So is its memory.
 * - `memory-used` is `mem_used_max`, or the average without it, / the memory that the job asked for on a node. If that is
 *   unknown: / the peak of `mem_used` in the cluster configuration.
 * - `acc-used` is `acc_utilization_avg` / its peak. 0 is a measured value if the load or the memory was measured.
 *
 * src/questions/used-fractions/ has the same as SQL. A test compares them.
 */
export function usedOf(job: UsedJob, peaks: readonly NodePeaks[]): Fractions {
  const { jobState, duration, walltime, numNodes, numHwthreads, numAcc, memoryAsked } = job;
  const value = (key: UsedKey) => {
    const stored = Object.hasOwn(job.footprint, USED_KEYS[key]) ? job.footprint[USED_KEYS[key]] : undefined;
    return typeof stored === 'number' ? stored : undefined;
  };
  const measured = (key: UsedKey) => {
    const found = value(key);
    return found !== undefined && found >= MEASURED.least && found <= MEASURED.most ? found : undefined;
  };
  const peak = peaks.find(({ cluster, subCluster }) => cluster === job.cluster && subCluster === job.subCluster);
  const load = measured('load');
  const memory = measured('memory') ?? measured('averageMemory');
  const askedMemory =
    memoryAsked !== undefined && peak?.memoryOfMb && numNodes > 0
      ? (Number(memoryAsked) * peak.memoryOfMb) / Number(numNodes)
      : undefined;
  const ofMemory = askedMemory ?? peak?.memory;
  const utilization =
    measured('accelerators') ?? (value('accelerators') === 0 && (load ?? memory) !== undefined ? 0 : undefined);
  const hasEnded = ENDED_STATES.some((state) => state === jobState);
  const isAlone = job.shared === 'none';
  const known: [FractionField['name'], number | undefined][] = [
    ['walltime-used', hasEnded && walltime > 0 ? Number(duration) / Number(walltime) : undefined],
    [
      'cores-used',
      isAlone && load !== undefined && numNodes > 0 && numHwthreads > 0
        ? (load * Number(numNodes)) / Number(numHwthreads)
        : undefined,
    ],
    ['memory-used', isAlone && memory !== undefined && ofMemory ? memory / ofMemory : undefined],
    [
      'acc-used',
      numAcc > 0 && utilization !== undefined && peak?.accelerators ? utilization / peak.accelerators : undefined,
    ],
  ];
  return Object.fromEntries(known.filter(([, fraction]) => fraction !== undefined));
}
