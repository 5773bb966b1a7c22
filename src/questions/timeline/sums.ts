/** Numbers of a job that are summed up over its seconds. `energy` is that of each second, in ENERGY_UNITS of 1 kWh. */
export const SUMS = ['jobs', 'nodes', 'cores', 'accs', 'energy'] as const;
export type Sum = (typeof SUMS)[number];

export const ENERGY_UNITS = 1e12;
/** More than these 9 GWh of a job would not fit in 64 bits. */
const MOST_KWH = 9e6;

/** The sums of one number of a job in a bucket. Jobs that run through the whole bucket are in none. */
export interface BucketSums {
  /** Over jobs that enter or leave in the bucket: the number times the seconds inside. */
  readonly own: bigint;
  /** Over jobs that enter in the bucket and stay until its end or longer. */
  readonly stay: bigint;
  /** Over jobs that entered before the bucket and leave in it. */
  readonly leave: bigint;
}

export const PARTS = ['own', 'stay', 'leave'] as const satisfies (keyof BucketSums)[];
export const SUM_NAMES = SUMS.flatMap((sum) => PARTS.map((part) => `${part}_${sum}` as const));

/** `entered` counts jobs that start in the bucket, or started before the first one. */
export const COUNTS = ['started', 'ended', 'entered'] as const;

/** What changes in one bucket of one group. Buckets and groups without changes have no row. */
export interface TimelineRow extends Readonly<Record<(typeof COUNTS)[number], number>> {
  /** Indexes of the group and of the bucket. */
  readonly group: number;
  readonly bucket: number;
  /** In the order of SUM_NAMES. */
  readonly sums: readonly bigint[];
}

/** A job counts from the first edge to the last one. Unix seconds. */
export interface Span {
  readonly firstSec: number;
  readonly lastSec: number;
}

export function spanOf(edges: readonly number[]): Span {
  return { firstSec: edges[0] ?? 0, lastSec: edges.at(-1) ?? 0 };
}

/** How an engine finds buckets. Times are seconds since the first edge. */
export interface BucketSql {
  /** The quotient of two integers. */
  readonly divide: '//' | '/';
  /** The bucket of a time within the edges. The last edge is in no bucket. */
  bucket(time: string): string;
  /** The edge with this index, from the second one on. */
  edge(index: string): string;
  /** The end of a subquery with columns that are used several times. */
  readonly once: '' | ' LIMIT -1';
  /** Whether a table that is used twice is stored. */
  readonly twice: 'MATERIALIZED' | 'NOT MATERIALIZED';
}

/** The differences of the two dialects. */
interface Dialect extends BucketSql {
  /** Cuts the decimal places of a number off. */
  integer(value: string): string;
  /** A sum of 64-bit integers that cannot overflow, as aggregates with the names of `parts`. */
  sum(value: string, name: string): string;
  parts(name: string): readonly string[];
}

/**
 * SQL for both engines: tables that follow `ran`, a query with a row for each job that ran until the first
 * edge or longer: `grp`, the index of its group; `start` and `stop` in Unix seconds; `has_ended`, 0 or 1; `nodes`,
 * `cores`, `accs`; `kwh`; `wait`. In `entered`, `bucket` is the one that a job enters, and `ends` is the end of it.
 */
function enteredJobs(span: Span, dialect: BucketSql): string {
  return `${timedJobs(span)},
    entered AS ${dialect.twice} (SELECT *, ${dialect.edge('(bucket + 1)')} AS ends
      FROM (SELECT *, ${dialect.bucket('enters')} AS bucket FROM timed) AS found${dialect.once})`;
}

function timedJobs({ firstSec, lastSec }: Span): string {
  const lengthSec = lastSec - firstSec;
  const within = (time: string) =>
    `CASE WHEN ${time} < ${firstSec} THEN 0 WHEN ${time} > ${lastSec} THEN ${lengthSec} ELSE ${time} - ${firstSec} END`;
  return `timed AS NOT MATERIALIZED (SELECT *, ${within('start')} AS enters, ${within('stop')} AS leaves,
      CASE WHEN start >= ${firstSec} THEN 1 ELSE 0 END AS began,
      CASE WHEN stop < ${lastSec} THEN has_ended ELSE 0 END AS done
      FROM ran WHERE stop >= ${firstSec} AND start < ${lastSec})`;
}

/** Energy in ENERGY_UNITS, as 64-bit integer. */
function energyUnits(kwh: string, { integer }: Pick<Dialect, 'integer'>): string {
  const most = MOST_KWH * ENERGY_UNITS;
  return `CASE WHEN ${kwh} BETWEEN -${MOST_KWH} AND ${MOST_KWH} THEN ${integer(`${kwh} * ${ENERGY_UNITS} + 0.5`)}
    WHEN ${kwh} > 0 THEN ${most} ELSE -${most} END`;
}

export function duckDbInteger(value: string): string {
  return `CAST(trunc(${value}) AS BIGINT)`;
}

