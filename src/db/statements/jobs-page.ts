import { offsetOf, type PageRequest, type Place, type Slice } from '../../jobs/order.ts';
import type { VisibleJobs } from '../../jobs/visibility.ts';
import { isAlongIndex, newestFirst } from '../newest-first.ts';
import type { NextPage } from '../pages.ts';
import type { Page } from '../port.ts';
import { parametersBehind } from '../series.ts';
import type { PageStatement } from '../statement.ts';
import { atPlaces, batchesBehind, type JobsBatch, type JobsBatchOptions, jobsBatch } from './jobs-batch.ts';

/** Rows of a batch. The first is smaller: nobody knows yet how large its rows are. Those with metadata hold job scripts. */
const BATCH = { first: 100, firstWithMetadata: 25, most: 500 };
/** A row may have hundreds of KB (ten thousand nodes, a job script), an ordinary one has 600 bytes. */
const BATCH_BYTES = 256 * 1024;

export interface JobsListOptions extends PageRequest, JobsBatchOptions {}

/**
 * The batches of one page of a list, newest first: rows are REST Job objects, each one line of JSON text that ends in
 * `"statistics":null}`. Only the first batch skips rows by number; the others go on behind the last row.
 */
export function jobsPage(jobs: VisibleJobs, options: JobsListOptions): NextPage<JobsBatch> {
  const list = new JobsPage(jobs, options);
  return (before, most = 0) => (before === undefined ? list.first() : list.behind(before, most));
}

/** Places of a batch, those found for the batches behind it, and whether there are no others. */
interface Found {
  taken: readonly Place[];
  rest: readonly Place[];
  isAll: boolean;
}

class JobsPage {
  readonly #jobs: VisibleJobs;
  readonly #options: JobsListOptions;
  readonly #isAlongIndex: boolean;
  /** Rows of the page that have not come yet. */
  #left = 0;
  /** Rows asked for: of the batch that comes next, and of those that follow it in its series. */
  #asked: number[] = [];
  /** What the batch that comes next was made of, where a column index has found its places. */
  #found: Found | undefined;
  #made: ReturnType<typeof batchesBehind> | undefined;

  constructor(jobs: VisibleJobs, options: JobsListOptions) {
    this.#jobs = jobs;
    this.#options = options;
    this.#isAlongIndex = isAlongIndex(jobs);
  }

  first(): PageStatement<JobsBatch> {
    this.#left = this.#options.itemsPerPage;
    const limit = Math.min(this.#left, this.#options.withMetadata ? BATCH.firstWithMetadata : BATCH.first);
    const slice = { offset: offsetOf(this.#options), limit };
    this.#asked = [limit];
    this.#found = undefined;
    return { ...jobsBatch(this.#jobs, this.#options, newestFirst(this.#jobs, slice)), ...this.#orFound(slice) };
  }

  behind(before: Page<JobsBatch>, most: number): PageStatement<JobsBatch> | undefined {
    if (this.#found !== undefined) return this.#behindFound(before, this.#found);
    const [wanted = 0, ...followers] = this.#asked;
    const { last } = before.more;
    this.#left -= before.rows;
    if (this.#left <= 0 || before.rows < wanted || last === null) return undefined;
    if (before.behind !== undefined) this.#asked = followers;
    else this.#asked = limitsOf(this.#left, rowsLike(before), this.#isAlongIndex ? most : 0);
    return this.#batchBehind(last);
  }

  #batchBehind(place: Place): PageStatement<JobsBatch> {
    this.#made ??= batchesBehind(this.#jobs, this.#options);
    const { statement, slots } = this.#made;
    const [limit = 0, ...limits] = this.#asked;
    const parameters = parametersBehind(statement.parameters, slots, place, limit);
    const series = limits.length === 0 ? {} : { series: { limits, slots } };
    return { ...statement, parameters, ...series, ...this.#orFound({ after: place, offset: 0n, limit }) };
  }

  /** A job that has gone since its place was found is left out; the list does not end with it. */
  #behindFound(before: Page<JobsBatch>, { taken, rest, isAll }: Found) {
    this.#left -= taken.length;
    const last = taken.at(-1);
    if (this.#left <= 0 || last === undefined) return undefined;
    const limit = Math.min(this.#left, before.rows === 0 ? taken.length : rowsLike(before));
    if (rest.length > 0) return this.#batchOf(rest, limit, isAll);
    if (isAll) return undefined;
    this.#found = undefined;
    this.#asked = [limit];
    return this.#batchBehind(last);
  }

  /** The places of this batch and of many behind it, since finding a few takes as long. */
  #orFound({ limit, ...slice }: Slice): Pick<PageStatement<JobsBatch>, 'found'> {
    if (this.#isAlongIndex) return {};
    const most = Math.min(this.#left, MOST_PLACES);
    return {
      found: {
        question: { kind: 'places', jobs: this.#jobs, ...slice, limit: most },
        statement: (places) => this.#batchOf(places, limit, places.length < most),
      },
    };
  }

  #batchOf(places: readonly Place[], limit: number, isAll: boolean): PageStatement<JobsBatch> {
    const taken = places.slice(0, limit);
    this.#found = { taken, rest: places.slice(limit), isAll };
    return jobsBatch(this.#jobs, this.#options, atPlaces(taken));
  }
}

/** Found at once: 200 KB of the service's memory. */
const MOST_PLACES = 5_000;

/** A batch of so many rows, and at most so many more. */
function limitsOf(left: number, rows: number, most: number): number[] {
  const batches = Math.min(most + 1, Math.ceil(left / rows));
  return Array.from({ length: batches }, (_, index) => Math.min(rows, left - index * rows));
}

/** How many rows like those of a batch make a batch. */
function rowsLike({ bytes, rows }: Page<JobsBatch>): number {
  const rowBytes = Math.max(1, bytes.byteLength / rows);
  return Math.min(BATCH.most, Math.max(1, Math.floor(BATCH_BYTES / rowBytes)));
}
