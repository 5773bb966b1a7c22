import type { ColumnQuestion, PlacesQuestion } from '../db/question.ts';
import { type ColumnQuery, Parameters } from '../questions/duckdb-query.ts';
import { histogramsQuery } from '../questions/histograms/duckdb.ts';
import { metricHistogramsQuery } from '../questions/metric-histograms/duckdb.ts';
import { statisticsQuery } from '../questions/statistics/duckdb.ts';
import { type FilterContext, whereColumns } from '../questions/where/duckdb.ts';

/** One query answers it, with the rows of its statement before its schema has read them. */
export type CountingQuestion = Exclude<ColumnQuestion, PlacesQuestion>;

export function queryFor(question: CountingQuestion, index: Omit<FilterContext, 'parameters'>): ColumnQuery {
  const context = { ...index, parameters: new Parameters() };
  switch (question.kind) {
    case 'count': {
      const where = whereColumns(question.jobs.conditions, context);
      return {
        sql: `SELECT CAST(count(*) AS DOUBLE) AS count FROM job WHERE ${where}`,
        parameters: context.parameters.values,
      };
    }
    case 'statistics':
      return statisticsQuery(question, context);
    case 'histograms':
      return histogramsQuery(question, context);
    case 'metric histograms':
      return metricHistogramsQuery(question, context);
  }
}
