import type { Page } from '../../db/port.ts';
import type { PageStatement } from '../../db/statement.ts';
import type { ListCursor } from '../../jobs/paging.ts';
import type { VisibleJobs } from '../../jobs/visibility.ts';
import { BATCH, rowsLike } from './batches.ts';
import { inOrder, type OrderedSlice } from './in-order.ts';
import { batchStatement, type JobsBatch, type JobsBatchOptions, withIds } from './sqlite.ts';

/**
 * Reads the jobs of a slice in its order. `found` are the positions that the column index has found for one job more
 * than the slice has. Undefined: SQLite finds them. `take` receives each batch, and may throw to end the reading.
 */
export async function readFullJobs(
  jobs: VisibleJobs,
  slice: OrderedSlice,
  options: JobsBatchOptions,
  {
    found,
    read,
    take,
  }: {
    found: readonly ListCursor[] | undefined;
    read: (statement: PageStatement<JobsBatch>) => Promise<Page<JobsBatch>>;
    take: (batch: Uint8Array, rows: number) => void;
  },
): Promise<{ hasMore: boolean }> {
  const shown = Math.min(slice.limit, options.withMetadata ? BATCH.firstWithMetadata : BATCH.first);
  const positions =
    found === undefined
      ? inOrder(jobs, { ...slice, limit: slice.limit + 1 })
      : withIds(jobs, found.map(({ id }) => id).join());
  let batch = await read(batchStatement(jobs, options, { positions, shown }));
  const { following } = batch.more;
  const hasMore = batch.rows + following.rows > slice.limit;
  let ids = following.ids === '' ? [] : following.ids.split(',');
  if (hasMore) ids = ids.slice(0, -1);
  for (;;) {
    if (batch.rows > 0) take(batch.bytes, batch.rows);
    if (ids.length === 0) return { hasMore };
    const next = ids.slice(0, batch.rows === 0 ? BATCH.first : rowsLike(batch));
    ids = ids.slice(next.length);
    batch = await read(batchStatement(jobs, options, { positions: withIds(jobs, next.join()), shown: next.length }));
  }
}
