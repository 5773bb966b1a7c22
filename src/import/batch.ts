import type { Job } from '../jobs/job.ts';
import { isUnended } from '../jobs/job-enums.ts';
import { jobProblem } from '../jobs/job-validation.ts';

/** The number of jobs sent to the writer together, which limits the memory of a reader. */
export const JOBS_PER_BATCH = 1000;
/** The number of hosts in a batch. A job on ten thousand nodes takes a megabyte here and one more on its way. */
const HOSTS_PER_BATCH = 20_000;
/** The number of reasons kept per batch. Other bad records are only counted. */
export const REASONS_KEPT = 20;

/** A record that was not imported. */
export interface BadRecord {
  /** `line 17`, `job 5` or a file. */
  where: string;
  reason: string;
}

/** The jobs and counts that a reader has collected since the last batch. */
export interface ImportBatch {
  jobs: Job[];
  /** All records, including those not imported. */
  read: number;
  /** Records of jobs that never ran: pending, or cancelled before their start. */
  neverStarted: number;
  /** Records of steps, which are not jobs. */
  steps: number;
  /** Jobs that have not ended. */
  running: number;
  /** Jobs with invalid UTF-8, which was replaced by U+FFFD. */
  repaired: number;
  bad: number;
  /** The reasons of the first REASONS_KEPT bad records. */
  reasons: BadRecord[];
  /** The progress of the reader, in the unit of `total`. */
  position: number;
}

/** A source of jobs to import. */
export interface ImportSource {
  /** The last `position` (bytes or rows), undefined if unknown. */
  total: number | undefined;
  batches(): AsyncIterable<ImportBatch>;
  /** The clusters that it has added to an archive that was there before: a running service does not know them. */
  addedClusters?: readonly string[];
  /** Returns lines for the summary about all records. */
  remarks?(): string[];
}

/** Collects a batch record by record. A job that exceeds the bounds of fields.ts is a bad record. */
export class BatchBuilder {
  readonly #nowSec: number;
  #batch = emptyBatch();
  #hosts = 0;

  /** `nowSec` is the time of the source. Its jobs have started before then. */
  constructor(nowSec = Math.floor(Date.now() / 1000)) {
    this.#nowSec = nowSec;
  }

  get isFull(): boolean {
    return this.#batch.jobs.length >= JOBS_PER_BATCH || this.#hosts >= HOSTS_PER_BATCH;
  }

  /** Adds a job. `where` names the record, as in `bad`. */
  job(job: Job, repaired: boolean, where: string): void {
    const problem = jobProblem(job, this.#nowSec);
    if (problem !== undefined) {
      this.bad(where, problem);
      return;
    }
    this.#batch.read++;
    this.#batch.jobs.push(job);
    this.#hosts += job.resources.length;
    if (isUnended(job.jobState)) this.#batch.running++;
    if (repaired) this.#batch.repaired++;
  }

  skipped(kind: 'neverStarted' | 'steps'): void {
    this.#batch.read++;
    this.#batch[kind]++;
  }

  bad(where: string, reason: string): void {
    this.#batch.read++;
    this.#batch.bad++;
    if (this.#batch.reasons.length < REASONS_KEPT) this.#batch.reasons.push({ where, reason });
  }

  /** Returns the batch and starts a new one. */
  take(position: number): ImportBatch {
    const batch = { ...this.#batch, position };
    this.#batch = emptyBatch();
    this.#hosts = 0;
    return batch;
  }
}

function emptyBatch(): ImportBatch {
  return { jobs: [], read: 0, neverStarted: 0, steps: 0, running: 0, repaired: 0, bad: 0, reasons: [], position: 0 };
}
