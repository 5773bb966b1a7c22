import type { SubCluster, SubClusterMetric } from '../../clusters/derive.ts';
import type { ShownJob } from '../../http/json/shown-job.ts';
import type { Whole } from '../../jobs/statistics.ts';

/** What the page of a job is made of. */
export interface JobContent {
  job: ShownJob;
  /** Unix seconds; 0 where it is not known. */
  submitTime: Whole;
  /** Undefined where it is not configured. */
  subCluster: SubCluster | undefined;
  /** The metrics that the visitor may see. */
  metrics: readonly SubClusterMetric[];
  hasArchive: boolean;
  /** Scopes of tags that the visitor may write. */
  scopes: readonly string[];
}
