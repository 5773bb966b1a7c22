import type { VisibleJobs } from '../../jobs/visibility.ts';

/** The number of matching jobs. */
export interface CountQuestion {
  readonly kind: 'count';
  readonly jobs: VisibleJobs;
}
