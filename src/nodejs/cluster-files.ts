import type { readClusterFiles } from '../archive/version-and-clusters.ts';
import { Clusters } from '../clusters/clusters.ts';
import type { Database } from '../db/port.ts';
import { readPublished } from '../db/published-clusters.ts';
import { within } from '../deadline.ts';
import type { Log } from '../log.ts';

export type ClusterFiles = Awaited<ReturnType<typeof readClusterFiles>>;

const LIMIT_MS = 10_000;

/**
 * The clusters of the archive. They are also stored in the database for services without an archive. If the archive is
 * empty, returns the clusters that another service has stored. A failure to store them is logged and has no other
 * effect.
 */
export async function clustersOf(files: ClusterFiles, db: Database, log: Log): Promise<Clusters> {
  if (files.length === 0) return await within(LIMIT_MS, (deadline) => readPublished(db, deadline));
  await publish(files, db).catch((error: unknown) =>
    log.warn(
      { err: error },
      'the cluster configuration could not be written to the database: Workers use an older one',
    ),
  );
  return new Clusters(files.map(({ cluster }) => cluster));
}

/** Replaces the clusters in the database by those of an archive. Returns true if anything changed. */
export async function publish(files: ClusterFiles, db: Database): Promise<boolean> {
  const clusters = files.map(({ cluster: { name }, text }) => ({ name, config: text }));
  const { changed } = await within(LIMIT_MS, (deadline) => db.write('publishClusters', { clusters }, deadline));
  return changed;
}
