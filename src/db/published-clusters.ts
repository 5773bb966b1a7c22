import { sql } from 'kysely';
import { z } from 'zod';
import { Clusters } from '../clusters/clusters.ts';
import { decodeCluster } from '../clusters/decode-cluster.ts';
import type { Deadline } from '../deadline.ts';
import type { Database } from './port.ts';
import { statementOf } from './sql/sql-rows.ts';

/** The clusters that a service on Node has stored in the database. Throws a Fault. */
export async function readPublished(db: Database, deadline: Deadline): Promise<Clusters> {
  const rows = await db.read(publishedClusters(), deadline);
  return new Clusters(rows.map(({ config }) => decodeCluster(config)));
}

/** The same, each with its cluster.json, by name. */
function publishedClusters() {
  return statementOf(
    'published clusters',
    sql`SELECT name, config FROM ccjobs_clusters ORDER BY name`,
    z.object({ name: z.string(), config: z.string() }),
  );
}
