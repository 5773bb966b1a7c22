import type { CountQuestion } from './count/question.ts';
import type { ExportPartQuestion, ExportPartsQuestion } from './exported-jobs/question.ts';
import type { HistogramsQuestion } from './histograms/question.ts';
import type { PageIdsQuestion } from './list/question.ts';
import type { MetricHistogramsQuestion } from './metric-histograms/question.ts';
import type { OverviewQuestion } from './overview/question.ts';
import type { PartitionsQuestion } from './partitions/question.ts';
import type { PercentilesQuestion } from './percentiles/question.ts';
import type { StatisticsQuestion } from './statistics/question.ts';
import type { TimelineGroupsQuestion, TimelineQuestion, TimelineWaitsQuestion } from './timeline/question.ts';
import type { UnusedQuestion } from './unused-hours/question.ts';

/** All questions to a column index. `jobs` determines what the caller may see. */
export type Question =
  | CountQuestion
  | ExportPartQuestion
  | ExportPartsQuestion
  | StatisticsQuestion
  | HistogramsQuestion
  | MetricHistogramsQuestion
  | OverviewQuestion
  | PageIdsQuestion
  | PartitionsQuestion
  | PercentilesQuestion
  | TimelineGroupsQuestion
  | TimelineQuestion
  | TimelineWaitsQuestion
  | UnusedQuestion;
