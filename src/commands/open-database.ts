import { dirname, resolve } from 'node:path';
import { beginning } from '../bad-file.ts';
import { BadStart } from '../bad-start.ts';
import { openInProcess } from '../db/in-process.ts';
import { migrate } from '../db/migrate.ts';
import type { Database } from '../db/port.ts';
import { databaseFile, SettingsSchema } from '../settings.ts';
import type { CommandIo } from './command.ts';

const LoadSettings = SettingsSchema.pick({ DB_URL: true, DB_TEMP_DIR: true, ARCHIVE_PATH: true });

/** Where a command loads jobs into. */
export interface LoadTarget {
  /** The file of DB_URL, absolute. */
  path: string;
  /** Where large temporary files may lie. */
  temporaryRoot: string;
  archivePath: string;
}

/** The settings of a command that loads jobs. Nothing is opened yet. Throws BadStart. */
export function loadTarget({ env }: CommandIo): LoadTarget {
  const settings = LoadSettings.safeParse(env);
  if (!settings.success) {
    throw new BadStart(settings.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`));
  }
  const { DB_URL, DB_TEMP_DIR, ARCHIVE_PATH } = settings.data;
  const file = databaseFile({ DB_URL });
  if (file === undefined) {
    throw new BadStart(
      'DB_URL must begin with file: here: load a local file, then put it where the libSQL server serves it (docs/scaling.md)',
    );
  }
  const path = resolve(file);
  return { path, temporaryRoot: resolve(DB_TEMP_DIR ?? dirname(path)), archivePath: resolve(ARCHIVE_PATH) };
}

/**
 * Opens the database, making it if there is none, and closes it behind `use`. Throws BadStart. On a connection of this
 * process: 27,000 generated jobs/s where a writer process behind the pool takes 22,000 (2 cores; the rows have to cross), and
 * the memory goes with the command.
 */
export async function withDatabase<Result>(
  { path, temporaryRoot }: LoadTarget,
  use: (db: Database) => Promise<Result>,
): Promise<Result> {
  await migrate(path);
  // Where SQLite sorts for an index that does not fit into memory; /tmp may be a memory file system.
  // biome-ignore lint/style/noProcessEnv: SQLite reads the folder of its temporary files from the environment alone
  process.env['SQLITE_TMPDIR'] = temporaryRoot;
  const db = await beginning(path, () => openInProcess(path));
  try {
    return await use(db);
  } finally {
    await db.close(CLOSE_LIMIT_MS);
  }
}

const CLOSE_LIMIT_MS = 5000;
