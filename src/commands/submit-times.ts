import { setTimeout as sleep } from 'node:timers/promises';
import { within } from '../deadline.ts';
import { type Command, noArguments } from './command.ts';
import { loadTarget, withExisting } from './open-database.ts';
import { Progress, whole } from './progress.ts';

/** Jobs of one transaction. */
const BATCH_JOBS = 1000;
/** Between two transactions others get the lock: a service that waits for it tries every 5 ms. */
const PAUSE_MS = 10;
/** For one small transaction, the wait for the lock included. */
const STEP_LIMIT_MS = 60_000;

export const submitTimesCommand: Command = {
  usage: `cc-jobs submit-times
    no arguments

cc-backend never stores when a job was submitted; its adapter for Slurm reports it as submitTime of the metadata. Stores
it in the column submit_time of the jobs in DB_URL that have no submit time there. The service may be running. Ctrl-C
stops it between two transactions; run it again to continue.`,
  isBackground: true,
  async run(args, io) {
    noArguments(args);
    return await withExisting(loadTarget(io), async (db) => {
      const progress = new Progress(io.stderr, undefined);
      let changed = 0;
      let after: string | undefined;
      do {
        const batch = { after, limit: BATCH_JOBS };
        const done = await within(STEP_LIMIT_MS, (deadline) => db.write('fillSubmitTimes', batch, deadline));
        changed += done.changed;
        after = done.last;
        progress.counted('submit times stored', changed);
        if (after !== undefined) await sleep(PAUSE_MS);
      } while (after !== undefined && !io.signal.aborted);
      const begin = after === undefined ? '' : 'stopped (run it again to continue): ';
      const words = `${begin}${whole(changed)} submit times stored, ${progress.elapsedSec.toFixed(1)} s`;
      progress.ended(words, { stored: changed });
      return after === undefined ? 0 : 1;
    });
  },
};
