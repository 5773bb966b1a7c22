import { jobRows } from '../db/job-rows.ts';
import type { Database } from '../db/port.ts';
import type { InsertJobsOutput } from '../db/writes/insert-jobs.ts';
import { within } from '../deadline.ts';
import type { Job, Tag } from '../jobs/job.ts';
import type { BadRecord, ImportBatch, ImportSource } from './batch.ts';

/** The results of all records so far. */
export interface ImportCounts {
  read: number;
  imported: number;
  /** Stored jobs with an open end (db/sql/assumed-end.ts) that the import ended. */
  ended: number;
  /** Jobs already in the database, by job id, cluster and start. They were not changed. */
  alreadyThere: number;
  /** Jobs that have not ended, imported or already in the database. */
  running: number;
  neverStarted: number;
  steps: number;
  bad: number;
  repaired: number;
}

export interface ImportSummary extends ImportCounts {
  /** Tags not added to jobs because their type and name exist in another scope. */
  refusedTags: Tag[];
  /** False if the signal stopped the import. Repeating it adds the missing jobs. */
  complete: boolean;
}

export interface ImportReport {
  /** Called after each batch. `position` increases up to the total of the source. */
  progress(counts: Readonly<ImportCounts>, position: number): void;
  bad(record: BadRecord): void;
}

const ADDED_UP = ['read', 'running', 'neverStarted', 'steps', 'bad', 'repaired'] as const;

/** Prepares jobs, and returns what writes them: the next jobs are prepared while the last are written. */
export type JobWriter = (jobs: readonly Job[]) => () => Promise<InsertJobsOutput>;

/** The time limit of one batch, including the wait for the writer of a file in use. */
const WRITE_LIMIT_MS = 60_000;

function jobWriter(db: Database): JobWriter {
  return (jobs) => {
    const rows = jobRows(jobs);
    return async () => await writeRows(db, rows);
  };
}

/**
 * Writes the jobs of a source in batches, each in its own transaction. Reads the next batch while one is written. Stops
 * between batches when the signal fires. Written batches always stay.
 */
export async function importJobs(
  db: Database | JobWriter,
  source: ImportSource,
  report: ImportReport,
  signal: AbortSignal,
): Promise<ImportSummary> {
  const counts: ImportCounts = {
    read: 0,
    imported: 0,
    ended: 0,
    alreadyThere: 0,
    running: 0,
    neverStarted: 0,
    steps: 0,
    bad: 0,
    repaired: 0,
  };
  const refused = new Map<string, Tag>();
  const finish = (batch: ImportBatch, { inserted, ended, refusedRows, refusedTags }: InsertJobsOutput) => {
    counts.imported += inserted;
    counts.ended += ended;
    counts.alreadyThere += batch.jobs.length - inserted - ended - refusedRows.length;
    for (const kind of ADDED_UP) counts[kind] += batch[kind];
    counts.bad += refusedRows.length;
    for (const tag of refusedTags) refused.set(JSON.stringify(tag), tag);
    for (const record of batch.reasons) report.bad(record);
    for (const at of refusedRows) {
      report.bad({ where: `job ${batch.jobs[at]?.jobId}`, reason: 'breaks a rule of the table of jobs' });
    }
    report.progress(counts, batch.position);
  };
  const writer = typeof db === 'function' ? db : jobWriter(db);
  let writing: Promise<void> = Promise.resolve();
  for await (const batch of source.batches()) {
    const write = writer(batch.jobs);
    await writing;
    if (signal.aborted) break;
    writing = write().then((output) => finish(batch, output));
    // The next round awaits it. Until then its failure must not count as unhandled.
    writing.catch(() => {});
  }
  await writing;
  return { ...counts, refusedTags: [...refused.values()], complete: !signal.aborted };
}

async function writeRows(db: Database, rows: ReturnType<typeof jobRows>): Promise<InsertJobsOutput> {
  if (rows.rows.length === 0) return { inserted: 0, ended: 0, refusedRows: [], refusedTags: [] };
  return await within(WRITE_LIMIT_MS, (deadline) => db.write('insertJobs', rows, deadline));
}
