import type { Page } from '../../db/port.ts';
import type { PageStatement } from '../../db/statement.ts';
import { type ListCursor, offsetOf, type PageRequest, type Slice } from '../../jobs/paging.ts';
import type { VisibleJobs } from '../../jobs/visibility.ts';
import { isAlongIndex, newestFirst } from './newest-first.ts';
import type { PageIdsQuestion } from './question.ts';
import type { NextBatches } from './read-ahead.ts';
import { batchStatement, type FollowingRows, type JobsBatch, type JobsBatchOptions, withIds } from './sqlite.ts';
import { standIns, Template } from './statement-template.ts';

/**
 * Rows per batch. The first is smaller because the size of its rows is unknown. Metadata may contain job scripts. The
 * rows of a table are smaller than those of JSON.
 */
export const BATCH = { first: 100, firstWithMetadata: 25, most: 500, mostOfTable: 1_000 };
/** A row may have hundreds of KB (ten thousand nodes, a job script). A typical one has 600 bytes. */
const BATCH_BYTES = 256 * 1024;
/** Positions that the column index finds at once, because finding a few takes as long. They take 200 KB of memory. */
const MOST_POSITIONS = 5_000;

/** Queries the column index. Undefined if SQLite must find the jobs. */
export type FindPageIds = (question: PageIdsQuestion) => Promise<readonly ListCursor[] | undefined>;

export interface JobsListOptions extends PageRequest, JobsBatchOptions {}

/**
 * The batches of one page of a list, newest first. Rows are REST Job objects, each one line of JSON text that ends in
 * `"statistics":null}`. Only the first batch skips rows by number. The others continue after the last row.
 */
export function listBatches(
  jobs: VisibleJobs,
  options: JobsListOptions,
  find: FindPageIds = async () => undefined,
): NextBatches<JobsBatch> {
  const list = new BatchPlanner(jobs, options, find);
  return async (before, width = 1) => (before === undefined ? [await list.first()] : await list.after(before, width));
}

/**
 * There are two kinds of batches. The first kind walks along the list from a position. If two batches may be read at
 * the same time, it also returns the positions of the batch after its own: the walk only reads an index, a fiftieth of
 * the rows. The second kind reads the rows at known positions, from such a walk or from the column index.
 */
class BatchPlanner {
  readonly #jobs: VisibleJobs;
  readonly #options: JobsListOptions;
  readonly #find: FindPageIds;
  readonly #isAlongIndex: boolean;
  /** Rows of the page whose positions are unknown. */
  #left: number;
  /** Rows whose positions a walk has returned and that have not been requested. */
  #named: FollowingRows | undefined;
  /** Ids of the rows that the column index has found. */
  #found: readonly bigint[] = [];
  /** The last known position, from which the walk continues. Undefined at the end of the list. */
  #at: ListCursor | undefined;
  /** The number of positions requested by the running walk. */
  #walked: number | undefined;
  #walk: Template<JobsBatch, keyof typeof WALK> | undefined;
  #rows: Template<JobsBatch, keyof typeof ROWS> | undefined;

  constructor(jobs: VisibleJobs, options: JobsListOptions, find: FindPageIds) {
    this.#jobs = jobs;
    this.#options = options;
    this.#find = find;
    this.#isAlongIndex = isAlongIndex(jobs);
    this.#left = options.itemsPerPage;
  }

  async first(): Promise<PageStatement<JobsBatch>> {
    const shown = Math.min(this.#left, this.#options.withMetadata ? BATCH.firstWithMetadata : BATCH.first);
    const slice = { offset: offsetOf(this.#options), limit: shown };
    if (await this.#hasFound(slice)) return this.#nextFound(shown);
    this.#walked = shown;
    return batchStatement(this.#jobs, this.#options, { positions: newestFirst(this.#jobs, slice), shown });
  }

  async after(before: Page<JobsBatch>, width: number): Promise<PageStatement<JobsBatch>[]> {
    if (this.#walked !== undefined) this.#arrived(before, this.#walked);
    const rows =
      before.rows === 0
        ? BATCH.first
        : rowsLike(before, this.#options.table === undefined ? BATCH.most : BATCH.mostOfTable);
    const statements: PageStatement<JobsBatch>[] = [];
    if (this.#named !== undefined) statements.push(this.#withIds(this.#named));
    this.#named = undefined;
    while (this.#found.length > 0 && statements.length < width) statements.push(this.#nextFound(rows));
    if (this.#found.length === 0 && this.#at !== undefined && this.#left > 0 && statements.length < width) {
      statements.push(await this.#walkOn(this.#at, rows, width));
    }
    return statements;
  }

  #arrived({ rows, more: { last, following } }: Page<JobsBatch>, walked: number): void {
    if (following.rows > 0) this.#named = following;
    this.#learn(rows + following.rows, walked, last ?? undefined);
  }

  /** Records that so many positions are known of those requested. If there are fewer, they are the last. */
  #learn(positions: number, asked: number, last: ListCursor | undefined): void {
    this.#walked = undefined;
    this.#left -= positions;
    this.#at = positions < asked ? undefined : last;
  }

  #nextFound(rows: number): PageStatement<JobsBatch> {
    const ids = this.#found.slice(0, rows);
    this.#found = this.#found.slice(rows);
    return this.#withIds({ ids: ids.join(), rows: ids.length });
  }

  #withIds({ ids, rows }: FollowingRows): PageStatement<JobsBatch> {
    this.#rows ??= new Template(
      ROWS,
      batchStatement(this.#jobs, this.#options, { positions: withIds(this.#jobs, ROWS.ids), shown: ROWS.shown }),
    );
    return this.#rows.filled({ ids, shown: rows });
  }

  async #walkOn(after: ListCursor, rows: number, width: number): Promise<PageStatement<JobsBatch>> {
    const shown = Math.min(this.#left, rows);
    if (await this.#hasFound({ after, offset: 0n, limit: shown })) return this.#nextFound(shown);
    const following = width > 1 && this.#isAlongIndex ? Math.min(this.#left - shown, rows) : 0;
    this.#walk ??= new Template(
      WALK,
      batchStatement(this.#jobs, this.#options, {
        positions: newestFirst(this.#jobs, { after: WALK, offset: 0n, limit: WALK.walked }),
        shown: WALK.shown,
        forward: true,
      }),
    );
    this.#walked = shown + following;
    return this.#walk.filled({ startTime: after.startTime, id: after.id, walked: this.#walked, shown });
  }

  /** If no index of SQLite leads to the rows, the column index may find many of them at once. */
  async #hasFound(slice: Slice): Promise<boolean> {
    if (this.#isAlongIndex) return false;
    const most = Math.min(this.#left, MOST_POSITIONS);
    const positions = await this.#find({ kind: 'page ids', jobs: this.#jobs, ...slice, limit: most });
    if (positions === undefined) return false;
    this.#found = positions.map(({ id }) => id);
    this.#learn(positions.length, most, positions.at(-1));
    return true;
  }
}

const WALK = standIns('startTime', 'id', 'walked', 'shown');
const ROWS = standIns('ids', 'shown');

/** The number of rows of this size in a batch. */
export function rowsLike({ bytes, rows }: Page<JobsBatch>, most = BATCH.most): number {
  const rowBytes = Math.max(1, bytes.byteLength / rows);
  return Math.min(most, Math.max(1, Math.floor(BATCH_BYTES / rowBytes)));
}
