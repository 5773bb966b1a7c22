import { FIELDS, METRIC } from '../../jobs/fields.ts';
import type { Measure } from '../../jobs/percentiles.ts';
import type { DuckDbQuery } from '../duckdb-query.ts';
import { footprintName, indexColumn } from '../index-columns.ts';
import { duckDbDurationAt } from '../statistics/duckdb.ts';
import { type FilterContext, whereColumns } from '../where/duckdb.ts';
import type { PercentilesQuestion } from './question.ts';
import { percentileRows } from './ranks.ts';

/** The rows of src/questions/percentiles/sqlite.ts. */
export function percentilesQuery(question: PercentilesQuestion, context: FilterContext): DuckDbQuery {
  const { jobs, of, nowSec, groupBy } = question;
  const key = groupBy === undefined ? "''" : FIELDS[groupBy].column;
  const value = measured(of, nowSec, context.footprintKeys);
  const where = whereColumns(jobs.conditions, context);
  const valued = `SELECT ${key} AS key, ${value} AS value FROM job WHERE ${where}`;
  const sql = `WITH counted AS MATERIALIZED (SELECT key, value, count(*) AS jobs FROM (${valued}) GROUP BY key, value),
    ${percentileRows('counted', question, (decimal) => `CAST(${decimal} AS VARCHAR)`)}`;
  return { sql, parameters: context.parameters.values };
}

function measured(measure: Measure, nowSec: number, footprintKeys: readonly string[]): string {
  switch (measure) {
    case 'duration':
      return duckDbDurationAt(nowSec);
    case 'walltime':
      return 'nullif(walltime, 0)';
    case 'walltime-used':
      return `CASE WHEN walltime > 0 THEN CAST(${duckDbDurationAt(nowSec)} AS DOUBLE) / CAST(walltime AS DOUBLE) END`;
    case 'energy':
      return 'nullif(energy, 0)';
    case 'wait':
    case 'num-nodes':
    case 'num-hwthreads':
    case 'num-acc':
      return indexColumn(FIELDS[measure]);
    default: {
      const index = footprintKeys.indexOf(measure.slice(METRIC.length));
      return index < 0 ? 'CAST(NULL AS DOUBLE)' : footprintName(index);
    }
  }
}
