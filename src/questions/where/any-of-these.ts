import { sql } from 'kysely';
import { allOf } from '../../db/sql/conditions.ts';
import { sqlBuilder } from '../../db/sql/sql-builder.ts';
import type { SqlValue } from '../../db/statement.ts';
import type { VisibleJobs } from '../../jobs/visibility.ts';
import { isReadableTag, whereJob } from './sqlite.ts';

/**
 * SQL that returns a row if one of the given jobs matches a filter. CROSS JOIN fixes the join order: SQLite looks up
 * the tags of each job, not the jobs of each tag.
 */
export function anyOfThese(jobs: VisibleJobs, ids: readonly bigint[]): { sql: string; parameters: SqlValue[] } {
  const tags = jobs.conditions
    .filter((condition) => condition.kind === 'tag')
    .map(
      (condition) => sql<boolean>`EXISTS (SELECT 1 FROM jobtag CROSS JOIN tag ON tag.id = jobtag.tag_id
        WHERE jobtag.job_id = job.id AND ${isReadableTag(condition.ids, jobs.tagScopes)})`,
    );
  const others = whereJob({ ...jobs, conditions: jobs.conditions.filter(({ kind }) => kind !== 'tag') });
  const query = sql`SELECT 1 FROM json_each(${`[${ids.join()}]`}) AS these CROSS JOIN job ON job.id = these.value
    WHERE ${allOf([others, ...tags])} LIMIT 1`;
  const compiled = query.compile(sqlBuilder);
  return { sql: compiled.sql, parameters: compiled.parameters as SqlValue[] };
}
