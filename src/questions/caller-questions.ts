import type { Database } from '../db/port.ts';
import type { Deadline } from '../deadline.ts';
import type { JobFilter } from '../jobs/filter.ts';
import type { VisibleJobs } from '../jobs/visibility.ts';
import type { JobQuestions } from './ask.ts';

/** What an answer made of several questions needs: whom to ask, and for whom. */
export interface CallerQuestions {
  readonly db: Database;
  readonly questions: JobQuestions;
  /** Limits a filter to the jobs that the caller may see. It may throw `forbidden`. */
  readonly visible: (filter: JobFilter) => VisibleJobs;
  readonly nowSec: number;
  readonly shortJobSec: number;
  readonly deadline: Deadline;
}
