import { type RawBuilder, sql } from 'kysely';
import { z } from 'zod';
import { statementOf } from '../../db/sql/sql-rows.ts';
import { UNENDED_STATES } from '../../jobs/job-enums.ts';

const SIZES = {
  jobs: z.number(),
  nodes: z.number(),
  hwthreads: z.number(),
  accelerators: z.number(),
};
const ByPartition = z.object({ cluster: z.string(), partition: z.string(), state: z.string(), ...SIZES });
const ByOwner = z.object({ name: z.string(), ...SIZES });
/** Jobs of a partition in one state that have not ended, and the sums of their sizes. */
export type UnendedInPartition = z.output<typeof ByPartition>;
/** Jobs of a user or a project that have not ended, and the sums of their sizes. */
export type UnendedOfOwner = z.output<typeof ByOwner>;

/** All jobs that have not ended, by cluster, partition and state. At most `limit` rows, those with most jobs first. */
export function unendedByPartition(limit: number) {
  const keys = sql`CAST(cluster AS TEXT) AS cluster, CAST(ifnull(cluster_partition, '') AS TEXT) AS partition, CAST(job_state AS TEXT) AS state`;
  return statementOf('unended jobs by partition', unended(keys, sql`1, 2, 3`, sql`jobs`, limit), ByPartition);
}

/** The users or projects whose jobs that have not ended use most nodes. */
export function unendedByOwner(owner: 'user' | 'project', limit: number) {
  const key = sql`CAST(${sql.ref(owner === 'user' ? 'hpc_user' : 'project')} AS TEXT) AS name`;
  return statementOf(`unended jobs by ${owner}`, unended(key, sql`1`, sql`nodes`, limit), ByOwner);
}

function unended(keys: RawBuilder<unknown>, groups: RawBuilder<unknown>, by: RawBuilder<unknown>, limit: number) {
  return sql`SELECT ${keys}, count(*) AS jobs, total(num_nodes) AS nodes, total(num_hwthreads) AS hwthreads, total(num_acc) AS accelerators
    FROM job WHERE job_state IN (${sql.join(UNENDED_STATES.map((state) => sql.lit(state)))})
    GROUP BY ${groups} ORDER BY ${by} DESC, ${groups} LIMIT ${limit}`;
}
