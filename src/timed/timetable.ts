import type { BatchOutput } from '../db/writes/end-overdue-jobs.ts';
import type { Deadline } from '../deadline.ts';
import type { DeleteCursor } from '../jobs/retention-options.ts';
import { compressArchive, retainArchive } from './archive-tasks.ts';
import { SYNC_DIRECTORY, syncDirectory } from './sync-ldap-accounts.ts';
import type { TimedContext, TimedTask } from './task.ts';

/** Rows per transaction. It takes 10-20 ms, during which other writes wait. */
const BATCH_ROWS = 250;
/** Interval for jobs past their walltime and old node states, for which hours matter. */
const HOUR_SEC = 3_600;

/** All timed work except the check of the file (file-check.ts), with the setting of each piece. */
export const TIMETABLE: readonly TimedTask[] = [
  {
    name: 'moveCachedJobs',
    everySec: ({ JOB_CACHE_S }) => JOB_CACHE_S,
    run: async ({ db, step }) => ({
      moved: (await step((own) => db.write('moveCached', {}, own))).changed,
    }),
  },
  {
    name: 'updateDurations',
    everySec: ({ DURATION_UPDATE_S }) => DURATION_UPDATE_S,
    run: async ({ db, nowSec, step }) => ({
      updated: await inBatches(step, (batch, own) => db.write('updateDurations', { nowSec, ...batch }, own)),
    }),
  },
  {
    name: 'endOverdueJobs',
    trustsClock: true,
    everySec: ({ WALLTIME_GRACE_S }) => (WALLTIME_GRACE_S === 'off' ? 'off' : HOUR_SEC),
    run: async ({ db, settings, nowSec, step }) => {
      const graceSec = settings.WALLTIME_GRACE_S === 'off' ? Number.MAX_SAFE_INTEGER : settings.WALLTIME_GRACE_S;
      const ended = await inBatches(step, (batch, own) =>
        db.write('endOverdueJobs', { nowSec, graceSec, ...batch }, own),
      );
      return { ended };
    },
  },
  {
    name: 'deleteNodeStates',
    trustsClock: true,
    everySec: ({ NODESTATE_RETENTION_H }) => (NODESTATE_RETENTION_H === 'off' ? 'off' : HOUR_SEC),
    run: async ({ db, settings, nowSec, step }) => {
      const hours = settings.NODESTATE_RETENTION_H;
      if (hours === 'off') return {};
      const before = nowSec - hours * HOUR_SEC;
      let deleted = 0;
      for (;;) {
        const { changed } = await step((own) => db.write('deleteNodeStates', { before, limit: BATCH_ROWS }, own));
        deleted += changed;
        if (changed < BATCH_ROWS) return { deleted };
      }
    },
  },
  {
    name: SYNC_DIRECTORY,
    everySec: ({ LDAP_SYNC_S }) => LDAP_SYNC_S,
    run: async ({ db, directory, settings, step }) =>
      directory === undefined ? {} : await syncDirectory({ db, directory, deletes: settings.LDAP_SYNC_DELETE, step }),
  },
  compressArchive,
  retainArchive,
  {
    name: 'optimize',
    everySec: ({ OPTIMIZE_S }) => OPTIMIZE_S,
    run: ({ db, step }) => step((own) => db.maintain('optimize', own)),
  },
  {
    name: 'checkpoint',
    everySec: ({ CHECKPOINT_S }) => CHECKPOINT_S,
    run: ({ db, step }) => step((own) => db.maintain('checkpoint', own)),
  },
];

interface Batch {
  limit: number;
  after: DeleteCursor | undefined;
}

/** Runs batches until the last one. Each has a deadline of its own, so that other writes can run in between. */
async function inBatches(
  step: TimedContext['step'],
  run: (batch: Batch, own: Deadline) => Promise<BatchOutput>,
): Promise<number> {
  let all = 0;
  let after: DeleteCursor | undefined;
  do {
    const { changed, last } = await step((own) => run({ limit: BATCH_ROWS, after }, own));
    all += changed;
    after = last;
  } while (after !== undefined);
  return all;
}
