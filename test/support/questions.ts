import type { Statement } from '../../src/db/statement.ts';
import { countJobs } from '../../src/questions/count/sqlite.ts';
import type { ExportPartQuestion, ExportPartsQuestion } from '../../src/questions/exported-jobs/question.ts';
import { jobHistograms } from '../../src/questions/histograms/sqlite.ts';
import type { Question } from '../../src/questions/index-question.ts';
import type { PageIdsQuestion } from '../../src/questions/list/question.ts';
import { metricHistograms } from '../../src/questions/metric-histograms/sqlite.ts';
import type { OverviewQuestion } from '../../src/questions/overview/question.ts';
import type { PartitionsQuestion } from '../../src/questions/partitions/question.ts';
import { jobPercentiles } from '../../src/questions/percentiles/sqlite.ts';
import { jobStatistics } from '../../src/questions/statistics/sqlite.ts';
import { timeline, timelineGroups, timelineWaits } from '../../src/questions/timeline/sqlite.ts';
import { unusedOf } from '../../src/questions/unused-hours/sqlite.ts';

/** A question that one statement of SQLite answers. */
export type OneQuery = Exclude<
  Question,
  PageIdsQuestion | PartitionsQuestion | OverviewQuestion | ExportPartQuestion | ExportPartsQuestion
>;

/** The SQLite statement that answers a question. */
export function statementFor(question: OneQuery): Statement<unknown> {
  switch (question.kind) {
    case 'count':
      return countJobs(question.jobs);
    case 'statistics':
      return jobStatistics(question.jobs, question);
    case 'histograms':
      return jobHistograms(question.jobs, question);
    case 'metric histograms':
      return metricHistograms(question);
    case 'percentiles':
      return jobPercentiles(question.jobs, question);
    case 'timeline':
      return timeline(question);
    case 'timeline groups':
      return timelineGroups(question);
    case 'timeline waits':
      return timelineWaits(question);
    case 'unused':
      return unusedOf(question.jobs, question);
  }
}
