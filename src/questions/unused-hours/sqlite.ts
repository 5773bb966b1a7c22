import { type RawBuilder, sql } from 'kysely';
import { sqlBuilder } from '../../db/sql/sql-builder.ts';
import { wholeOf } from '../../db/sql/sql-rows.ts';
import { plainRows, type RowParser, type SqlValue, type Statement } from '../../db/statement.ts';
import { FIELDS } from '../../jobs/fields.ts';
import { groupId, groupMembers, groupsRead } from '../../jobs/groups.ts';
import { offsetOf } from '../../jobs/paging.ts';
import type { Whole } from '../../jobs/statistics.ts';
import {
  MOST_WALLTIME_SEC,
  UNUSED_TOTALS,
  type Unused,
  type UnusedTotal,
  unusedMembers,
} from '../../jobs/unused-hours.ts';
import type { VisibleJobs } from '../../jobs/visibility.ts';
import { groupKey, jobsByKey } from '../group-keys/sqlite.ts';
import { durationAt } from '../one-job/job-json.ts';
import { hours } from '../statistics/sqlite.ts';
import { HAS_ENDED } from '../where/run-times.ts';
import { fieldValue, overJobs } from '../where/sqlite.ts';
import type { UnusedOptions } from './question.ts';

/** Rows of Unused (src/jobs/unused-hours.ts has the formulas). */
export function unusedOf(jobs: VisibleJobs, options: UnusedOptions): Statement<Unused> {
  const { groupBy = [], sortBy } = options;
  const page = groupsRead(options);
  const keys = groupBy.map((_, at) => sql.ref(`key${at}`));
  const totals = UNUSED_TOTALS.map((name) => sql`${TOTALS[name]} AS ${sql.ref(name)}`);
  const from = sql`FROM (${secondsOf(jobs, options)}) AS seconds`;
  const order = sql.join([
    ...UNUSED_TOTALS.filter((name) => name === sortBy).map((name) => sql`${sql.ref(name)} DESC`),
    ...keys,
  ]);
  const slice = page === undefined ? sql`` : sql` LIMIT ${page.itemsPerPage} OFFSET ${offsetOf(page)}`;
  const groups =
    groupBy.length === 0
      ? sql`SELECT '' AS key0, ${sql.join(totals)} ${from}`
      : sql`SELECT ${sql.join([...keys, ...totals])} ${from} GROUP BY ${sql.join(keys)} ORDER BY ${order}${slice}`;
  const texts = [
    ...groupMembers(options).map(({ id }, at) => sql`CAST(${sql.ref(`key${at}`)} AS TEXT) AS ${sql.ref(id)}`),
    ...UNUSED_TOTALS.map((name) => sql`CAST(${sql.ref(name)} AS TEXT) AS ${sql.ref(name)}`),
  ];
  const { sql: text, parameters } = sql`SELECT ${sql.join(texts)} FROM (${groups})`.compile(sqlBuilder);
  const rows = plainRows<Unused>('unused', unusedMembers(options), text, parameters as readonly SqlValue[]);
  return { ...rows, row: unusedRow(options) };
}

export function unusedRow(options: UnusedOptions): RowParser<Unused> {
  const members = groupMembers(options);
  return {
    parse(value) {
      const row = value as Readonly<Record<string, unknown>>;
      const ids = members.map(({ id, group }): [string, string] => [id, groupId(group, String(row[id]))]);
      const totals = UNUSED_TOTALS.map((name): [string, Whole] => [name, wholeOf(row[name])]);
      return Object.fromEntries<string | Whole>([...ids, ...totals]) as unknown as Unused;
    },
  };
}

const TOTALS: Readonly<Record<UnusedTotal, RawBuilder<unknown>>> = {
  totalJobs: sql`count(*)`,
  measuredJobs: sql`count(coalesce(idle_cores, idle_accs))`,
  totalCoreHours: hours(sql`cores`),
  measuredCoreHours: hours(sql`CASE WHEN idle_cores IS NOT NULL THEN cores ELSE 0 END`),
  idleCoreHours: hours(sql`ifnull(idle_cores, 0)`),
  unusedWalltimeCoreHours: hours(sql`unused`),
  totalAccHours: hours(sql`accs`),
  measuredAccHours: hours(sql`CASE WHEN idle_accs IS NOT NULL THEN accs ELSE 0 END`),
  idleAccHours: hours(sql`ifnull(idle_accs, 0)`),
};

/** The seconds of each job times its cores or accelerators, and the part of them that was idle. */
function secondsOf(jobs: VisibleJobs, options: UnusedOptions): RawBuilder<unknown> {
  const { groupBy = [], nowSec } = options;
  const names = groupBy.map((_, at) => sql`${sql.ref(`key${at}`)}, `);
  const keys = groupBy.map((name, at) => sql`${groupKey(name, options)} AS ${sql.ref(`key${at}`)}, `);
  const unused = sql`CASE WHEN ${HAS_ENDED} THEN max(0, min(CAST(job.walltime AS INTEGER), ${sql.lit(MOST_WALLTIME_SEC)}) - CAST(job.duration AS INTEGER)) ELSE 0 END`;
  const each = overJobs(
    jobs,
    (
      where,
    ) => sql`SELECT ${sql.join(keys, sql``)}max(0, CAST(${durationAt(nowSec)} AS INTEGER)) AS d, ${unused} AS unused,
        CAST(ifnull(job.num_hwthreads, 0) AS INTEGER) AS threads, CAST(ifnull(job.num_acc, 0) AS INTEGER) AS acc,
        ${fieldValue(FIELDS['cores-used'], jobs.nodePeaks)} AS cores_used, ${fieldValue(FIELDS['acc-used'], jobs.nodePeaks)} AS acc_used
      FROM ${jobsByKey(groupBy, jobs)} WHERE ${where}`,
  );
  return sql`SELECT ${sql.join(names, sql``)}d * threads AS cores, unused * threads AS unused, d * acc AS accs,
      ${idle(sql`d * threads`, sql`cores_used`)} AS idle_cores, ${idle(sql`d * acc`, sql`acc_used`)} AS idle_accs FROM (${each}) AS each`;
}

/** NULL if the fraction is unknown. */
function idle(seconds: RawBuilder<unknown>, used: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`(${seconds}) - CAST(CAST(${seconds} AS REAL) * min(1.0, ${used}) AS INTEGER)`;
}
