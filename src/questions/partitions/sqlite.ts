import { type RawBuilder, sql } from 'kysely';
import { z } from 'zod';
import { exactWhole, statementOf } from '../../db/sql/sql-rows.ts';

export const PartitionRow = z.object({ cluster: z.string(), partition: z.string() });
/** With the ids of the first and the last of the jobs that were read, and their number. */
const ReadPartition = PartitionRow.extend({ first: exactWhole, last: exactWhole, jobs: z.int() });
export type ReadPartition = z.output<typeof ReadPartition>;

/**
 * The partitions of the newest `limit` jobs with an id below `before`. No index has the partition, so the table is read
 * in such parts: a statement for all of it would run for minutes.
 */
export function partitionsBefore(before: number | bigint, limit: number) {
  return partitionsIn('partitions', sql`job.id < ${before} ORDER BY job.id DESC LIMIT ${limit}`);
}

/** The partitions of the oldest `limit` jobs with an id of at least `from`. */
export function partitionsFrom(from: number | bigint, limit: number) {
  return partitionsIn('new partitions', sql`job.id >= ${from} ORDER BY job.id LIMIT ${limit}`);
}

function partitionsIn(name: string, which: RawBuilder<unknown>) {
  const jobs = sql`SELECT job.id, CAST(job.cluster AS TEXT) AS cluster, CAST(ifnull(job.cluster_partition, '') AS TEXT) AS partition FROM job WHERE ${which}`;
  return statementOf(
    name,
    sql`SELECT cluster, partition, CAST(min(id) AS TEXT) AS first, CAST(max(id) AS TEXT) AS last, count(*) AS jobs FROM (${jobs}) AS part GROUP BY cluster, partition ORDER BY cluster, partition`,
    ReadPartition,
  );
}
