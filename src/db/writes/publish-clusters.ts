import type { Transaction } from '../driver/transaction.ts';
import { plainRows } from '../statement.ts';

/** A configured cluster, as in its cluster.json. */
export interface PublishedCluster {
  name: string;
  config: string;
}

export interface PublishClustersInput {
  clusters: readonly PublishedCluster[];
}

/** Replaces the clusters in the database by those of the input. Returns whether anything changed. */
export async function publishClusters(
  tx: Transaction,
  { clusters }: PublishClustersInput,
): Promise<{ changed: boolean }> {
  const known = await tx.read(
    plainRows<PublishedCluster>('published', ['name', 'config'], 'SELECT name, config FROM ccjobs_clusters'),
  );
  const configs = new Map(known.map(({ name, config }) => [name, config]));
  if (known.length === clusters.length && clusters.every(({ name, config }) => configs.get(name) === config)) {
    return { changed: false };
  }
  await tx.run('DELETE FROM ccjobs_clusters');
  await tx.runEach(
    'INSERT INTO ccjobs_clusters (name, config) VALUES (?, ?)',
    clusters.map(({ name, config }) => [name, config]),
  );
  return { changed: true };
}
