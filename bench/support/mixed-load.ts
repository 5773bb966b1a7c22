import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../../src/db/port.ts';
import { type Deadline, startDeadline } from '../../src/deadline.ts';
import { Fault } from '../../src/faults.ts';
import { visibleTo } from '../../src/jobs/visibility.ts';
import { countJobs } from '../../src/questions/count/sqlite.ts';
import { listBatches } from '../../src/questions/list/batches.ts';
import { jobStatistics } from '../../src/questions/statistics/sqlite.ts';
import { END_SEC } from './database.ts';
import { ownJobs } from './jobs.ts';

export const REQUEST_LIMIT_MS = 5_000;
/**
 * The number of clients of each kind, and the pause between two requests of a client. Together they leave the processes
 * time to start.
 */
const READING = 4;
const WRITING = 2;
const PAUSE_MS = 20;
/** Jobs of one user in the last month. */
const MONTH_SEC = 30 * 86_400;

const STAFF = { name: 'bench', roles: new Set(['admin', 'api'] as const), projects: [] };
const EVERYTHING = visibleTo(STAFF);
const MONTH = visibleTo(STAFF, [
  { kind: 'text', field: 'cluster', operator: 'is', values: ['gust'] },
  { kind: 'whole', field: 'start-time', range: { from: BigInt(END_SEC - MONTH_SEC) } },
]);
const LIST = { page: 1, itemsPerPage: 25, withMetadata: false, nowSec: END_SEC };

/** Small and medium reads and single writes through the port, and their results. */
export class MixedLoad {
  readonly acknowledged: number[] = [];
  /** Writes reported as not done. */
  readonly refused: number[] = [];
  readonly unknown: number[] = [];
  readonly readMs: number[] = [];
  readonly faults = new Map<string, number>();
  failedReads = 0;
  longestMs = 0;
  readonly #db: Database;
  readonly #jobs = ownJobs();
  #running = true;
  #ended: Promise<unknown> = Promise.resolve();

  constructor(db: Database) {
    this.#db = db;
  }

  start(): void {
    const many = (count: number, work: () => Promise<void>) => Array.from({ length: count }, () => this.#repeat(work));
    this.#ended = Promise.all([...many(READING, () => this.#read()), ...many(WRITING, () => this.#write())]);
  }

  async stop(): Promise<void> {
    this.#running = false;
    await this.#ended;
  }

  async #repeat(work: () => Promise<void>): Promise<void> {
    while (this.#running) {
      const startedAt = performance.now();
      await work();
      this.longestMs = Math.max(this.longestMs, performance.now() - startedAt);
      await sleep(PAUSE_MS);
    }
  }

  async #read(): Promise<void> {
    const startedAt = performance.now();
    const kind = Math.random();
    try {
      await within(async (deadline) => {
        if (kind < 0.6) {
          const [page] = await listBatches(EVERYTHING, LIST)(undefined);
          if (page !== undefined) await this.#db.readPage(page, deadline);
        } else if (kind < 0.95) await this.#db.read(countJobs(MONTH), deadline);
        else await this.#db.read(jobStatistics(MONTH, { nowSec: END_SEC, shortJobSec: 300 }), deadline);
      });
      this.readMs.push(performance.now() - startedAt);
    } catch (error) {
      this.failedReads++;
      this.#count('read', error);
    }
  }

  async #write(): Promise<void> {
    const { id, input } = this.#jobs.next().value;
    try {
      await within((deadline) => this.#db.write('insertJobs', input, deadline));
      this.acknowledged.push(id);
    } catch (error) {
      const isUnknown = error instanceof Fault && error.code === 'outcome_unknown';
      (isUnknown ? this.unknown : this.refused).push(id);
      this.#count('write', error);
    }
  }

  #count(what: string, error: unknown): void {
    const name = `${what} ${error instanceof Fault ? error.code : String(error)}`;
    this.faults.set(name, (this.faults.get(name) ?? 0) + 1);
  }
}

async function within<Result>(work: (deadline: Deadline) => Promise<Result>): Promise<Result> {
  const deadline = startDeadline(REQUEST_LIMIT_MS);
  try {
    return await work(deadline);
  } finally {
    deadline.clear();
  }
}
