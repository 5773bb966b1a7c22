import type { MetaChange } from '../archive/change-meta.ts';
import type { Archive } from '../archive/port.ts';
import type { Database } from '../db/port.ts';
import { archiveQueue } from '../db/statements/next-to-archive.ts';
import { within } from '../deadline.ts';

/** Jobs per round. Their job scripts are sent to the archive's process together. */
const JOBS_PER_ROUND = 32;
/** Time limit of one round. */
const ROUND_LIMIT_MS = 30_000;

interface FollowerOptions {
  db: Database;
  archive: Pick<Archive, 'follow'>;
  log: { error(fields: object, message: string): void };
}

export interface ArchiveFollower {
  /** To be called after a possible change. Returns at once. */
  wake(): void;
  /** Waits for the running round. The remaining entries stay in the queue for the next start. */
  stop(): Promise<void>;
}

/**
 * Updates the meta.json of archived jobs after their tags or metadata have changed. The queue of changes is stored in
 * the database, so nothing is lost if the service ends in between. A file that cannot be changed is logged (by the
 * archive) and skipped.
 */
export function followArchive({ db, archive, log }: FollowerOptions): ArchiveFollower {
  let running: Promise<void> | undefined;
  let again = false;
  let stopped = false;
  const run = async () => {
    do {
      again = false;
      while (!stopped && (await round(db, archive)));
    } while (again && !stopped);
  };
  const wake = () => {
    again = true;
    if (running !== undefined || stopped) return;
    running = run()
      .catch((error: unknown) =>
        log.error({ err: error }, 'meta.json files could not be updated: retried at the next change'),
      )
      .finally(() => {
        running = undefined;
      });
  };
  return {
    wake,
    async stop() {
      stopped = true;
      await running;
    },
  };
}

/** Runs one round. Returns false if the queue is empty. */
function round(db: Database, archive: FollowerOptions['archive']): Promise<boolean> {
  return within(ROUND_LIMIT_MS, async (deadline) => {
    const rows = await db.read(archiveQueue(JOBS_PER_ROUND), deadline);
    if (rows.length === 0) return false;
    const changes = rows.flatMap(({ cluster, jobId, startTime, tags, metaData }): MetaChange[] => {
      if (cluster === null || jobId === null || startTime === null) return [];
      return [{ job: { cluster, jobId, startTime: Number(startTime) }, tags, metaData }];
    });
    if (changes.length > 0) await archive.follow(changes, deadline);
    await db.write('archiveFollowed', { jobs: rows.map(({ id, changes: seen }) => ({ id, changes: seen })) }, deadline);
    return true;
  });
}
