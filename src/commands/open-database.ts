import { dirname, resolve } from 'node:path';
import { openPool } from '../connections/pool.ts';
import type { Database } from '../db/port.ts';
import { migrate } from '../db/schema/migrate.ts';
import { asStartupError } from '../db/startup-errors.ts';
import { databaseFile, SettingsSchema } from '../settings.ts';
import { StartupError } from '../startup-error.ts';
import type { CommandIo } from './command.ts';

const LoadSettings = SettingsSchema.pick({ DB_URL: true, DB_TEMP_DIR: true, ARCHIVE_PATH: true });

/** Where a command loads jobs into. */
export interface LoadTarget {
  /** The file of DB_URL, absolute. */
  path: string;
  /** Where large temporary files may lie. */
  temporaryRoot: string;
  archivePath: string;
  /** What its processes have to say. */
  log: { warn(fields: object, message: string): void };
}

/** The settings of a command that loads jobs. Nothing is opened yet. Throws StartupError. */
export function loadTarget({ env, stderr }: CommandIo): LoadTarget {
  const settings = LoadSettings.safeParse(env);
  if (!settings.success) {
    throw new StartupError(settings.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`));
  }
  const { DB_URL, DB_TEMP_DIR, ARCHIVE_PATH } = settings.data;
  const file = databaseFile({ DB_URL });
  if (file === undefined) {
    throw new StartupError(
      'DB_URL must begin with file: for this command: load a local file, then move it to the libSQL server (docs/scaling.md)',
    );
  }
  const path = resolve(file);
  return {
    path,
    temporaryRoot: resolve(DB_TEMP_DIR ?? dirname(path)),
    archivePath: resolve(ARCHIVE_PATH),
    log: { warn: (_fields, message) => void stderr.write(`${message}\n`) },
  };
}

/** One connection of a command, MB: it has the machine to itself, and 64 MB hold the inner pages of the one index of a bulk load. */
const CONNECTION = { cacheMb: 64, softHeapMb: 256, hardHeapMb: 512, baseMb: 44, growthMb: 1024 };
/** A command asks one thing after the other. */
const QUEUE_LIMIT = 16;
const MAX_IDLE_MS = 3_600_000;
/** For what runs when a command ends, the last checkpoint included: that of a fresh index of 20 million jobs writes a gigabyte. */
const CLOSE_LIMIT_MS = 120_000;

/** Opens the database, making it if there is none, and closes it after `use`. Throws StartupError. */
export async function withDatabase<Result>(
  target: LoadTarget,
  use: (db: Database) => Promise<Result>,
): Promise<Result> {
  await migrate(target.path);
  return await withExisting(target, use);
}

/**
 * The same for a file that must be there. Its connections are processes of their own, as in the service: they write with the same SQLite,
 * a Ctrl-C is heard while a statement runs, and jobs are made ready while others are written.
 */
export async function withExisting<Result>(
  { path, temporaryRoot, log }: LoadTarget,
  use: (db: Database) => Promise<Result>,
): Promise<Result> {
  const db = await asStartupError(path, () =>
    openPool({
      path,
      maxReaders: 1,
      queueLimit: QUEUE_LIMIT,
      callerLimit: QUEUE_LIMIT, // a command is its only caller
      maxIdleMs: MAX_IDLE_MS,
      tempDir: temporaryRoot, // for sorts that do not fit into memory; /tmp may be a memory file system
      connection: CONNECTION,
      log,
    }),
  );
  try {
    return await use(db);
  } finally {
    await db.close(CLOSE_LIMIT_MS);
  }
}
