import type { Database } from '../../db/port.ts';
import { type Deadline, within } from '../../deadline.ts';
import { EVERY_JOB } from '../../jobs/visibility.ts';
import type { QuestionIndex } from '../index-port.ts';
import { PartitionRow, partitionsBefore, partitionsFrom, type ReadPartition } from './sqlite.ts';

export interface PartitionsOptions {
  db: Database;
  /** Knows all partitions at once. Undefined without a column index. */
  index?: QuestionIndex | undefined;
  /** Milliseconds of a clock that does not jump. */
  now?: () => number;
  /** Jobs per statement. By default as many as are read in a tenth of a second. */
  partJobs?: number;
}

/** All jobs are read again after this time, which finds the partitions that have gone. */
export const FRESH_MS = 3_600_000;
/** All jobs are read again after a failure, or after a Worker has dropped the reading with its request. */
export const RETRY_MS = 60_000;
/** So long after a reading begins, callers wait for the answer of the column index, or for all jobs of a small file. */
export const FIRST_WAIT_MS = 250;
const PART_JOBS = 50_000;
const PART_LIMIT_MS = 30_000;
/** More names than a person would choose from. */
const MOST_OF_CLUSTER = 1_000;
const LAST_ID = 2n ** 63n - 1n;

type Names = Map<string, Set<string>>;

/** A reading of all jobs, newest first. It continues where a failure has stopped it. */
interface Reading {
  readonly names: Names;
  /** The jobs with lower ids are still to be read. */
  before: number | bigint;
  /** The highest id when it began. */
  highest: number | bigint;
}

/**
 * The partitions that the jobs of each cluster name. To find them all is work for seconds, so they are kept: once from
 * the column index, or else by reading all jobs in parts. New jobs are read before each answer. Until all jobs have been
 * read, the answer has the partitions of the newest ones.
 */
export class Partitions {
  readonly #db: Database;
  readonly #index: QuestionIndex | undefined;
  readonly #now: () => number;
  readonly #partJobs: number;
  /** The result of the last complete reading, and what was added since. */
  #known: Pick<Reading, 'names' | 'highest'> | undefined;
  #reading: Reading | undefined;
  #readAll: Promise<void> = Promise.resolve();
  #dueAt = Number.NEGATIVE_INFINITY;
  /** Callers that know nothing yet wait until this time. */
  #waitEndsAt = 0;

  constructor({ db, index, now = () => performance.now(), partJobs = PART_JOBS }: PartitionsOptions) {
    this.#db = db;
    this.#index = index;
    this.#now = now;
    this.#partJobs = partJobs;
  }

  /** Returns the partitions of each cluster, sorted. Does not fail: without the database it has what is known. */
  async all(deadline: Deadline): Promise<ReadonlyMap<string, readonly string[]>> {
    if (this.#now() >= this.#dueAt) this.#begin(deadline);
    if (this.#known === undefined) await this.#first();
    else await this.#addNew(this.#known, deadline).catch(() => {});
    const names = (this.#known ?? this.#reading)?.names ?? new Map<string, Set<string>>();
    return new Map([...names].map(([cluster, partitions]) => [cluster, [...partitions].sort()]));
  }

  #begin({ waitUntil }: Deadline): void {
    this.#dueAt = this.#now() + RETRY_MS;
    this.#waitEndsAt = this.#now() + FIRST_WAIT_MS;
    this.#readAll = this.#readEverything().catch(() => {});
    waitUntil?.(this.#readAll);
  }

  async #first(): Promise<void> {
    const waitMs = this.#waitEndsAt - this.#now();
    if (waitMs <= 0) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const longEnough = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, waitMs);
    });
    await Promise.race([this.#readAll, longEnough]);
    clearTimeout(timer);
  }

  async #readEverything(): Promise<void> {
    this.#reading ??= { names: new Map(), before: LAST_ID, highest: 0 };
    const reading = this.#reading;
    let isLast = false;
    for (let part = 0; !isLast; part += 1) {
      const { before } = reading;
      const rows = await within(PART_LIMIT_MS, (own) => this.#db.read(partitionsBefore(before, this.#partJobs), own));
      addTo(reading.names, rows);
      if (before === LAST_ID) reading.highest = highestOf(rows, 0);
      reading.before = rows.reduce((least, { first }) => (first < least ? first : least), before);
      isLast = jobsOf(rows) < this.#partJobs || (part === 0 && (await this.#addIndexed(reading.names)));
      this.#dueAt = this.#now() + RETRY_MS;
    }
    this.#known = reading;
    this.#reading = undefined;
    this.#dueAt = this.#now() + FRESH_MS;
  }

  /** Adds the partitions that the column index knows. Returns false if it does not answer. */
  async #addIndexed(names: Names): Promise<boolean> {
    const question = { kind: 'partitions', jobs: EVERY_JOB } as const;
    const rows = await within(PART_LIMIT_MS, async (own) => this.#index?.ask(question, own));
    if (rows === undefined) return false;
    addTo(
      names,
      rows.map((row) => PartitionRow.parse(row)),
    );
    return true;
  }

  /** Reads the jobs since the last one. If that one has gone, others may have, and ids may be in use again. */
  async #addNew(known: Pick<Reading, 'names' | 'highest'>, deadline: Deadline): Promise<void> {
    const rows = await this.#db.read(partitionsFrom(known.highest, this.#partJobs), deadline);
    if (rows.length === 0 && known.highest !== 0) this.#dueAt = Math.min(this.#dueAt, this.#now() + RETRY_MS);
    addTo(known.names, rows);
    known.highest = highestOf(rows, known.highest);
  }
}

function addTo(names: Names, rows: readonly { cluster: string; partition: string }[]): void {
  for (const { cluster, partition } of rows) {
    const partitions = names.get(cluster) ?? new Set<string>();
    if (partitions.size < MOST_OF_CLUSTER) partitions.add(partition);
    names.set(cluster, partitions);
  }
}

function highestOf(rows: readonly ReadPartition[], otherwise: number | bigint): number | bigint {
  return rows.reduce((most, { last }) => (last > most ? last : most), otherwise);
}

function jobsOf(rows: readonly ReadPartition[]): number {
  return rows.reduce((sum, { jobs }) => sum + jobs, 0);
}
