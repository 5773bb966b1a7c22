import { isUnended, type Job } from '../jobs/job.ts';
import { jobProblem } from '../jobs/job-bounds.ts';

/** Jobs that cross to the writer together, and the size of what a reader holds. */
export const JOBS_PER_BATCH = 1000;
/** Hosts of a batch: a job of ten thousand nodes takes a megabyte here and another on its way to the writer. */
const HOSTS_PER_BATCH = 20_000;
/** Reasons kept of one batch; the others are counted. */
export const REASONS_KEPT = 20;

/** Something that was not imported. */
export interface BadRecord {
  /** `line 17`, `job 5`, a file. */
  where: string;
  reason: string;
}

/** What a reader has read since its batch before. */
export interface ImportBatch {
  jobs: Job[];
  /** Records looked at, whatever became of them. */
  read: number;
  /** Records of jobs that never ran: pending, or cancelled before their start. */
  neverStarted: number;
  /** Records that are no jobs: steps of jobs. */
  steps: number;
  /** Jobs that have not ended. */
  running: number;
  /** Jobs with text that was no UTF-8; U+FFFD stands for what could not be read. */
  repaired: number;
  bad: number;
  /** The first REASONS_KEPT of the bad ones. */
  reasons: BadRecord[];
  /** How far the reader is, in the unit of its total. */
  position: number;
}

/** Where jobs come from. */
export interface ImportSource {
  /** What `position` ends at (bytes, rows), undefined where that is not known. */
  total: number | undefined;
  batches(): AsyncIterable<ImportBatch>;
  /** What the summary says of all that was read. */
  remarks?(): string[];
}

/** Collects a batch record by record. A job beyond the bounds of fields.ts is a bad record. */
export class BatchBuilder {
  readonly #nowSec: number;
  #batch = emptyBatch();
  #hosts = 0;

  /** `nowSec`: the time of the source, before which its jobs have started. */
  constructor(nowSec = Math.floor(Date.now() / 1000)) {
    this.#nowSec = nowSec;
  }

  get isFull(): boolean {
    return this.#batch.jobs.length >= JOBS_PER_BATCH || this.#hosts >= HOSTS_PER_BATCH;
  }

  /** `where` names the record, as in `bad`. */
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

  /** The batch so far; the next one begins empty. */
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
