import { type RawBuilder, sql } from 'kysely';
import { sqlBuilder } from '../../db/sql/sql-builder.ts';
import { wholeOf } from '../../db/sql/sql-rows.ts';
import { jsonNumber } from '../../db/sql/stored-json.ts';
import { plainRows, type RowParser, type SqlValue, type Statement } from '../../db/statement.ts';
import { groupId, groupMembers } from '../../jobs/groups.ts';
import {
  isDecimalMeasure,
  isUnknownAsZero,
  type Measure,
  measuredField,
  measuredKey,
  type Percentiles,
} from '../../jobs/percentiles.ts';
import type { VisibleJobs } from '../../jobs/visibility.ts';
import { groupKey, jobsByKey } from '../group-keys/sqlite.ts';
import { durationAt } from '../one-job/job-json.ts';
import { column, fieldValue, overJobs } from '../where/sqlite.ts';
import type { PercentilesOptions } from './question.ts';
import { percentileRows } from './ranks.ts';

/** One row for all jobs or for each group, as a row of Percentiles. */
export function jobPercentiles(jobs: VisibleJobs, options: PercentilesOptions): Statement<Percentiles> {
  const { of, groupBy = [], percentiles, nowSec } = options;
  const members = groupMembers(options);
  const values = members.map(
    ({ group }, at) => sql`${group === undefined ? sql`''` : groupKey(group, options)} AS ${sql.ref(`key${at}`)}`,
  );
  const keys = sql.join(members.map((_, at) => sql.ref(`key${at}`)));
  const valued = overJobs(
    jobs,
    (where) =>
      sql`SELECT ${sql.join(values)}, ${measured(of, nowSec, jobs)} AS value FROM ${jobsByKey(groupBy, jobs)} WHERE ${where}`,
  );
  // One step for all values: steps do not make it faster here.
  const step = sql`CASE WHEN value IS NOT NULL THEN 0 END`;
  const query = sql`WITH by_value AS MATERIALIZED
      (SELECT ${keys}, value, ${step} AS step, count(*) AS jobs FROM (${valued}) GROUP BY ${keys}, value),
    ${sql.raw(percentileRows('by_value', options, exactText))}`;
  const { sql: text, parameters } = query.compile(sqlBuilder);
  const columns = [...members.map(({ id }) => id), 'jobs', 'unknown', ...percentiles.map((_, at) => `p${at}`)];
  const rows = plainRows<Record<string, unknown>>('job percentiles', columns, text, parameters as readonly SqlValue[]);
  return { ...rows, row: percentilesRow(options) };
}

/** Parses the columns of percentileRows. */
export function percentilesRow(options: PercentilesOptions): RowParser<Percentiles> {
  const { of, percentiles } = options;
  const read = isDecimalMeasure(of) ? Number : wholeOf;
  const members = groupMembers(options);
  return {
    parse(value) {
      const row = value as Readonly<Record<string, unknown>>;
      const ids = members.map(({ id, group }) => [id, groupId(group, String(row[id]))]);
      const values = percentiles.map((p, at) => {
        const found = row[`p${at}`];
        return { p, value: found === null ? null : read(found) };
      });
      return { ...Object.fromEntries(ids), jobs: Number(row['jobs']), unknown: Number(row['unknown']), values };
    },
  };
}

/** The number of the current job. NULL if the job does not have it. Infinity, which JSON cannot say, is NULL too. */
function measured(measure: Measure, nowSec: number, { nodePeaks }: VisibleJobs): RawBuilder<unknown> {
  const field = measuredField(measure);
  if (field === undefined) return finite(jsonNumber(column('footprint'), measuredKey(measure) ?? ''));
  if (field.kind === 'fraction') return fieldValue(field, nodePeaks);
  const stored = field.name === 'duration' ? durationAt(nowSec) : fieldValue(field);
  const value = field.kind === 'decimal' ? finite(stored) : sql`CAST(${stored} AS INTEGER)`;
  return isUnknownAsZero(measure) ? sql`nullif(${value}, 0)` : value;
}

/** 15 digits if they are exact, otherwise 17. */
function exactText(value: string): string {
  return `CASE WHEN CAST(CAST(${value} AS TEXT) AS REAL) = ${value} THEN CAST(${value} AS TEXT)
    WHEN ${value} IS NOT NULL THEN printf('%!.17g', ${value}) END`;
}

function finite(value: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`CASE WHEN abs(CAST(${value} AS REAL)) <= 1e308 THEN CAST(${value} AS REAL) END`;
}
