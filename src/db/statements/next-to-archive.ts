import { sql } from 'kysely';
import { z } from 'zod';
import { exactWhole, statementOf } from '../sql/sql-rows.ts';
import { printedJson } from '../sql/stored-json.ts';

const json = z.string().transform((text): unknown => JSON.parse(text));

/**
 * Jobs whose meta.json is outdated, the oldest entry first, with the new content. A job that has been deleted since has
 * no cluster and only has to be removed from the queue.
 */
export function archiveQueue(limit: number) {
  const tag = sql`json_object('type', CAST(tag.tag_type AS TEXT), 'name', CAST(tag.tag_name AS TEXT), 'scope', CAST(tag.tag_scope AS TEXT))`;
  const tags = sql`(SELECT json_group_array(json(own.tag)) FROM (SELECT ${tag} AS tag FROM jobtag JOIN tag ON tag.id = jobtag.tag_id WHERE jobtag.job_id = job.id ORDER BY tag.id) AS own)`;
  return statementOf(
    'archive queue',
    sql`SELECT CAST(queue.job_id AS TEXT) AS id, CAST(queue.changes AS TEXT) AS changes, CAST(job.cluster AS TEXT) AS cluster, CAST(CAST(job.job_id AS INTEGER) AS TEXT) AS jobId, CAST(CAST(job.start_time AS INTEGER) AS TEXT) AS startTime, ${tags} AS tags, ${printedJson(sql.ref('job.meta_data'), 'object')} AS metaData
        FROM ccjobs_archive_queue AS queue LEFT JOIN job ON job.id = queue.job_id ORDER BY queue.job_id LIMIT ${limit}`,
    z.object({
      id: z.string(),
      changes: z.string(),
      cluster: z.string().nullable(),
      jobId: exactWhole.nullable(),
      startTime: exactWhole.nullable(),
      tags: json.pipe(z.array(z.object({ type: z.string(), name: z.string(), scope: z.string() }))),
      metaData: json.pipe(z.record(z.string(), z.unknown()).nullable()),
    }),
  );
}
