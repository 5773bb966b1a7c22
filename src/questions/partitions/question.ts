import type { VisibleJobs } from '../../jobs/visibility.ts';

/** The partitions of the matching jobs: one row for each partition of each cluster (PartitionRow), in byte order. */
export interface PartitionsQuestion {
  readonly kind: 'partitions';
  readonly jobs: VisibleJobs;
}
