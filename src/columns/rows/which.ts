import { type RawBuilder, sql } from 'kysely';

/** Neighbouring jobs: those behind an id, up to another. */
export interface Stretch {
  readonly from: bigint;
  readonly to: bigint;
}

const LEAST_ID = -(2n ** 63n);

/** The stretch that has these ids, the lowest first, and no others; undefined where there is none. */
export function stretchOf(ids: readonly bigint[]): Stretch | undefined {
  const [first = LEAST_ID, last = LEAST_ID] = [ids[0], ids.at(-1)];
  if (first === LEAST_ID || last - first !== BigInt(ids.length - 1)) return undefined;
  return { from: first - 1n, to: last };
}

/** FROM and what follows it, for some jobs in any order; job is the table. */
export type Which = RawBuilder<unknown>;

export function between({ from, to }: Stretch): Which {
  return sql`FROM job WHERE job.id > ${from} AND job.id <= ${to}`;
}

/** Those of these that are there. */
export function withIds(ids: readonly bigint[]): Which {
  return sql`FROM job WHERE job.id IN (SELECT value FROM json_each(${`[${ids.join()}]`}))`;
}

/** The `most` next ones behind an id; for a subquery. */
export function firstBehind(id: bigint, most: number): Which {
  return sql`FROM job WHERE job.id > ${id} ORDER BY job.id LIMIT ${sql.lit(most)}`;
}
