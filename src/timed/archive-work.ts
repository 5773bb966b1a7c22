import type { ArchiveUpkeep, Upkept } from '../archive/upkeep-port.ts';
import type { Database } from '../db/port.ts';
import { type EndedJobs, endedJobs } from '../db/statements/jobs-for-archive-upkeep.ts';
import type { Deadline } from '../deadline.ts';
import type { DeleteCursor, OmitTagged } from '../jobs/retention-options.ts';

/** Jobs examined with one statement. */
const SLICE_JOBS = 250;

export interface ArchiveWork {
  readonly db: Database;
  readonly archive: ArchiveUpkeep;
  /** Looks at the files and changes nothing, like an `archive` made for it. */
  readonly isDryRun?: boolean;
  /** Runs one small transaction within a time limit. */
  step<Result>(run: (deadline: Deadline) => Promise<Result>): Promise<Result>;
  /** Looked at after each job. */
  shouldStop(): boolean;
  /** Receives what could not be done for a job. */
  problem(text: string): void;
  /** Called after each job with the counts so far. */
  progress?(counts: Readonly<WorkCounts>): void;
}

export interface WorkCounts {
  /** Jobs whose files were compressed, moved or deleted. */
  files: number;
  /** Bytes that became free in the archive. */
  bytes: number;
  /** Jobs that were deleted from the database, or marked as not archived. */
  jobs: number;
  /** Jobs that stay as they are because of a problem. */
  failed: number;
}

export interface WorkDone extends WorkCounts {
  /** The last job examined, after which the work continues. Undefined after the last job. */
  next: DeleteCursor | undefined;
}

interface Part {
  /** Unix seconds. Only jobs that ended earlier are touched. */
  readonly before: number;
  readonly after: DeleteCursor | undefined;
}

/** Compresses the metric data of jobs that ended before a time, oldest first. */
export async function compressEnded(work: ArchiveWork, part: Part): Promise<WorkDone> {
  const selection = { ...part, omit: 'none', which: 'all' } as const;
  return await forEnded(work, selection, (job) => work.archive.compress(job));
}

export interface Retention extends Part {
  /** The archive to which the files are moved. Undefined: they are deleted. */
  readonly target: string | undefined;
  readonly omit: OmitTagged;
  /** Whether the jobs stay in the database. */
  readonly keepsJobs: boolean;
}

/**
 * Moves or deletes the files of jobs that ended before a time, oldest first, then their rows. A job without files in
 * the archive is done with them: the work may have been interrupted before its row was written.
 */
export async function retainEnded(work: ArchiveWork, { target, keepsJobs, ...part }: Retention): Promise<WorkDone> {
  if (target !== undefined) await work.archive.checkTarget(target);
  const retain = (job: ArchivedJob) =>
    target === undefined ? work.archive.remove(job) : work.archive.move(job, target);
  return await forEnded(work, { ...part, which: keepsJobs ? 'monitored' : 'all' }, retain, async (ids) => {
    await work.archive.check(); // without the archive, every job would seem to be done
    if (work.isDryRun) return ids.length;
    return (await work.step((own) => work.db.write('leftArchive', { ids, keepsJobs }, own))).changed;
  });
}

interface ArchivedJob {
  cluster: string;
  jobId: number | bigint;
  startTime: number;
}

async function forEnded(
  work: ArchiveWork,
  selection: Part & Pick<EndedJobs, 'omit' | 'which'>,
  each: (job: ArchivedJob) => Promise<Upkept>,
  written: (ids: readonly string[]) => Promise<number> = async () => 0,
): Promise<WorkDone> {
  await work.archive.check();
  const counts: WorkCounts = { files: 0, bytes: 0, jobs: 0, failed: 0 };
  let next = selection.after;
  for (;;) {
    const part = { ...selection, after: next, limit: SLICE_JOBS };
    const rows = await work.step((own) => work.db.read(endedJobs(part), own));
    const done: string[] = [];
    let stopped = false;
    try {
      for (const { id, startTime, cluster, jobId, isSelected } of rows) {
        if (isSelected !== 0) {
          const upkept = await each({ cluster, jobId, startTime: Number(startTime) });
          if ('problem' in upkept) {
            counts.failed += 1;
            work.problem(upkept.problem);
          } else {
            if (upkept.bytes > 0) counts.files += 1;
            counts.bytes += upkept.bytes;
            done.push(id);
          }
          work.progress?.(counts);
        }
        next = { startTime, id };
        stopped = work.shouldStop();
        if (stopped) break;
      }
    } finally {
      // Also of a slice that failed: what was done is recorded.
      if (done.length > 0) counts.jobs += await written(done);
    }
    if (stopped) return { ...counts, next };
    if (rows.length < SLICE_JOBS) return { ...counts, next: undefined };
  }
}
