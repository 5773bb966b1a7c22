import { groupMembers } from '../../jobs/groups.ts';
import { isUnknownAsZero, type Measure, measuredField, measuredKey } from '../../jobs/percentiles.ts';
import type { DuckDbQuery } from '../duckdb-query.ts';
import { groupKey, jobsByKey } from '../group-keys/duckdb.ts';
import { footprintName, indexColumn } from '../index-columns.ts';
import { quantizedColumn, quantizedSql } from '../quantized-doubles.ts';
import { duckDbDurationAt } from '../statistics/duckdb.ts';
import { fractionColumn } from '../used-fractions/duckdb.ts';
import { type FilterContext, matchingJobs } from '../where/duckdb.ts';
import type { PercentilesQuestion } from './question.ts';
import { percentileRows } from './ranks.ts';

/** The rows of src/questions/percentiles/sqlite.ts. */
export function percentilesQuery(question: PercentilesQuestion, context: FilterContext): DuckDbQuery {
  const { jobs, of, nowSec, groupBy = [] } = question;
  const keys = groupMembers(question)
    .map(({ group }, at) => `${group === undefined ? "''" : groupKey(group, 'jobs', question)} AS key${at}`)
    .join(', ');
  const value = measured(of, nowSec, context);
  const from = jobsByKey(`(SELECT * FROM ${matchingJobs(jobs.conditions, context)})`, groupBy, context);
  const stored = storedStep(of, context.footprintKeys);
  const valued =
    stored === undefined
      ? `MATERIALIZED (SELECT *, ${quantizedSql('CAST(value AS DOUBLE)')} AS step
          FROM (SELECT ${keys}, ${value} AS value, count(*) AS jobs FROM ${from} GROUP BY ALL))`
      : // Almost every job may have another value. Reading the jobs twice needs memory only for values that are sorted.
        `NOT MATERIALIZED (SELECT ${keys}, ${value} AS value, ${stored} AS step, 1 AS jobs FROM ${from})`;
  const rows = percentileRows('by_value', question, (decimal) => `CAST(${decimal} AS VARCHAR)`);
  return { sql: `WITH by_value AS ${valued}, ${rows}`, parameters: context.parameters.values };
}

/** The column with the steps of a measure, as SQL. Undefined if the index does not have one. */
function storedStep(measure: Measure, footprintKeys: readonly string[]): string | undefined {
  const field = measuredField(measure);
  if (field !== undefined) {
    if (field.kind !== 'decimal') return undefined;
    const [value, step] = [indexColumn(field), quantizedColumn(indexColumn(field))];
    return isUnknownAsZero(measure) ? `CASE WHEN ${value} <> 0 THEN ${step} END` : step;
  }
  const index = footprintKeys.indexOf(measuredKey(measure) ?? '');
  return index < 0 ? undefined : quantizedColumn(footprintName(index));
}

function measured(measure: Measure, nowSec: number, context: FilterContext): string {
  const field = measuredField(measure);
  if (field === undefined) {
    const index = context.footprintKeys.indexOf(measuredKey(measure) ?? '');
    return index < 0 ? 'CAST(NULL AS DOUBLE)' : footprintName(index);
  }
  if (field.kind === 'fraction') return fractionColumn(field, context);
  const value = field.name === 'duration' ? duckDbDurationAt(nowSec) : indexColumn(field);
  return isUnknownAsZero(measure) ? `nullif(${value}, 0)` : value;
}
