import { sql } from 'kysely';
import { z } from 'zod';
import { exactWhole, statementOf } from '../../db/sql/sql-rows.ts';
import type { VisibleJobs } from '../../jobs/visibility.ts';
import { overJobs } from '../where/sqlite.ts';

/** More tags than a person would read. */
const MOST_TAGS = 5_000;

/**
 * The tags that the caller may read, by type and name, each with the number of matching jobs that have it. The jobs of
 * a user are few, so their tags are looked up. If every job matches, the index of the tags alone has the numbers.
 */
export function tagCounts(jobs: VisibleJobs) {
  const counted =
    jobs.conditions.length === 0
      ? sql`SELECT tag_id, count(*) AS jobs FROM jobtag GROUP BY tag_id`
      : overJobs(
          jobs,
          (where) =>
            sql`SELECT jobtag.tag_id, count(*) AS jobs FROM job CROSS JOIN jobtag ON jobtag.job_id = job.id WHERE ${where} GROUP BY jobtag.tag_id`,
        );
  const scopes = sql.join(jobs.tagScopes.map((scope) => scope.toWellFormed()));
  return statementOf(
    'tags with their jobs',
    sql`WITH counts AS MATERIALIZED (SELECT tag_id, sum(jobs) AS jobs FROM (${counted}) GROUP BY tag_id)
      SELECT CAST(tag.id AS TEXT) AS id, CAST(tag_type AS TEXT) AS type, CAST(tag_name AS TEXT) AS name, CAST(tag_scope AS TEXT) AS scope, ifnull(counts.jobs, 0) AS jobs
      FROM tag LEFT JOIN counts ON counts.tag_id = tag.id WHERE tag_scope IN (${scopes})
      ORDER BY tag_type, tag_name, tag.id LIMIT ${MOST_TAGS}`,
    z.object({ id: exactWhole, type: z.string(), name: z.string(), scope: z.string(), jobs: z.int() }),
  );
}
