import { jobRows } from '../db/job-rows.ts';
import type { Database } from '../db/port.ts';
import type { InsertJobsOutput } from '../db/writes/insert-jobs.ts';
import { within } from '../deadline.ts';
import type { Tag } from '../jobs/job.ts';
import type { BadRecord, ImportBatch, ImportSource } from './batch.ts';

/** What became of every record so far. */
export interface ImportCounts {
  read: number;
  imported: number;
  /** Jobs that were stored as running or suspended, and ended with what was read. */
  ended: number;
  /** Same job id, cluster and start as one in the database, which did not change. */
  alreadyThere: number;
  /** Jobs that have not ended, imported or already there. */
  running: number;
  neverStarted: number;
  steps: number;
  bad: number;
  repaired: number;
}

export interface ImportSummary extends ImportCounts {
  /** Tags not put on jobs, because their type and name exist in another scope. */
  refusedTags: Tag[];
  /** False when the signal ended it. Repeating the import adds what is missing. */
  complete: boolean;
}

export interface ImportReport {
  /** After each batch; `position` runs up to the source's total. */
  progress(counts: Readonly<ImportCounts>, position: number): void;
  bad(record: BadRecord): void;
}

const ADDED_UP = ['read', 'running', 'neverStarted', 'steps', 'bad', 'repaired'] as const;

/** Time for one batch, waiting for the writer of a served file included. */
const WRITE_LIMIT_MS = 60_000;

/**
 * Writes the jobs of a source, batch by batch, each in a transaction of its own; the next batch is read while the last one is
 * written. Stops between batches when the signal fires. What is written stays, whatever happens.
 */
export async function importJobs(
  db: Database,
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
  let writing: Promise<void> = Promise.resolve();
  for await (const batch of source.batches()) {
    const rows = jobRows(batch.jobs);
    await writing;
    if (signal.aborted) break;
    writing = writeRows(db, rows).then((output) => finish(batch, output));
    // It is awaited one batch later; until then its failure must not count as unhandled.
    writing.catch(() => {});
  }
  await writing;
  return { ...counts, refusedTags: [...refused.values()], complete: !signal.aborted };
}

async function writeRows(db: Database, rows: ReturnType<typeof jobRows>): Promise<InsertJobsOutput> {
  if (rows.rows.length === 0) return { inserted: 0, ended: 0, refusedRows: [], refusedTags: [] };
  return await within(WRITE_LIMIT_MS, (deadline) => db.write('insertJobs', rows, deadline));
}
