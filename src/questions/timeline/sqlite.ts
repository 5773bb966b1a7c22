import { type RawBuilder, sql } from 'kysely';
import { sqlBuilder } from '../../db/sql/sql-builder.ts';
import { wholeOf } from '../../db/sql/sql-rows.ts';
import { plainRows, type RowParser, type SqlValue, type Statement } from '../../db/statement.ts';
import { FIELDS } from '../../jobs/fields.ts';
import { groupKey } from '../group-keys/sqlite.ts';
import { percentileRows } from '../percentiles/ranks.ts';
import { column, fieldValue, overJobs } from '../where/sqlite.ts';
import { bucketsInCells, cellsOf, cellTexts } from './bucket-cells.ts';
import {
  type TimelineGroupsQuestion,
  type TimelineQuestion,
  type TimelineWaitsQuestion,
  WAITS,
  type WaitsRow,
} from './question.ts';
import { COUNTS, SUM_NAMES, spanOf, type TimelineRow, timelineGroupRows, timelineRows, waitsBySlot } from './sums.ts';

/** sum() of 64-bit integers fails the whole query on overflow, so the halves of the values are summed separately. */
const HALVES = {
  integer: (value: string) => `CAST(${value} AS INTEGER)`,
  sum: (value: string, name: string) =>
    `sum((${value}) >> 32) AS ${name}_high, sum((${value}) & 4294967295) AS ${name}`,
  parts: (name: string) => [`${name}_high`, name],
} as const;

const TIMELINE_COLUMNS = ['grp', 'bucket', ...COUNTS, ...SUM_NAMES.flatMap(HALVES.parts)];

/** What changes in each bucket of each group. */
export function timeline(question: TimelineQuestion): Statement<TimelineRow> {
  const { edges } = question;
  const rows = timelineRows(spanOf(edges), { ...bucketsInCells(cellsOf(edges)), ...HALVES });
  return { ...statementOf('timeline', TIMELINE_COLUMNS, question, rows, groupIndex(question)), row: TimelineRows };
}

/** The percentiles of WAITS for each bucket of each group with such jobs. The id is the number of slotOf. */
export function timelineWaits(question: TimelineWaitsQuestion): Statement<WaitsRow> {
  const { edges } = question;
  const slots = waitsBySlot(spanOf(edges), edges.length - 1, bucketsInCells(cellsOf(edges)));
  const rows = `${slots}, ${percentileRows('waits', WAITS, String)}`;
  return { ...statementOf('timeline waits', ['id', 'p0', 'p1'], question, rows, groupIndex(question)), row: WaitsRows };
}

/** The keys of the groups with most core seconds. */
export function timelineGroups(question: TimelineGroupsQuestion): Statement<string> {
  const { groupBy, nowSec } = question;
  // The sums of the halves of the values, with what exceeds 32 bits of the lower ones in the higher ones.
  const halves = (value: string) => {
    const low = `sum((${value}) & 4294967295)`;
    return [`sum((${value}) >> 32) + (${low} >> 32)`, `${low} & 4294967295`];
  };
  const rows = timelineGroupRows(spanOf(question.edges), question.most, halves);
  const key = groupKey(groupBy, { nowSec });
  return { ...statementOf('timeline groups', ['id'], question, rows, key), row: TimelineGroupRow };
}

type AnyQuestion = TimelineQuestion | TimelineWaitsQuestion | TimelineGroupsQuestion;

function statementOf(
  name: string,
  columns: readonly string[],
  question: AnyQuestion,
  rows: string,
  group: RawBuilder<unknown>,
) {
  const { jobs, edges } = question;
  const blobs = cellTexts(cellsOf(edges)).map(([list, text]) => sql`CAST(${text} AS BLOB) AS ${sql.ref(list)}`);
  const ran = overJobs(jobs, (where) => sql`SELECT ${ranColumns(question, group)} FROM job WHERE ${where}`);
  const query = sql`WITH cells AS MATERIALIZED (SELECT ${sql.join(blobs)}),
    ran AS NOT MATERIALIZED (${ran}), ${sql.raw(rows)}`;
  const { sql: text, parameters } = query.compile(sqlBuilder);
  return plainRows<Record<string, unknown>>(name, columns, text, parameters as readonly SqlValue[]);
}

/** The index of a job's group. */
function groupIndex({ groupBy, groups, nowSec }: TimelineQuestion | TimelineWaitsQuestion): RawBuilder<unknown> {
  if (groupBy === undefined || groups.length === 0) return sql.lit(0);
  const known = groups.map((group, at) => sql`WHEN ${group} THEN ${sql.lit(at)}`);
  return sql`CASE CAST(${groupKey(groupBy, { nowSec })} AS TEXT) ${sql.join(known, sql` `)} ELSE ${sql.lit(groups.length)} END`;
}

function ranColumns({ nowSec }: AnyQuestion, group: RawBuilder<unknown>): RawBuilder<unknown> {
  const start = column('start_time');
  const isRunning = sql`${column('job_state')} = 'running'`;
  const stop = sql`CASE WHEN ${isRunning} THEN max(${start}, ${nowSec}) ELSE ${start} + max(${column('duration')}, 0) END`;
  return sql.join([
    ...[sql`${group} AS grp`, sql`${start} AS start`, sql`CAST(${stop} AS INTEGER) AS stop`],
    sql`CASE WHEN ${isRunning} THEN 0 ELSE 1 END AS has_ended`,
    sql`${column('num_nodes')} AS nodes`,
    sql`ifnull(${column('num_hwthreads')}, 0) AS cores`,
    sql`ifnull(${column('num_acc')}, 0) AS accs`,
    sql`${column('energy')} AS kwh`,
    sql`CAST(${fieldValue(FIELDS.wait)} AS INTEGER) AS wait`,
    sql`0 AS wait_step`,
  ]);
}

/** The key of a group. */
export const TimelineGroupRow: RowParser<string> = { parse: (row) => String((row as { id: unknown }).id) };

export const WaitsRows: RowParser<WaitsRow> = {
  parse(value) {
    const { id, ...percentiles } = value as Readonly<Record<string, unknown>>;
    return { slot: Number(id), values: WAITS.percentiles.map((_, at) => wholeOf(percentiles[`p${at}`])) };
  },
};

const HIGHER = 2n ** 32n;
const SUM_COLUMNS = SUM_NAMES.map((name) => ({ low: name, high: `${name}_high` }));

/** Written by hand for thousands of rows. */
export const TimelineRows: RowParser<TimelineRow> = {
  parse(value) {
    const row = value as Record<string, unknown>;
    const whole = (name: string) => BigInt(String(row[name]));
    // DuckDB has no halves.
    const sums = SUM_COLUMNS.map(({ low, high }) =>
      row[high] === undefined ? whole(low) : whole(high) * HIGHER + whole(low),
    );
    const [started, ended, entered] = [Number(row['started']), Number(row['ended']), Number(row['entered'])];
    return { group: Number(row['grp']), bucket: Number(row['bucket']), started, ended, entered, sums };
  },
};
