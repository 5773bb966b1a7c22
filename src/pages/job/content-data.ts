import type { SubCluster, SubClusterMetric } from '../../clusters/derive-cluster.ts';
import type { ShownJob } from '../../http/json/shown-job.ts';
import type { UsedContent } from './asked-and-used.ts';

/** The data of the page of a job. */
export interface JobContent {
  job: ShownJob;
  /** Undefined if the subcluster is not configured. */
  subCluster: SubCluster | undefined;
  /** The metrics that the visitor may see. */
  metrics: readonly SubClusterMetric[];
  hasArchive: boolean;
  /** True if the service also has the pages of cc-backend's front end. */
  hasFrontend: boolean;
  used: UsedContent;
  /** The tag scopes that the visitor may write. */
  writableScopes: readonly string[];
}
