import { type RawBuilder, type SqlBool, sql } from 'kysely';
import { z } from 'zod';
import { NOT_KEPT } from '../../db/sql/kept-by-tags.ts';
import { statementOf } from '../../db/sql/sql-rows.ts';
import type { DeleteCursor, OmitTagged } from '../../jobs/retention-options.ts';
import { jobJson } from '../one-job/job-json.ts';

/** Jobs that started before a time and have no tag that keeps them. */
function isOld(beforeSec: number, omit: OmitTagged): RawBuilder<SqlBool> {
  return sql<SqlBool>`job.start_time < ${beforeSec} AND ${sql.raw(NOT_KEPT[omit])}`;
}

/** The number of old jobs. */
export function countOldJobs(beforeSec: number, omit: OmitTagged) {
  return statementOf(
    'count old jobs',
    sql`SELECT count(*) AS count FROM job WHERE ${isOld(beforeSec, omit)}`,
    z.object({ count: z.int() }),
  );
}

/** Old jobs after a position, oldest first, as in the API, with their metadata and all tags. */
export function oldJobs(
  beforeSec: number,
  { omit, after, limit }: { omit: OmitTagged; after: DeleteCursor | undefined; limit: number },
) {
  const place =
    after === undefined ? sql`1` : sql`(job.start_time, job.id) > (${BigInt(after.startTime)}, ${BigInt(after.id)})`;
  const job = jobJson({ tagScopes: 'all' }, { nowSec: beforeSec, withMetadata: true });
  return statementOf(
    'old jobs',
    sql`SELECT CAST(job.start_time AS TEXT) AS startTime, CAST(job.id AS TEXT) AS id, ${job} AS job FROM job WHERE ${isOld(beforeSec, omit)} AND ${place} ORDER BY job.start_time, job.id LIMIT ${limit}`,
    z.object({ startTime: z.string(), id: z.string(), job: z.string() }),
  );
}

/** The number of valid bytes in an export file. No row if nothing is known about it. */
export function exportOf(path: string) {
  return statementOf(
    'export',
    sql`SELECT bytes FROM ccjobs_exports WHERE path = ${path} LIMIT 1`,
    z.object({ bytes: z.int() }),
  );
}
