import { dirname, resolve } from 'node:path';
import type { ConnectionSettings } from '../connection-settings.ts';
import { openLocalDatabase } from '../connections/local-database.ts';
import type { Database } from '../db/port.ts';
import { openRemote } from '../db/remote/open-remote.ts';
import { migrate } from '../db/schema/migrate.ts';
import { asStartupError } from '../db/startup-errors.ts';
import { databaseFile, SettingsSchema } from '../settings.ts';
import { StartupError } from '../startup-error.ts';
import type { CommandIo } from './command.ts';

const LoadSettings = SettingsSchema.pick({ DB_URL: true, DB_TEMP_DIR: true, ARCHIVE_PATH: true });

/** The database and archive into which a command loads jobs. */
export interface LoadTarget {
  /** The absolute path of the file in DB_URL. */
  path: string;
  /** Folder for large temporary files. */
  temporaryRoot: string;
  archivePath: string;
  /** Receives the warnings of the processes. */
  log: { warn(fields: object, message: string): void };
}

/** The settings of a command that loads jobs. Opens nothing. Throws StartupError. */
export function loadTarget({ env, stderr }: CommandIo): LoadTarget {
  const settings = LoadSettings.safeParse(env);
  if (!settings.success) {
    throw new StartupError(settings.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`));
  }
  const { DB_URL, DB_TEMP_DIR, ARCHIVE_PATH } = settings.data;
  const file = databaseFile({ DB_URL });
  if (file === undefined) {
    throw new StartupError(
      'DB_URL must begin with file: for this command: it works on a local file. docs/scaling.md has what to do with a libSQL server',
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

const ArchiveSettings = SettingsSchema.pick({ ARCHIVE_PATH: true });

/** The absolute path of the job archive, for a command that works with a libSQL server, too. Throws StartupError. */
export function archiveOf({ env }: CommandIo): string {
  const settings = ArchiveSettings.safeParse(env);
  if (!settings.success) throw new StartupError('ARCHIVE_PATH is empty: remove it instead');
  return resolve(settings.data.ARCHIVE_PATH);
}

/**
 * The settings of a command's connections. Sizes are larger than in the service, because a command may use the whole
 * machine; 64 MB hold the inner pages of the one index of a bulk load.
 */
const CONNECTION: ConnectionSettings = {
  DB_CACHE_SIZE_MB: 64,
  DB_SOFT_HEAP_LIMIT_MB: 256,
  DB_HARD_HEAP_LIMIT_MB: 512,
};
const GROWTH_MB = 1024;
/** The calls that a command may have at a time. They run one after the other. */
const QUEUE_LIMIT = 16;
const MAX_IDLE_MS = 3_600_000;
/**
 * Limit for the work at the end of a command, including the last checkpoint. After an index of 20 million jobs is
 * built, the checkpoint writes a gigabyte.
 */
const CLOSE_LIMIT_MS = 120_000;

/** Opens the database, creating it if it does not exist, and closes it after `use`. Throws StartupError. */
export async function withDatabase<Result>(
  target: LoadTarget,
  use: (db: Database) => Promise<Result>,
): Promise<Result> {
  await migrate(target.path);
  return await withExisting(target, use);
}

/**
 * Opens an existing database and closes it after `use`. The connections are separate processes, as in the service. They
 * use the same SQLite, the command can react to Ctrl-C while a statement runs, and it prepares jobs while others are
 * written.
 */
export async function withExisting<Result>(
  { path, temporaryRoot, log }: LoadTarget,
  use: (db: Database) => Promise<Result>,
): Promise<Result> {
  const db = await asStartupError(path, () =>
    openLocalDatabase({
      path,
      maxReaders: 1,
      queueLimit: QUEUE_LIMIT,
      callerLimit: QUEUE_LIMIT, // the command is the only caller
      maxIdleMs: MAX_IDLE_MS,
      tempDir: temporaryRoot, // for sorts larger than memory; /tmp may be a memory file system
      settings: CONNECTION,
      growthMb: GROWTH_MB,
      log,
    }),
  );
  try {
    return await use(db);
  } finally {
    await db.close(CLOSE_LIMIT_MS);
  }
}

const ServerSettings = SettingsSchema.pick({ DB_URL: true, DB_AUTH_TOKEN: true });
const SERVER_CLOSE_LIMIT_MS = 5_000;

/** Opens the existing file or libSQL server of DB_URL, and closes it after `use`. Throws StartupError. */
export async function withEither<Result>(io: CommandIo, use: (db: Database) => Promise<Result>): Promise<Result> {
  const server = ServerSettings.safeParse(io.env);
  if (!server.success || databaseFile(server.data) !== undefined) return await withExisting(loadTarget(io), use);
  const { DB_URL: url, DB_AUTH_TOKEN: authToken } = server.data;
  const db = openRemote({ url, authToken, mostAtOnce: QUEUE_LIMIT, width: 1, heartbeat: false });
  try {
    return await use(db);
  } finally {
    await db.close(SERVER_CLOSE_LIMIT_MS);
  }
}
