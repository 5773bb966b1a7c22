import type { Deadline } from '../deadline.ts';
import type { Question } from './index-question.ts';

/**
 * The column index as an engine for questions. Several places decide whether it is asked:
 * - nodejs/start-column-index.ts and nodejs/memory-sizing.ts: whether there is an index, by the settings and the memory
 * - list/newest-first.ts, isAlongIndex: not for a page that an index of SQLite leads to
 * - exported-jobs/question.ts: not for columns that it lacks, nor for too many jobs of the same second
 * - column-index/index-client.ts, ask: not before it is ready, nor for many patterns
 * - column-index/index-session.ts, ask: not if the question matches a job that the index does not hold
 * - column-index/export-part-files.ts: not if a file is too large
 */
export interface QuestionIndex {
  /**
   * Returns the rows of the answer before their schema has parsed them. Undefined if SQLite must answer. Rejects with
   * the reason of the deadline's signal, and with `queue_full`.
   */
  ask(question: Question, deadline: Deadline): Promise<readonly unknown[] | undefined>;
}
