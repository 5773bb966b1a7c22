import { ClusterFileSchema } from './cluster-schema.ts';
import { type Cluster, deriveCluster } from './derive-cluster.ts';

/** Parses the text of a cluster.json. Throws an Error that says where it is invalid. */
export function decodeCluster(text: string): Cluster {
  const parsed = ClusterFileSchema.safeParse(JSON.parse(text));
  if (!parsed.success) {
    throw new Error(parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`).join('; '));
  }
  return deriveCluster(parsed.data);
}
