import { binomialTail } from './binomial.ts';
import type { Percentiles } from './percentiles.ts';
import type { JobsStatistics } from './statistics.ts';
import { BEFORE, LIMITS, PERIOD } from './unusual-limits.ts';

/**
 * Something unusual: its kind, what it is about, and its numbers. src/questions/unusual/unusual-checks.ts looks for each
 * kind, and src/pages/unusual/unusual-words.ts has its words and rule.
 */
export type Unusual =
  | {
      kind: 'failures';
      about: { cluster: string; subcluster: string; node: string };
      numbers: { failed: number; jobs: number; otherFailed: number; otherJobs: number; chance: number };
    }
  | {
      kind: 'wait';
      about: { cluster: string; partition: string };
      numbers: { medianSec: number; usualMedianSec: number; jobs: number };
    }
  | {
      kind: 'use';
      about: { user: string } | { project: string };
      numbers: { coreHours: number; usualCoreHours: number; share: number };
    }
  | { kind: 'idle cores'; about: Record<never, string>; numbers: { jobs: number; hwthreads: number } }
  | { kind: 'idle accelerators'; about: Record<never, string>; numbers: { jobs: number; accelerators: number } }
  | { kind: 'overdue'; about: { ids: string }; numbers: { jobs: number } }
  /** `isAll` is 0 if there may be more, since only the newest reports are kept. */
  | { kind: 'refused'; about: { reason: string }; numbers: { reports: number; isAll: 0 | 1; atSec: number } }
  | { kind: 'silence'; about: { cluster: string }; numbers: { hours: number; usualHours: number } };
export type UnusualKind = Unusual['kind'];
/** All kinds. The compiler reports one that is missing here, and one without a check, words or a rule. */
export const UNUSUAL_KINDS = Object.keys({
  failures: true,
  wait: true,
  use: true,
  'idle cores': true,
  'idle accelerators': true,
  overdue: true,
  refused: true,
  silence: true,
} satisfies Record<UnusualKind, true>) as readonly UnusualKind[];

type Group = Pick<JobsStatistics, 'id' | 'id2' | 'totalJobs' | 'totalUsers'>;

/**
 * Nodes on which more jobs failed than chance explains. `ended` and `failed` are groups by node (as cluster/host) and
 * subcluster. With the failure rate of the other nodes of the subcluster, as many failures as on this node must have a
 * probability below `chance`, multiplied by the number of nodes compared (Bonferroni), so that a cluster of any size has
 * a false alarm on one day in a thousand. The jobs of one user do not count as independent: failures must be of several.
 */
export function failingNodes(
  ended: readonly Group[],
  failed: readonly Group[],
): Extract<Unusual, { kind: 'failures' }>[] {
  const { failures: least } = LIMITS;
  const failedOn = new Map(failed.map((group) => [keyOf(group), group]));
  const subclusters = Map.groupBy(
    ended.flatMap((group) => {
      const at = group.id.lastIndexOf('/');
      const fails = failedOn.get(keyOf(group));
      return at < 0
        ? [] // jobs without a node
        : [
            {
              about: { cluster: group.id.slice(0, at), subcluster: group.id2 ?? '', node: group.id.slice(at + 1) },
              jobs: Number(group.totalJobs),
              failed: Number(fails?.totalJobs ?? 0),
              users: Number(fails?.totalUsers ?? 0),
            },
          ];
    }),
    ({ about: { cluster, subcluster } }) => JSON.stringify([cluster, subcluster]),
  );
  const compared = [...subclusters.values()].reduce((sum, nodes) => sum + nodes.length, 0);
  const found = [...subclusters.values()].flatMap((nodes) => {
    const [allJobs, allFailed] = [sumOf(nodes, 'jobs'), sumOf(nodes, 'failed')];
    return nodes.flatMap(({ about, jobs, failed, users }) => {
      const [otherJobs, otherFailed] = [allJobs - jobs, allFailed - failed];
      if (failed < least.failed || users < least.users || otherJobs < least.otherJobs) return [];
      const rate = (otherFailed + 1) / (otherJobs + 2); // the rule of succession: not 0 after no failure
      const chance = Math.min(1, binomialTail(jobs, failed, rate) * compared);
      if (chance >= least.chance || failed / jobs < rate * least.times) return [];
      return [{ kind: 'failures' as const, about, numbers: { failed, jobs, otherFailed, otherJobs, chance } }];
    });
  });
  return found.sort((a, b) => a.numbers.chance - b.numbers.chance);
}

function keyOf({ id, id2 = '' }: Pick<Group, 'id' | 'id2'>): string {
  return JSON.stringify([id, id2]);
}

