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
  readonly sums: Readonly<Record<Sum, BucketSums>>;
}

/**
 * Finds the bucket of a time by arithmetic, in both engines: time is divided into equal cells that are not longer than
 * a bucket, so at most one edge is inside a cell. Times are seconds since the first edge.
 */
export interface Cells {
  /** The range in which a job counts is from the first edge to the last one, in Unix seconds. */
  readonly firstSec: number;
  readonly lastSec: number;
  readonly widthSec: number;
  readonly lists: Readonly<Record<CellList, readonly number[]>>;
}

/** Equally long buckets. The range may cut the first and the last one short. */
export interface EvenBuckets {
  readonly widthSec: number;
  /** The end of the first bucket, in seconds since the first edge. */
  readonly firstEnd: number;
}

/** Undefined if the buckets differ in their lengths. */
export function evenBuckets({ widthSec, lists: { edges } }: Cells): EvenBuckets | undefined {
  const [, firstEnd = 0] = edges;
  const lengths = edges.slice(1).map((edge, at) => edge - (edges[at] ?? 0));
  const isEven = lengths.every((length, at) =>
    at === 0 || at === lengths.length - 1 ? length <= widthSec : length === widthSec,
  );
  return isEven ? { widthSec, firstEnd } : undefined;
}

/** For each cell the bucket of its beginning and the end of this bucket, and the edges of all buckets. */
export const CELL_LISTS = ['buckets', 'ends', 'edges'] as const;
export type CellList = (typeof CELL_LISTS)[number];

export function cellsOf(unixEdges: readonly number[]): Cells {
  const [firstSec = 0] = unixEdges;
  const edges = unixEdges.map((edge) => edge - firstSec);
  const lengthSec = edges.at(-1) ?? 0;
  // The range may cut the first and the last bucket short. This does not add edges to a cell.
  const gaps = edges.slice(2, -1).map((edge, at) => edge - (edges[at + 1] ?? 0));
  const widthSec = gaps.reduce((least, gap) => Math.min(least, gap), Math.max(1, lengthSec));
  const endOf = (bucket: number) => edges[bucket + 1] ?? lengthSec;
  const [buckets, ends]: [number[], number[]] = [[], []];
  for (let cell = 0, bucket = 0; cell * widthSec <= lengthSec; cell++) {
    while (bucket < edges.length - 2 && endOf(bucket) <= cell * widthSec) bucket++;
    buckets.push(bucket);
    ends.push(endOf(bucket));
  }
  return { firstSec, lastSec: firstSec + lengthSec, widthSec, lists: { buckets, ends, edges } };
}

/** The differences of the two dialects. */
interface Dialect {
  /** The quotient of two integers. */
  readonly divide: '//' | '/';
  /** The number of a list at an index. */
  at(list: CellList, index: string): string;
  /** The bucket of a time within the edges. By default it is found with `lists`. */
  readonly bucket?: ((time: string) => string) | undefined;
  /** The end of a subquery with columns that are used several times. */
  readonly once: '' | ' LIMIT -1';
  /** Cuts the decimal places of a number off. */
  integer(value: string): string;
  /** A sum of 64-bit integers that cannot overflow, as aggregates with the names of `parts`. */
  sum(value: string, name: string): string;
  parts(name: string): readonly string[];
}
export type FindingDialect = Pick<Dialect, 'divide' | 'at' | 'bucket' | 'once'>;

/**
 * The bucket of a time within the edges, as SQL. The last edge is in no bucket.
 */
export function bucketOf(time: string, { widthSec }: Cells, { at, bucket, divide }: FindingDialect): string {
  if (bucket !== undefined) return bucket(time);
  const cell = `${time} ${divide} ${widthSec}`;
  return `(${at('buckets', cell)} + CASE WHEN ${time} >= ${at('ends', cell)} THEN 1 ELSE 0 END)`;
}

/**
 * SQL for both engines: tables that follow `ran`, a query with a row for each job that ran until the first
 * edge or longer: `grp`, the index of its group; `start` and `stop` in Unix seconds; `has_ended`, 0 or 1; `nodes`,
 * `cores`, `accs`; `kwh`; `wait`. In `entered`, `bucket` is the one that a job enters, and `ends` is the end of it.
 */
function enteredJobs(cells: Cells, dialect: FindingDialect): string {
  return `${timedJobs(cells)},
    entered AS NOT MATERIALIZED (SELECT *, ${dialect.at('edges', 'bucket + 1')} AS ends
      FROM (SELECT *, ${bucketOf('enters', cells, dialect)} AS bucket FROM timed) AS found${dialect.once})`;
}

function timedJobs({ firstSec, lastSec }: Pick<Cells, 'firstSec' | 'lastSec'>): string {
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
export function timelineRows(cells: Cells, dialect: Dialect, more: readonly string[] = []): string {
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
  return `${enteredJobs(cells, dialect)},
    later AS NOT MATERIALIZED (SELECT *, ${dialect.at('edges', 'last_bucket')} AS begins
      FROM (SELECT *, ${bucketOf('leaves', cells, dialect)} AS last_bucket FROM entered
        WHERE leaves >= ends AND leaves < ${cells.lastSec - cells.firstSec}) AS found${dialect.once}),
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
  cells: Pick<Cells, 'firstSec' | 'lastSec'>,
  most: number,
  sum: (value: string) => readonly string[],
  more: readonly string[] = [],
): string {
  const order = sum('seconds').map((value) => `${value} DESC`);
  return `${timedJobs(cells)},
    spent AS (${['SELECT grp, cores * (leaves - enters) AS seconds FROM timed', ...more].join(' UNION ALL ')})
    SELECT CAST(grp AS TEXT) AS id FROM spent GROUP BY grp ORDER BY ${order.join(', ')}, grp LIMIT ${most}`;
}

/**
 * SQL for both engines: a table `waits` for percentileRows, with a row for each job with a known wait that started in a
 * bucket. `key0` is the number of the bucket of the group (slotOf).
 */
export function waitsBySlot(cells: Cells, buckets: number, dialect: FindingDialect): string {
  return `${enteredJobs(cells, dialect)},
    waits AS NOT MATERIALIZED (SELECT grp * ${buckets} + bucket AS key0, wait AS value, wait_step AS step, 1 AS jobs
      FROM entered WHERE began = 1 AND wait IS NOT NULL)`;
}