export function duckDbEnergyUnits(kwh: string): string {
  return energyUnits(kwh, { integer: duckDbInteger });
}

/**
 * Jobs with `energy`, that of each second, and `rest`: what cannot be spread evenly over the seconds. The first one has
 * it.
 */
function withEnergy(jobs: string, dialect: Dialect): string {
  const { divide } = dialect;
  const units = energyUnits('kwh', dialect);
  const rate = `CASE WHEN stop > start THEN units ${divide} (stop - start) ELSE 0 END`;
  return `(SELECT *, units - energy * (stop - start) AS rest
    FROM (SELECT *, ${rate} AS energy FROM (SELECT *, ${units} AS units FROM ${jobs}) AS known) AS spread) AS ${jobs}`;
}

/**
 * SQL for both engines: the rows of an answer. A job is read for the bucket that it enters, and once more if it leaves
 * in another one. The buckets between are added up later (pointsOf), so that long jobs cost no more than others.
 * `more` are queries with further rows of `changes`.
 */
export function timelineRows(span: Span, dialect: Dialect, more: readonly string[] = []): string {
  const { sum, parts } = dialect;
  const number = (name: Sum) => (name === 'jobs' ? '1' : name);
  const entered = (name: Sum) => {
    const spent = `${number(name)} * (CASE WHEN leaves < ends THEN leaves ELSE ends END - enters)`;
    return {
      own: name === 'energy' ? `${spent} + began * rest` : spent,
      stay: `CASE WHEN leaves >= ends THEN ${number(name)} ELSE 0 END`,
      leave: undefined,
    };
  };
  const left = (name: Sum) => ({ own: `${number(name)} * (leaves - begins)`, stay: undefined, leave: number(name) });
  const nothing = (name: string) => parts(name).map((part) => `0 AS ${part}`);
  const sums = (values: (name: Sum) => Record<keyof BucketSums, string | undefined>) =>
    SUMS.flatMap((name) =>
      PARTS.flatMap((part) => {
        const value = values(name)[part];
        return value === undefined ? nothing(`${part}_${name}`) : sum(value, `${part}_${name}`);
      }),
    ).join(', ');
  const totals = [...COUNTS, ...SUM_NAMES.flatMap(parts)].map((name) => `CAST(sum(${name}) AS TEXT) AS ${name}`);
  return `${enteredJobs(span, dialect)},
    later AS NOT MATERIALIZED (SELECT *, ${dialect.edge('last_bucket')} AS begins
      FROM (SELECT *, ${dialect.bucket('leaves')} AS last_bucket FROM entered
        WHERE leaves >= ends AND leaves < ${span.lastSec - span.firstSec}) AS found${dialect.once}),
    changes AS (
      SELECT grp, bucket, sum(began) AS started, sum(CASE WHEN leaves < ends THEN done ELSE 0 END) AS ended,
        count(*) AS entered, ${sums(entered)} FROM ${withEnergy('entered', dialect)} GROUP BY grp, bucket
      UNION ALL
      SELECT grp, last_bucket AS bucket, 0 AS started, sum(done) AS ended, 0 AS entered, ${sums(left)}
        FROM ${withEnergy('later', dialect)} GROUP BY grp, last_bucket${more.map((rows) => `\n      UNION ALL ${rows}`).join('')})
    SELECT CAST(grp AS INTEGER) AS grp, CAST(bucket AS INTEGER) AS bucket, ${totals.join(', ')} FROM changes GROUP BY grp, bucket ORDER BY grp, bucket`;
}

/**
 * SQL for both engines: the keys of the groups with most core seconds within the edges, in descending order. `grp` of
 * `ran` is the key of a job. `sum` are aggregates that are compared one after the other. `more` are queries with further
 * rows of `spent`.
 */
export function timelineGroupRows(
  span: Span,
  most: number,
  sum: (value: string) => readonly string[],
  more: readonly string[] = [],
): string {
  const order = sum('seconds').map((value) => `${value} DESC`);
  return `${timedJobs(span)},
    spent AS (${['SELECT grp, cores * (leaves - enters) AS seconds FROM timed', ...more].join(' UNION ALL ')})
    SELECT CAST(grp AS TEXT) AS id FROM spent GROUP BY grp ORDER BY ${order.join(', ')}, grp LIMIT ${most}`;
}

/**
 * SQL for SQLite: a table `waits` for percentileRows, with a row for each job with a known wait that started in a
 * bucket. `key0` is the number of the bucket of the group (slotOf).
 */
export function waitsBySlot(span: Span, buckets: number, dialect: BucketSql): string {
  return `${enteredJobs(span, dialect)},
    waits AS NOT MATERIALIZED (SELECT grp * ${buckets} + bucket AS key0, wait AS value, wait_step AS step, 1 AS jobs
      FROM entered WHERE began = 1 AND wait IS NOT NULL)`;
}