function sumOf(nodes: readonly { jobs: number; failed: number }[], of: 'jobs' | 'failed'): number {
  return nodes.reduce((sum, node) => sum + node[of], 0);
}

/** True if a wait can be unusual at all, whatever is usual. */
export function isLongWait({ jobs, values: [median] }: Percentiles): boolean {
  return jobs >= LIMITS.wait.jobs && Number(median?.value ?? 0) >= LIMITS.wait.moreSec;
}

/** Partitions whose median wait is far above that before. Both are groups by cluster and partition. */
export function longWaits(
  now: readonly Percentiles[],
  before: readonly Percentiles[],
): Extract<Unusual, { kind: 'wait' }>[] {
  const { wait: least } = LIMITS;
  const known = new Map(before.map((group) => [keyOf(group), group]));
  const found = now.filter(isLongWait).flatMap((group) => {
    const usual = known.get(keyOf(group));
    const [median, usualMedian] = [group.values[0]?.value ?? null, usual?.values[0]?.value ?? null];
    if (usual === undefined || median === null || usualMedian === null) return [];
    if (usual.jobs < least.jobsBefore) return [];
    const [medianSec, usualMedianSec] = [Number(median), Number(usualMedian)];
    if (medianSec < usualMedianSec * least.times || medianSec < usualMedianSec + least.moreSec) return [];
    return [
      {
        kind: 'wait' as const,
        about: { cluster: group.id, partition: group.id2 ?? '' },
        numbers: { medianSec, usualMedianSec, jobs: group.jobs },
      },
    ];
  });
  return found.sort((a, b) => b.numbers.medianSec - a.numbers.medianSec);
}

type Hours = Pick<JobsStatistics, 'id' | 'totalCoreHours'>;

/** True if core hours can be unusually many at all, whatever is usual. `total` is that of all jobs. */
export function isMuch({ id, totalCoreHours }: Hours, total: number): boolean {
  const coreHours = Number(totalCoreHours);
  return id !== '' && coreHours >= LIMITS.use.coreHours && coreHours >= total * LIMITS.use.share;
}

/**
 * Users or projects that took far more core hours than on an average day before. `now` has those with most, `before` at
 * least the same names over BEFORE.
 */
export function heavyUse(
  of: 'user' | 'project',
  { total, now, before }: { total: number; now: readonly Hours[]; before: readonly Hours[] },
): Extract<Unusual, { kind: 'use' }>[] {
  const { use: least } = LIMITS;
  const known = new Map(before.map(({ id, totalCoreHours }) => [id, Number(totalCoreHours)]));
  return now.flatMap((group) => {
    const { id, totalCoreHours } = group;
    const coreHours = Number(totalCoreHours);
    const usualCoreHours = Math.round((known.get(id) ?? 0) / (BEFORE.sec / PERIOD.sec));
    const share = total > 0 ? coreHours / total : 0;
    if (!isMuch(group, total) || coreHours < usualCoreHours * least.times) return [];
    const about = of === 'user' ? { user: id } : { project: id };
    return [{ kind: 'use' as const, about, numbers: { coreHours, usualCoreHours, share } }];
  });
}

/**
 * A cluster in which no job has started for unusually long. `starts` has the whole hours since 1970 in which jobs
 * started, with their number. `nowHour` is the present one, which is not over.
 */
export function silentCluster(
  cluster: string,
  starts: readonly { hour: number; jobs: number }[],
  nowHour: number,
): Extract<Unusual, { kind: 'silence' }>[] {
  const { silence: least } = LIMITS;
  if (starts.reduce((sum, { jobs }) => sum + jobs, 0) < least.starts) return [];
  const hours = starts.map(({ hour }) => hour).toSorted((a, b) => a - b);
  const pauses = hours.slice(1).map((hour, at) => hour - (hours[at] ?? hour) - 1);
  const pause = nowHour - (hours.at(-1) ?? nowHour) - 1;
  const usualHours = Math.max(0, ...pauses);
  if (pause < least.hours || pause < usualHours * least.times) return [];
  return [{ kind: 'silence', about: { cluster }, numbers: { hours: pause, usualHours } }];
}

/** Starts and ends of jobs that were refused. `last` has the newest reports, the newest first. */
export function refusedReports(
  { starts, stops, last }: { starts: number; stops: number; last: readonly { at: number; reason: string }[] },
  nowSec: number,
): Extract<Unusual, { kind: 'refused' }>[] {
  const recent = last.filter(({ at }) => at > nowSec - PERIOD.sec);
  const [newest] = recent;
  if (newest === undefined) return [];
  const isAll = recent.length < last.length || starts + stops === last.length ? 1 : 0;
  return [
    { kind: 'refused', about: { reason: newest.reason }, numbers: { reports: recent.length, isAll, atSec: newest.at } },
  ];
}
