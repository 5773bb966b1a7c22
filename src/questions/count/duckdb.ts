import type { DuckDbQuery } from '../duckdb-query.ts';
import { type FilterContext, whereColumns } from '../where/duckdb.ts';
import type { CountQuestion } from './question.ts';

export function countQuery({ jobs }: CountQuestion, context: FilterContext): DuckDbQuery {
  const where = whereColumns(jobs.conditions, context);
  return {
    sql: `SELECT CAST(count(*) AS DOUBLE) AS count FROM job WHERE ${where}`,
    parameters: context.parameters.values,
  };
}
