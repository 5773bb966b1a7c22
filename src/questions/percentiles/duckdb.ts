import { FIELDS, METRIC } from '../../jobs/fields.ts';
import { groupMembers } from '../../jobs/groups.ts';
import type { Measure } from '../../jobs/percentiles.ts';
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
  if (measure === 'energy') return `CASE WHEN energy <> 0 THEN ${quantizedColumn('energy')} END`;
  const index = measure.startsWith(METRIC) ? footprintKeys.indexOf(measure.slice(METRIC.length)) : -1;
  return index < 0 ? undefined : quantizedColumn(footprintName(index));
}

function measured(measure: Measure, nowSec: number, context: FilterContext): string {
  switch (measure) {
    case 'duration':
      return duckDbDurationAt(nowSec);
    case 'walltime':
      return 'nullif(walltime, 0)';
    case 'walltime-used':
    case 'cores-used':
    case 'memory-used':
    case 'acc-used':
      return fractionColumn(FIELDS[measure], context);
    case 'energy':
      return 'nullif(energy, 0)';
    case 'wait':
    case 'memory-asked':
    case 'num-nodes':
    case 'num-hwthreads':
    case 'num-acc':
      return indexColumn(FIELDS[measure]);
    default: {
      const index = context.footprintKeys.indexOf(measure.slice(METRIC.length));
      return index < 0 ? 'CAST(NULL AS DOUBLE)' : footprintName(index);
    }
  }
}
