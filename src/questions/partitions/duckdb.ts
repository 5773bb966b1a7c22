import type { DuckDbQuery } from '../duckdb-query.ts';
import { type FilterContext, whereColumns } from '../where/duckdb.ts';
import type { PartitionsQuestion } from './question.ts';

export function partitionsQuery({ jobs }: PartitionsQuestion, context: FilterContext): DuckDbQuery {
  const where = whereColumns(jobs.conditions, context);
  return {
    sql: `SELECT DISTINCT cluster, cluster_partition AS "partition" FROM job WHERE ${where} ORDER BY cluster, cluster_partition`,
    parameters: context.parameters.values,
  };
}
