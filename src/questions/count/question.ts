import type { VisibleJobs } from '../../jobs/visibility.ts';

/** How many jobs match. */
export interface CountQuestion {
  readonly kind: 'count';
  readonly jobs: VisibleJobs;
}
