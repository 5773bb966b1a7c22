import { Fault } from '../../faults.ts';
import { type Condition, FAILED, RUNNING } from '../../jobs/filter.ts';
import { type Group, MOST_GROUPS } from '../../jobs/groups.ts';
import { ENDED_STATES } from '../../jobs/job-enums.ts';
import {
  failingNodes,
  heavyUse,
  isLongWait,
  isMuch,
  longWaits,
  silentCluster,
  type Unusual,
  type UnusualKind,
} from '../../jobs/unusual-kinds.ts';
import { BEFORE, LIMITS, MOST_OF_KIND, PERIOD } from '../../jobs/unusual-limits.ts';
import { groupsFor } from '../../jobs/visibility.ts';
import type { CallerQuestions } from '../caller-questions.ts';
import { overdueJobs } from '../jobs-past-walltime/sqlite.ts';

export interface UnusualOptions extends CallerQuestions {
  readonly clusters: readonly string[];
}

export interface UnusualAnswer {
  /** At most MOST_OF_KIND of each kind, the most unusual first. */
  readonly unusual: Unusual[];
  /** Those that are left out. */
  readonly more: number;
  /** The kinds that could not be checked, such as those for which there was no time. */
  readonly unchecked: UnusualKind[];
}

const HOUR_SEC = 3600;
/** Of the users and projects with most core hours. */
const MOST_HEAVY = 5;
const MOST_CLUSTERS = 20;

/**
 * What is unusual among the jobs that a caller may see. The checks run one after the other, so that they delay no other
 * request. A check that fails, or has no time left, is named; one that would show something hidden is left out.
 */
export async function unusualJobs(options: UnusualOptions): Promise<UnusualAnswer> {
  const unusual: Unusual[] = [];
  const unchecked: UnusualKind[] = [];
  let more = 0;
  for (const [kind, check] of Object.entries(CHECKS) as [UnusualKind, Check][]) {
    try {
      const found = await check(options);
      unusual.push(...found.slice(0, MOST_OF_KIND));
      more += Math.max(0, found.length - MOST_OF_KIND);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      if (error.code !== 'forbidden') unchecked.push(kind);
    }
  }
  return { unusual, more, unchecked };
}

type Check = (options: UnusualOptions) => Promise<Unusual[]>;
/** In the order in which they run. Refused reports are not jobs: unusual-for-caller.ts adds them. */
const CHECKS: Readonly<Record<Exclude<UnusualKind, 'refused'>, Check>> = {
  overdue,
  'idle cores': idleCores,
  'idle accelerators': idleAccelerators,
  failures,
  use,
  silence,
  wait: waits,
};

async function overdue({ db, visible, nowSec, deadline }: UnusualOptions): Promise<Unusual[]> {
  const endedSec = nowSec - LIMITS.overdue.sec;
  const rows = await db.read(overdueJobs(visible([]), { endedSec, limit: MOST_LISTED }), deadline);
  const [first] = rows;
  if (first === undefined) return [];
  return [
    { kind: 'overdue', about: { ids: rows.map(({ id }) => String(id)).join(' ') }, numbers: { jobs: first.count } },
  ];
}

/** Jobs named by their ids in the address of a list. */
const MOST_LISTED = 50;

async function idleCores(options: UnusualOptions): Promise<Unusual[]> {
  const { jobs, hwthreads } = await idleOf(options, 'cores-used');
  return jobs === 0 ? [] : [{ kind: 'idle cores', about: {}, numbers: { jobs, hwthreads } }];
}

async function idleAccelerators(options: UnusualOptions): Promise<Unusual[]> {
  const { jobs, accelerators } = await idleOf(options, 'acc-used');
  return jobs === 0 ? [] : [{ kind: 'idle accelerators', about: {}, numbers: { jobs, accelerators } }];
}

/** The running jobs of some age that use almost nothing. */
async function idleOf(options: UnusualOptions, field: 'cores-used' | 'acc-used') {
  const { visible, questions, nowSec, shortJobSec, deadline } = options;
  const { fraction, sec } = LIMITS.idle;
  const jobs = visible([
    ...RUNNING,
    started({ to: BigInt(nowSec - sec) }),
    { kind: 'decimal', field, range: { to: fraction } },
  ]);
  const [row] = await questions.statistics(jobs, { nowSec, shortJobSec }, deadline);
  return {
    jobs: Number(row?.totalJobs ?? 0),
    hwthreads: Number(row?.totalCores ?? 0),
    accelerators: Number(row?.totalAccs ?? 0),
  };
}

