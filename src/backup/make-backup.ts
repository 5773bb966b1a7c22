import { existsSync, lstatSync } from 'node:fs';
import { open, readdir, rename, rm, statfs } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { toDisk } from '../archive/file-access.ts';
import { asStartupError } from '../db/startup-errors.ts';
import { StartupError } from '../startup-error.ts';
import { type CopyOptions, Snapshot } from './snapshot.ts';
import { timeInName } from './time-in-name.ts';
import { verify } from './verify.ts';
import { compress } from './zstd-files.ts';

export interface Backup {
  path: string;
  /** Number of jobs in it. */
  jobs: number;
  bytes: number;
}

/** The name of a backup in a folder of backups. Sorted by name, they are sorted by time. */
export function backupName(database: string, now: Date, compressed: boolean): string {
  return `${basename(database, '.db')}-${timeInName(now)}.db${compressed ? '.zst' : ''}`;
}

/**
 * Copies a database that may be in use, checks the copy, and only then gives it its name. The file is readable by its
 * owner alone. Throws StartupError, and leaves nothing behind, if any of this fails.
 */
export async function makeBackup(
  database: string,
  target: string,
  { compressed, ...options }: CopyOptions & { compressed: boolean },
): Promise<Backup> {
  if (lstatSync(target, { throwIfNoEntry: false }) !== undefined) {
    throw new StartupError(`${target} exists already: choose a new name`);
  }
  const copy = `${target}.unfinished`;
  const packed = `${target}.compressing`;
  await createEmpty(copy);
  try {
    await rm(packed, { force: true }); // left by one that was killed
    await copyDatabase(database, copy, options);
    const jobs = await verify(copy, database, options.signal);
    if (compressed) await compress(copy, packed, options.signal);
    const done = compressed ? packed : copy;
    const bytes = await toDisk(done);
    await rename(done, target);
    await toDisk(dirname(target));
    return { path: target, jobs, bytes };
  } finally {
    for (const path of [copy, packed]) await rm(path, { force: true });
  }
}

async function copyDatabase(database: string, copy: string, options: CopyOptions): Promise<void> {
  const snapshot = await asStartupError(database, async () => Snapshot.open(database));
  try {
    await checkSpace(dirname(copy), snapshot.bytes);
    await snapshot.copyTo(copy, options);
  } finally {
    snapshot.close(); // now the log can be emptied again
  }
}

/** The file next to a backup that has the archive's metadata, if it was asked for. */
export function metadataOf(backup: string): string {
  return `${backup.replace(/(\.db)?(\.zst)?$/, '')}.meta.ndjson.zst`;
}

/**
 * Deletes the oldest backups of a database in a folder, except for the `keep` newest, with their metadata. Returns
 * their paths.
 */
export async function deleteOldBackups(database: string, folder: string, keep: number): Promise<string[]> {
  const own = new RegExp(`^${RegExp.escape(basename(database, '.db'))}-\\d{8}T\\d{6}Z\\.db(?:\\.zst)?$`);
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isFile() && own.test(entry.name)).map(({ name }) => name);
  const old = names.sort().slice(0, -keep);
  for (const name of old) {
    await rm(join(folder, name));
    await rm(metadataOf(join(folder, name)), { force: true });
  }
  return old.map((name) => join(folder, name));
}

/** Creates the file with `wx`, so that two backups cannot write to one. */
async function createEmpty(path: string): Promise<void> {
  try {
    await (await open(path, 'wx', 0o600)).close();
  } catch (cause) {
    if (!existsSync(path)) throw cause;
    const why = 'another backup is writing it, or one was killed: if none runs, delete it';
    throw new StartupError(`${path} exists already: ${why}`, { cause });
  }
}

/** Throws StartupError if a copy would not fit. A compressed one needs the space of the other until it is made. */
async function checkSpace(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize >= bytes) return;
  const mb = (value: number) => Math.ceil(value / 2 ** 20).toLocaleString('en-US');
  throw new StartupError(`${folder} has ${mb(bavail * bsize)} MB left, and the backup needs ${mb(bytes)} MB`, {
    fault: 'disk_full',
  });
}
