import type { Context } from 'hono';
import type { Page } from '../../db/port.ts';
import type { Deadline } from '../../deadline.ts';
import type { VisibleJobs } from '../../jobs/visibility.ts';
import type { JobsListOptions } from '../../questions/list/batches.ts';
import type { JobsBatch } from '../../questions/list/sqlite.ts';
import { hiddenMetrics } from '../auth/visible-jobs.ts';
import type { AppEnv } from '../env.ts';
import type { UnsentBytes } from '../limits/unsent-bytes.ts';
import { withStatistics } from './archived-statistics.ts';

/** What a stream sends, part by part. */
export interface Batches {
  /** The number of rows so far. */
  readonly rows: number;
  /** Sets the deadline of every batch of rows after the first. */
  goOnWithin(deadline: () => Deadline): void;
  /** Returns the next part, or undefined at the end. */
  next(): Promise<{ bytes: Uint8Array } | undefined>;
  close(): void;
}

const NOT_COUNTED = { add() {}, give() {} };

/**
 * The batches of a list, with the statistics of archived jobs. The first is read within the deadline of the request,
 * each further one within a deadline of its own.
 */
export class JobsList implements Batches {
  rows = 0;
  readonly #held: Pick<UnsentBytes, 'add' | 'give'>;
  readonly #caller: string;
  /** Bytes of batches that were read and that the client has not taken yet. */
  #waiting = 0;
  #taken = 0;
  #closed = false;
  readonly #batches: AsyncGenerator<Page<JobsBatch>, void, void>;
  /** Returns the deadline of the batch that is read next. */
  #deadline: () => Deadline;

  constructor(c: Context<AppEnv>, jobs: VisibleJobs, options: JobsListOptions) {
    const deadline = c.get('deadline');
    const service = c.get('service');
    const held = c.get('held');
    const hidden = hiddenMetrics(c);
    this.#held = service.hasSharedLimits ? held : NOT_COUNTED; // in an isolate the stream itself is counted
    this.#caller = deadline.caller;
    this.#deadline = () => ({ ...deadline, clear() {} }); // the middleware of the request clears it
    this.#batches = c.get('jobs').list(jobs, options, {
      deadline: () => this.#deadline(),
      complete: async (page, own) => {
        const bytes = await withStatistics(page, service.archive, own, hidden);
        this.#hold(bytes.byteLength);
        return { ...page, bytes };
      },
      mayReadAhead: () => held.hasSpareRoom(this.#caller),
    });
  }

  goOnWithin(deadline: () => Deadline): void {
    this.#deadline = deadline;
  }

  async next(): Promise<{ bytes: Uint8Array; rows: number } | undefined> {
    this.#letGo(this.#taken); // a call for the next batch means that the last one was taken
    for (;;) {
      const { value } = await this.#batches.next();
      if (value === undefined) return undefined;
      if (value.rows === 0) continue;
      this.rows += value.rows;
      this.#taken = value.bytes.byteLength;
      return value;
    }
  }

  /** Releases the bytes that the list holds. A batch that is being read ends by its deadline. */
  close(): void {
    this.#closed = true;
    this.#letGo(this.#waiting);
    void this.#batches.return().catch(() => {});
  }

  #hold(bytes: number): void {
    if (this.#closed) return;
    this.#waiting += bytes;
    this.#held.add(bytes, this.#caller);
  }

  #letGo(bytes: number): void {
    this.#waiting -= bytes;
    this.#taken = 0;
    this.#held.give(bytes, this.#caller);
  }
}
