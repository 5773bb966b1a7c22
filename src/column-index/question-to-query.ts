import { countQuery } from '../questions/count/duckdb.ts';
import { type DuckDbQuery, Parameters } from '../questions/duckdb-query.ts';
import type { ExportPartQuestion, ExportPartsQuestion } from '../questions/exported-jobs/question.ts';
import { histogramsQuery } from '../questions/histograms/duckdb.ts';
import type { Question } from '../questions/index-question.ts';
import type { PageIdsQuestion } from '../questions/list/question.ts';
import { metricHistogramsQuery } from '../questions/metric-histograms/duckdb.ts';
import type { OverviewQuestion } from '../questions/overview/question.ts';
import { partitionsQuery } from '../questions/partitions/duckdb.ts';
import { percentilesQuery } from '../questions/percentiles/duckdb.ts';
import { statisticsQuery } from '../questions/statistics/duckdb.ts';
import { timelineQuery } from '../questions/timeline/duckdb.ts';
import type { TimelineWaitsQuestion } from '../questions/timeline/question.ts';
import { timelineGroupsQuery } from '../questions/timeline/top-groups.ts';
import { unusedQuery } from '../questions/unused-hours/duckdb.ts';
import type { FilterContext } from '../questions/where/duckdb.ts';

/** A question that one query answers. Its rows are not yet parsed by the schema of its statement. */
export type CountingQuestion = Exclude<
  Question,
  PageIdsQuestion | OverviewQuestion | TimelineWaitsQuestion | ExportPartQuestion | ExportPartsQuestion
>;

export function queryFor(question: CountingQuestion, index: Omit<FilterContext, 'parameters'>): DuckDbQuery {
  const context = { ...index, parameters: new Parameters() };
  switch (question.kind) {
    case 'count':
      return countQuery(question, context);
    case 'statistics':
      return statisticsQuery(question, context);
    case 'histograms':
      return histogramsQuery(question, context);
    case 'metric histograms':
      return metricHistogramsQuery(question, context);
    case 'partitions':
      return partitionsQuery(question, context);
    case 'percentiles':
      return percentilesQuery(question, context);
    case 'timeline':
      return timelineQuery(question, context);
    case 'timeline groups':
      return timelineGroupsQuery(question, context);
    case 'unused':
      return unusedQuery(question, context);
  }
}
