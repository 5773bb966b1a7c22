import type { Context } from 'hono';
import type { Page } from '../../db/port.ts';
import type { Deadline } from '../../deadline.ts';
import type { VisibleJobs } from '../../jobs/visibility.ts';
import type { JobsListOptions } from '../../questions/list/batches.ts';
import type { JobsBatch } from '../../questions/list/sqlite.ts';
import { hiddenMetrics } from '../auth/visible-jobs.ts';
import { ResponseBytes } from '../limits/unsent-bytes.ts';
import type { AppEnv } from '../service.ts';
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
  /** Bytes of batches that were read and that the client has not taken yet. */
  readonly #unsent: ResponseBytes;
  #taken = 0;
  readonly #batches: AsyncGenerator<Page<JobsBatch>, void, void>;
  /** Returns the deadline of the batch that is read next. */
  #deadline: () => Deadline;

  constructor(c: Context<AppEnv>, jobs: VisibleJobs, options: JobsListOptions) {
    const deadline = c.get('deadline');
    const service = c.get('service');
    const held = c.get('held');
    const hidden = hiddenMetrics(c);
    // In an isolate the stream itself is counted.
    this.#unsent = new ResponseBytes(service.hasSharedLimits ? held : NOT_COUNTED, deadline.caller);
    this.#deadline = () => ({ ...deadline, clear() {} }); // the middleware of the request clears it
    this.#batches = c.get('jobs').list(jobs, options, {
      deadline: () => this.#deadline(),
      complete: async (page, own) => {
        const bytes = await withStatistics(page, service.archive, own, hidden);
        this.#unsent.add(bytes.byteLength);
        return { ...page, bytes };
      },
      mayReadAhead: () => held.hasSpareRoom(deadline.caller),
    });
  }

  goOnWithin(deadline: () => Deadline): void {
    this.#deadline = deadline;
  }

  async next(): Promise<{ bytes: Uint8Array; rows: number } | undefined> {
    this.#unsent.give(this.#taken); // a call for the next batch means that the last one was taken
    this.#taken = 0;
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
    this.#unsent.close();
    void this.#batches.return().catch(() => {});
  }
}
