import { Clusters } from '../clusters/clusters.ts';
import { decodeCluster } from '../clusters/decode-cluster.ts';
import type { Deadline } from '../deadline.ts';
import type { Database } from './port.ts';
import { publishedClusters } from './statements/published-clusters.ts';

/** The clusters that a service on Node has stored in the database. Throws a Fault. */
export async function readPublished(db: Database, deadline: Deadline): Promise<Clusters> {
  const rows = await db.read(publishedClusters(), deadline);
  return new Clusters(rows.map(({ config }) => decodeCluster(config)));
}
