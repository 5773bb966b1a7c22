import type { MetaChange } from '../archive/change-meta.ts';
import type { Archive } from '../archive/port.ts';
import type { Database } from '../db/port.ts';
import { archiveQueue } from '../db/statements/archive-queue.ts';
import { within } from '../deadline.ts';

/** Jobs of one round: their job scripts cross to the archive's process together. */
const JOBS_PER_ROUND = 32;
/** For a round. */
const ROUND_LIMIT_MS = 30_000;

interface FollowerOptions {
  db: Database;
  archive: Archive;
  log: { error(fields: object, message: string): void };
}

export interface ArchiveFollower {
  /** Says that something may have changed. Returns at once. */
  wake(): void;
  /** Waits for the round that runs; what is left stays in the queue for the next start. */
  stop(): Promise<void>;
}

/**
 * Lets the meta.json of archived jobs follow their tags and metadata. What has to follow stands in a queue in the database, so a
 * service that ends in between loses nothing; a file that cannot be changed is logged (by the archive) and passed over.
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

/** One round. False when the queue is empty. */
function round(db: Database, archive: Archive): Promise<boolean> {
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
