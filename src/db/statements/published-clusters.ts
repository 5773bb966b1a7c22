import { sql } from 'kysely';
import { z } from 'zod';
import { statementOf } from '../sql/sql-rows.ts';

/** The clusters that a service on Node has stored in the database, each with its cluster.json, by name. */
export function publishedClusters() {
  return statementOf(
    'published clusters',
    sql`SELECT name, config FROM ccjobs_clusters ORDER BY name`,
    z.object({ name: z.string(), config: z.string() }),
  );
}
