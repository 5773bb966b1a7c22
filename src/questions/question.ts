import type { CountQuestion } from './count/question.ts';
import type { HistogramsQuestion } from './histograms/question.ts';
import type { PageIdsQuestion } from './list/question.ts';
import type { MetricHistogramsQuestion } from './metric-histograms/question.ts';
import type { StatisticsQuestion } from './statistics/question.ts';

/** Everything that a column index can be asked. What the caller may see is a part of the question (`jobs`). */
export type Question =
  | CountQuestion
  | StatisticsQuestion
  | HistogramsQuestion
  | MetricHistogramsQuestion
  | PageIdsQuestion;
