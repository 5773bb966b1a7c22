import { copyFile, mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { StartupError } from '../../startup-error.ts';
import { readOnlyUri, Sqlite } from '../driver/node-sqlite.ts';

/** A job database of another program, opened for reading only. */
export interface ForeignFile {
  connection: Sqlite;
  /** Throws StartupError if the file was written to since it was opened, because the rows may then be inconsistent. */
  checkUnchanged(): Promise<void>;
  close(): Promise<void>;
}

/** How often a copy is repeated if the file was written to during the copy. */
const COPY_ATTEMPTS = 3;

/**
 * Opens a SQLite file without touching it or its folder. `immutable=1` takes no lock and creates no side files (in WAL
 * mode, `mode=ro` would). If a write-ahead log contains pages that are not in the file yet, both are copied to
 * `temporaryRoot` and the copy is opened. Throws StartupError.
 */
export async function openForeign(path: string, temporaryRoot: string): Promise<ForeignFile> {
  const before = await stampOf(path);
  if (before === undefined) throw new StartupError(`${path} cannot be read: check the path`);
  if ((await stampOf(`${path}-wal`))?.size) return await openCopy(path, temporaryRoot);
  const connection = new Sqlite(readOnlyUri(path, '&immutable=1'), { readOnly: true });
  return {
    connection,
    async checkUnchanged() {
      if (!isSame(before, await stampOf(path)) || (await stampOf(`${path}-wal`))?.size) {
        throw new StartupError(`${path} changed during the import: import it again, preferably from a copy`);
      }
    },
    close: async () => connection.close(),
  };
}

async function openCopy(path: string, temporaryRoot: string): Promise<ForeignFile> {
  await mkdir(temporaryRoot, { recursive: true });
  const folder = await mkdtemp(join(temporaryRoot, 'cc-jobs-import-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    const copy = join(folder, 'job.db');
    for (let attempt = 1; !(await copyUnchanged(path, copy)); attempt++) {
      if (attempt === COPY_ATTEMPTS) {
        throw new StartupError(
          `another program is writing to ${path}: stop it, or import a copy made with 'sqlite3 ${path} .backup'`,
        );
      }
    }
    const connection = new Sqlite(copy);
    const close = () => {
      connection.close();
      return remove();
    };
    return { connection, checkUnchanged: async () => {}, close };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Copies the file and its log. Returns false if one of them changed during the copy, as they may not match then. */
async function copyUnchanged(path: string, copy: string): Promise<boolean> {
  const stamps = () => Promise.all([stampOf(path), stampOf(`${path}-wal`)]);
  const [file, log] = await stamps();
  await copyFile(path, copy);
  await copyFile(`${path}-wal`, `${copy}-wal`);
  const [fileAfter, logAfter] = await stamps();
  return isSame(file, fileAfter) && isSame(log, logAfter);
}

interface Stamp {
  size: number;
  mtimeMs: number;
}

async function stampOf(path: string): Promise<Stamp | undefined> {
  return await stat(path).catch(() => undefined);
}

function isSame(one: Stamp | undefined, other: Stamp | undefined): boolean {
  return one?.size === other?.size && one?.mtimeMs === other?.mtimeMs;
}
