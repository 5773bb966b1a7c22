import type { DuckDbQuery } from '../duckdb-query.ts';
import { countedJobs } from '../summaries/answered-by-summary.ts';
import type { FilterContext } from '../where/duckdb.ts';
import type { PartitionsQuestion } from './question.ts';

export function partitionsQuery({ jobs }: PartitionsQuestion, context: FilterContext): DuckDbQuery {
  const { from } = countedJobs(jobs.conditions, context);
  return {
    sql: `SELECT DISTINCT cluster, cluster_partition AS "partition" FROM ${from} ORDER BY cluster, cluster_partition`,
    parameters: context.parameters.values,
  };
}
