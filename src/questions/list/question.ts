import type { ListOrder } from '../../jobs/list-order.ts';
import type { Slice } from '../../jobs/paging.ts';
import type { VisibleJobs } from '../../jobs/visibility.ts';

/** The positions of a slice of a list: rows of `id` and `startTime` in its order, 64-bit numbers as text. */
export interface PageIdsQuestion extends Slice {
  readonly kind: 'page ids';
  readonly jobs: VisibleJobs;
  /** Without it the list is newest first. Only such a list can have `after`. */
  readonly sorted?: ListOrder & { readonly nowSec: number };
}
