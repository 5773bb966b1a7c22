import { constants, existsSync } from 'node:fs';
import { access, chmod, chown, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { toDisk } from '../archive/file-access.ts';
import { checkNoReplica } from '../db/schema/schema-check.ts';
import { StartupError } from '../startup-error.ts';
import { checkUnused, takeOutOfUse } from './database-in-use.ts';
import { timeInName } from './time-in-name.ts';
import { verify } from './verify.ts';
import { extract } from './zstd-files.ts';

/** What SQLite, DuckDB and the service name after the database. None of it may stay beside another database. */
const COMPANIONS = ['-wal', '-shm', '-journal', '.columns', '.columns.wal'];

export interface Restored {
  /** Number of jobs in the restored database. */
  jobs: number;
  /** The folder of what was there before. */
  replaced: string | undefined;
}

/**
 * Makes a backup the database at `path`. The backup stays as it is, and so does the database until the copy of the
 * backup next to it has been checked. `progress` gets the bytes of the backup that have been read. Throws StartupError.
 */
export async function restoreBackup(
  backup: string,
  path: string,
  signal: AbortSignal,
  progress: (readBytes: number) => void = () => {},
): Promise<Restored> {
  checkNoReplica(path);
  const folder = dirname(path);
  await access(folder, constants.W_OK);
  if (existsSync(path)) checkUnused(path); // before the work that would be in vain
  const copy = `${path}.restoring`;
  if (existsSync(copy)) {
    throw new StartupError(
      `${copy} exists already: another restore is writing it, or one was killed: if none runs, delete it`,
    );
  }
  try {
    await extract(backup, copy, signal, progress);
    const jobs = await verify(copy, backup, signal);
    const replaced = await putInPlace(copy, path);
    await toDisk(folder);
    return { jobs, replaced };
  } finally {
    await rm(copy, { force: true });
  }
}

async function putInPlace(copy: string, path: string): Promise<string | undefined> {
  if (!existsSync(path)) {
    await chmod(copy, 0o640);
    await rename(copy, path);
    return undefined;
  }
  const release = takeOutOfUse(path);
  try {
    const { uid, gid, mode } = await stat(path);
    await chmod(copy, mode & 0o777);
    if (process.geteuid?.() === 0) await chown(copy, uid, gid); // only root may, and only root needs it
    const replaced = await moveAside(path);
    await rename(copy, path);
    return replaced;
  } finally {
    release();
  }
}

/** Moves a database and what belongs to it into a new folder next to it. */
async function moveAside(path: string): Promise<string> {
  const aside = await mkdtemp(`${path}.replaced-${timeInName(new Date())}-`); // with mode 0700
  const own = new Set(['', ...COMPANIONS].map((suffix) => basename(path) + suffix));
  const names = (await readdir(dirname(path))).filter((name) => own.has(name));
  for (const name of names) await rename(join(dirname(path), name), join(aside, name));
  return aside;
}
