import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { BadStart } from '../bad-start.ts';
import { buildIndexes } from '../db/bulk.ts';
import type { Database } from '../db/port.ts';
import { checkRemote } from '../db/remote/migrate.ts';
import { openRemote } from '../db/remote/open.ts';
import type { Log } from '../http/env.ts';
import { isInMemory, openPool } from '../pool/pool.ts';
import type { Sizing } from '../pool/sizing.ts';
import type { SpareSlot } from '../pool/spare-slot.ts';
import { databaseFile, type Settings } from '../settings.ts';

export interface DatabaseOptions {
  settings: Settings;
  sizing: Sizing;
  spareSlot: SpareSlot;
  log: Log;
}

/** A database that has yet to be opened: what can be said without touching it has been checked. */
export interface Place {
  /** For people. */
  shown: string;
  open(options: DatabaseOptions): Promise<Database>;
}

/** Where the settings say that the database is. Throws BadStart for a folder or a kind of address that cannot be. */
export async function placeOf(settings: Settings): Promise<Place> {
  if (settings.DB_SYNC_URL !== undefined) {
    throw new BadStart(
      'a replica (DB_SYNC_URL) cannot be served yet: name the libSQL server in DB_URL, or serve a file',
    );
  }
  const path = databaseFile(settings);
  return path === undefined ? serverOf(settings) : await fileAt(resolve(path), settings);
}

function serverOf({ DB_URL: url, DB_AUTH_TOKEN: authToken, DB_QUEUE_LIMIT: mostAtOnce }: Settings): Place {
  const server = { url, authToken };
  return {
    shown: new URL(url).host,
    async open() {
      await checkRemote(server);
      return openRemote({ ...server, mostAtOnce, heartbeat: true });
    },
  };
}

async function fileAt(path: string, settings: Settings): Promise<Place> {
  const tempDir = resolve(settings.DB_TEMP_DIR ?? dirname(path));
  if (settings.DB_TEMP_DIR !== undefined) await checkTempDir(tempDir);
  return {
    shown: path,
    async open({ sizing: { connection }, spareSlot, log }) {
      const db = await openPool({
        path,
        tempDir,
        maxReaders: settings.DB_MAX_CONNECTIONS,
        queueLimit: settings.DB_QUEUE_LIMIT,
        maxIdleMs: settings.DB_MAX_IDLE_S * 1000,
        connection,
        spareSlot,
        log,
      });
      if (isInMemory(tempDir)) {
        log.warn({ tempDir }, 'DB_TEMP_DIR is a memory file system: sorts there take memory nobody counts');
      }
      finishIndexes(db, log);
      return db;
    },
  };
}

/** Sorts are written there; SQLite would silently take another folder for one that is none. Throws BadStart. */
async function checkTempDir(folder: string): Promise<void> {
  const info = await stat(folder).catch(() => undefined);
  if (info?.isDirectory() !== true)
    throw new BadStart(`DB_TEMP_DIR ${folder} is no folder: make it, or correct the setting`);
  await access(folder, constants.W_OK).catch((cause: unknown) => {
    throw new BadStart(`DB_TEMP_DIR ${folder} cannot be written: correct its permissions`, { cause });
  });
}

/** Builds what an import that was cut off owes, while we serve. */
function finishIndexes(db: Database, log: Log): void {
  buildIndexes(db, (name) => log.warn({ name }, 'building an index that an unfinished import left out')).catch(
    (error: unknown) => log.error({ err: error }, 'an index that an unfinished import left out could not be built'),
  );
}
