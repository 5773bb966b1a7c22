import type { ListOrder } from '../../jobs/listed-job.ts';
import type { Slice } from '../../jobs/order.ts';
import type { VisibleJobs } from '../../jobs/visibility.ts';

/** Where the jobs of a slice of a list are: rows of `id` and `startTime`, 64-bit numbers as text, in the order of the list. */
export interface PageIdsQuestion extends Slice {
  readonly kind: 'page ids';
  readonly jobs: VisibleJobs;
  /** Left out: newest first. Only then there is `after`. */
  readonly sorted?: ListOrder & { readonly nowSec: number };
}