async function failures({ visible, questions, nowSec, shortJobSec, deadline }: UnusualOptions): Promise<Unusual[]> {
  const options = { groupBy: ['node', 'subcluster'], most: MOST_GROUPS, nowSec, shortJobSec } as const;
  const recent = started({ from: BigInt(nowSec - PERIOD.sec) });
  const failed = await questions.statistics(visible([recent, ...FAILED]), options, deadline);
  if (!failed.some(({ totalJobs }) => Number(totalJobs) >= LIMITS.failures.failed)) return [];
  const ended: Condition = { kind: 'member', field: 'state', values: ENDED_STATES };
  return failingNodes(await questions.statistics(visible([recent, ended]), options, deadline), failed);
}

async function use(options: UnusualOptions): Promise<Unusual[]> {
  const { visible, questions, nowSec, shortJobSec, deadline } = options;
  const since = nowSec - PERIOD.sec - BEFORE.sec;
  const old = visible([started({ from: BigInt(since), to: BigInt(since + BEFORE.sec / 2) })]);
  if ((await questions.count(old, deadline)) < LIMITS.use.jobsBefore) return []; // what is usual is not known
  const within = (from: number, to: number) => ({ from: BigInt(from), to: BigInt(to) });
  const [today, past] = [within(nowSec - PERIOD.sec, nowSec), within(since, nowSec - PERIOD.sec)];
  const jobs = visible([{ kind: 'during', range: today, nowSec }]);
  const common = { nowSec, shortJobSec };
  const by = (['user', 'project'] as const).filter((name) => groupsFor(jobs).includes(name));
  const page = { page: 1, itemsPerPage: MOST_HEAVY };
  const statistics = [{}, ...by.map((name: Group) => ({ groupBy: [name], sortBy: 'totalCoreHours' as const, page }))];
  const [[total] = [], ...groups] = (await questions.overview(jobs, { ...common, clip: today, statistics }, deadline))
    .statistics;
  const found: Unusual[] = [];
  for (const [at, name] of by.entries()) {
    const now = (groups[at] ?? []).filter((group) => isMuch(group, Number(total?.totalCoreHours ?? 0)));
    if (now.length === 0) continue;
    const those = visible([
      { kind: 'during', range: past, nowSec },
      { kind: 'text', field: name, operator: 'is', values: now.map(({ id }) => id) },
    ]);
    const before = await questions.statistics(those, { ...common, clip: past, groupBy: [name] }, deadline);
    found.push(...heavyUse(name, { total: Number(total?.totalCoreHours ?? 0), now, before }));
  }
  return found;
}

async function silence(options: UnusualOptions): Promise<Unusual[]> {
  const { visible, questions, nowSec, shortJobSec, deadline, clusters } = options;
  const nowHour = Math.floor(nowSec / HOUR_SEC);
  const found: Unusual[] = [];
  const since = visible([started({ from: BigInt((nowHour - LIMITS.silence.hours) * HOUR_SEC) })]);
  const active = await questions.statistics(since, { nowSec, shortJobSec, groupBy: ['cluster'] }, deadline);
  const silent = clusters.filter((name) => !active.some(({ id }) => id === name));
  for (const cluster of silent.slice(0, MOST_CLUSTERS)) {
    const jobs = visible([
      { kind: 'text', field: 'cluster', operator: 'is', values: [cluster] },
      started({ from: BigInt(nowSec - BEFORE.sec), to: BigInt(nowSec) }),
    ]);
    const groups = await questions.statistics(jobs, { nowSec, shortJobSec, groupBy: ['day', 'hour'] }, deadline);
    const starts = groups.map(({ id, id2, totalJobs }) => ({
      hour: Date.parse(id) / 1000 / HOUR_SEC + Number(id2),
      jobs: Number(totalJobs),
    }));
    found.push(...silentCluster(cluster, starts, nowHour));
  }
  return found;
}

async function waits({ visible, questions, nowSec, deadline }: UnusualOptions): Promise<Unusual[]> {
  const options = {
    ...({ groupBy: ['cluster', 'partition'], of: 'wait', percentiles: [50], most: MOST_GROUPS } as const),
    nowSec,
  };
  const since = nowSec - PERIOD.sec;
  const now = await questions.percentiles(visible([started({ from: BigInt(since) })]), options, deadline);
  const long = now.filter(isLongWait);
  if (long.length === 0) return [];
  const before = visible([
    started({ from: BigInt(since - BEFORE.sec), to: BigInt(since - 1) }),
    { kind: 'text', field: 'partition', operator: 'is', values: [...new Set(long.map(({ id2 = '' }) => id2))] },
  ]);
  return longWaits(long, await questions.percentiles(before, options, deadline));
}

function started(range: { from?: bigint; to?: bigint }): Condition {
  return { kind: 'whole', field: 'start-time', range };
}
