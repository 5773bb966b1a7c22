import { type RawBuilder, sql } from 'kysely';
import { column } from '../db/filters.ts';
import { HOSTNAME, HOSTS } from '../db/node-filter.ts';
import { jsonNumber, jsonText } from '../db/stored-json.ts';
import { JOB_STATES, SHARED } from '../jobs/job.ts';

/** One column of the index. */
export interface Column {
  readonly name: string;
  readonly type: 'BIGINT' | 'INTEGER' | 'UTINYINT' | 'DOUBLE' | 'VARCHAR';
  /** What SQLite reads it from: a number, a text, or NULL. */
  readonly from: RawBuilder<unknown>;
  /** True for a row that the column cannot hold so that every question has the answer of the SQL. */
  readonly isOdd?: RawBuilder<unknown>;
}

/** Stands around each host of a job. Texts with it are odd, so that no host can hold it. */
export const HOST_MARK = '\x1f';

/** |start_time| below 2^32 and counts below 2^29 keep every seconds * count within 63 bits; SQLite would go on as REAL. */
const TIME_BITS = 32;
const COUNT_BITS = 29;

/** The columns every index has; footprint columns follow (footprintColumn). NULL reads as 0 or '', as in every filter. */
export const COLUMNS: readonly Column[] = [
  wholeColumn('id', 'BIGINT', 63),
  wholeColumn('job_id', 'BIGINT', 63),
  textColumn('cluster', column('cluster')),
  textColumn('subcluster', column('subcluster')),
  textColumn('hpc_user', column('hpc_user')),
  textColumn('project', column('project')),
  textColumn('cluster_partition', sql`ifnull(${column('cluster_partition')}, '')`),
  wholeColumn('array_job_id', 'BIGINT', 63, sql`ifnull(${column('array_job_id')}, 0)`),
  wholeColumn('start_time', 'BIGINT', TIME_BITS),
  wholeColumn('duration', 'INTEGER', 31),
  memberColumn('job_state', JOB_STATES),
  memberColumn('shared', SHARED),
  wholeColumn('num_nodes', 'INTEGER', COUNT_BITS),
  wholeColumn('num_hwthreads', 'INTEGER', COUNT_BITS, sql`ifnull(${column('num_hwthreads')}, 0)`),
  wholeColumn('num_acc', 'INTEGER', COUNT_BITS, sql`ifnull(${column('num_acc')}, 0)`),
  {
    name: 'energy',
    type: 'DOUBLE',
    from: column('energy'),
    isOdd: sql`(typeof(${column('energy')}) <> 'real' OR abs(${column('energy')}) > 1e308)`,
  },
  // Of broken metadata, and of one without a text there: NULL, which no filter matches.
  { name: 'job_name', type: 'VARCHAR', from: jsonText(column('meta_data'), 'jobName') },
  // A mark, then each host with a mark behind it; nothing for a job without hosts.
  {
    name: 'hosts',
    type: 'VARCHAR',
    from: sql`ifnull((SELECT char(31) || group_concat(${HOSTNAME} || char(31), '') FROM ${HOSTS} WHERE ${HOSTNAME} IS NOT NULL), '')`,
    isOdd: sql`EXISTS (SELECT 1 FROM ${HOSTS} WHERE instr(${HOSTNAME}, char(31)) > 0)`,
  },
  // The ids of its tags, each with a comma around it.
  {
    name: 'tags',
    type: 'VARCHAR',
    from: sql`ifnull((SELECT ',' || group_concat(jobtag.tag_id || ',', '') FROM jobtag WHERE jobtag.job_id = ${column('id')} AND typeof(jobtag.tag_id) = 'integer'), '')`,
  },
];

/** The number under one key of the footprint. Names of columns are counted, since DuckDB folds their case. */
export function footprintColumn(key: string, index: number): Column {
  const value = jsonNumber(column('footprint'), key);
  return {
    name: footprintName(index),
    type: 'DOUBLE',
    from: value,
    isOdd: sql`(typeof(${value}) = 'integer' AND abs(${value}) > 9007199254740992 OR abs(${value}) > 1e308)`,
  };
}

export function footprintName(index: number): string {
  return `footprint${index}`;
}

/** The number that stands for a member of a closed set. */
export function memberNumber(set: readonly string[], member: string): number {
  return set.indexOf(member);
}

function wholeColumn(
  name: Parameters<typeof column>[0],
  type: 'BIGINT' | 'INTEGER',
  bits: number,
  from: RawBuilder<unknown> = column(name),
): Column {
  const limit = 2n ** BigInt(bits);
  const isOutside =
    bits < 63 ? sql` OR ${from} >= ${sql.lit(Number(limit))} OR ${from} <= ${sql.lit(-Number(limit))}` : sql``;
  return { name, type, from, isOdd: sql`(typeof(${from}) <> 'integer'${isOutside})` };
}

function textColumn(name: string, from: RawBuilder<unknown>): Column {
  return { name, type: 'VARCHAR', from, isOdd: sql`typeof(${from}) <> 'text'` };
}

function memberColumn(name: 'job_state' | 'shared', set: readonly string[]): Column {
  const numbers = set.map((member, index) => sql`WHEN ${sql.lit(member)} THEN ${sql.lit(index)}`);
  const from = sql`CASE ${column(name)} ${sql.join(numbers, sql` `)} END`;
  return { name, type: 'UTINYINT', from, isOdd: sql`${from} IS NULL` };
}
