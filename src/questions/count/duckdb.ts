import type { DuckDbQuery } from '../duckdb-query.ts';
import { countedJobs } from '../summaries/answered-by-summary.ts';
import type { FilterContext } from '../where/duckdb.ts';
import type { CountQuestion } from './question.ts';

export function countQuery({ jobs }: CountQuestion, context: FilterContext): DuckDbQuery {
  const { from, count } = countedJobs(jobs.conditions, context);
  return {
    sql: `SELECT CAST(${count} AS DOUBLE) AS count FROM ${from}`,
    parameters: context.parameters.values,
  };
}
