import { sql } from 'kysely';
import { z } from 'zod';
import { statementOf } from '../sql/sql-rows.ts';

/** The clusters a service on Node has put into the database, each with its cluster.json, in the order of their names. */
export function publishedClusters() {
  return statementOf(
    'published clusters',
    sql`SELECT name, config FROM ccjobs_clusters ORDER BY name`,
    z.object({ name: z.string(), config: z.string() }),
  );
}
