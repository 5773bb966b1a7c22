import { z } from 'zod';
import { timedWork } from '../db/statements/timed-work.ts';
import type { DeleteCursor } from '../jobs/retention-options.ts';
import { type ArchiveWork, compressEnded, retainEnded, type WorkDone } from './archive-work.ts';
import type { TimedContext, TimedTask } from './task.ts';

/** The names in the record of timed work. A command that does the same work claims the same name. */
export const COMPRESS_ARCHIVE = 'compressArchive';
export const RETAIN_ARCHIVE = 'retainArchive';

/** Ten seconds of work every ten minutes: other timed work waits for it, and the disk is shared with requests. */
const EVERY_SEC = 600;
const RUN_MS = 10_000;
const DAY_SEC = 86_400;
/** Problems of jobs in the log per run. The others are counted. */
const MOST_PROBLEMS = 5;
/** Pieces of free space that are returned to the file system per run, of 4 MB each. */
const MOST_GIVEN_BACK = 10;

/** A pass over all old jobs, which may take many runs. */
const Pass = z.object({
  /** Unix seconds. The next pass begins a day after this one. */
  beganAt: z.int(),
  files: z.int(),
  bytes: z.number(),
  jobs: z.int(),
  failed: z.int(),
  /** Where the next run continues. Undefined at the end of the pass. */
  next: z.object({ startTime: z.string(), id: z.string() }).optional(),
});
type Pass = z.output<typeof Pass>;

export const compressArchive: TimedTask = {
  name: COMPRESS_ARCHIVE,
  everySec: ({ ARCHIVE_COMPRESSION_D }) => (ARCHIVE_COMPRESSION_D === 'off' ? 'off' : EVERY_SEC),
  run: async (context) => {
    const { ARCHIVE_COMPRESSION_D: days } = context.settings;
    if (days === 'off') return {};
    const before = context.nowSec - days * DAY_SEC;
    return await inPasses(context, COMPRESS_ARCHIVE, (work, after) => compressEnded(work, { before, after }));
  },
};

export const retainArchive: TimedTask = {
  name: RETAIN_ARCHIVE,
  trustsClock: true,
  everySec: ({ ARCHIVE_RETENTION }) => (ARCHIVE_RETENTION === 'none' ? 'off' : EVERY_SEC),
  run: async (context) => {
    const { settings, nowSec } = context;
    const { ARCHIVE_RETENTION: policy, ARCHIVE_RETENTION_D: days, ARCHIVE_RETENTION_PATH: target } = settings;
    if (policy === 'none' || days === undefined || (policy === 'move' && target === undefined)) return {};
    const retention = {
      before: nowSec - days * DAY_SEC,
      target: policy === 'move' ? target : undefined,
      omit: settings.ARCHIVE_RETENTION_OMIT_TAGGED,
      keepsJobs: !settings.ARCHIVE_RETENTION_DB,
    };
    return await inPasses(context, RETAIN_ARCHIVE, async (work, after) => {
      const done = await retainEnded(work, { ...retention, after });
      if (done.jobs > 0 && !retention.keepsJobs) await giveBack(context);
      return done;
    });
  },
};

/** Does a run's part of a pass. Returns the pass so far, or the last one if it is too early for another. */
async function inPasses(
  { db, archive, log, signal, nowSec, step }: TimedContext,
  name: string,
  run: (work: ArchiveWork, after: DeleteCursor | undefined) => Promise<WorkDone>,
): Promise<Readonly<Record<string, unknown>>> {
  if (archive === undefined) return {};
  const record = (await step((own) => db.read(timedWork(), own))).find((known) => known.name === name);
  const last = Pass.safeParse(record?.result).data;
  const isRecent = last !== undefined && last.beganAt <= nowSec && nowSec - last.beganAt < DAY_SEC;
  if (isRecent && last.next === undefined) return last;
  const pass: Pass = last?.next === undefined ? { beganAt: nowSec, files: 0, bytes: 0, jobs: 0, failed: 0 } : last;
  const endsAt = performance.now() + RUN_MS;
  let problems = 0;
  const work: ArchiveWork = {
    db,
    archive,
    step,
    shouldStop: () => signal?.aborted === true || performance.now() > endsAt,
    problem(text) {
      if (signal?.aborted) return; // the process of the archive is ended with the service
      problems += 1;
      if (problems <= MOST_PROBLEMS)
        log.warn({ task: name, problem: text }, 'files of a job in the archive were left alone');
    },
  };
  const { next, ...done } = await run(work, pass.next);
  return {
    beganAt: pass.beganAt,
    files: pass.files + done.files,
    bytes: pass.bytes + done.bytes,
    jobs: pass.jobs + done.jobs,
    failed: pass.failed + done.failed,
    ...(next === undefined ? {} : { next }),
  };
}

/** Returns space of deleted jobs to the file system. */
async function giveBack({ db, step }: TimedContext): Promise<void> {
  for (let pieces = 0; pieces < MOST_GIVEN_BACK; pieces += 1) {
    const { freedBytes = 0, leftPages = 0 } = await step((own) => db.maintain('giveBack', own));
    if (freedBytes === 0 || leftPages === 0) return;
  }
}
