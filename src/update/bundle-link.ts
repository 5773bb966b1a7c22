import { randomUUID } from 'node:crypto';
import { lstat, readdir, realpath, rename, rm, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Sqlite } from '../db/driver/node-sqlite.ts';
import { SQLITE, sqliteCode } from '../db/driver/sqlite-faults.ts';
import { StartupError } from '../startup-error.ts';

/** The link next to a bundle that leads to it. Throws StartupError if there is none, or more than one. */
export async function linkTo(folder: string): Promise<string> {
  const next = dirname(folder);
  const links: string[] = [];
  for (const name of await readdir(next)) {
    const path = join(next, name);
    if ((await lstat(path)).isSymbolicLink() && (await realpath(path).catch(() => undefined)) === folder)
      links.push(path);
  }
  const [link, ...more] = links;
  if (link !== undefined && more.length === 0) return link;
  throw new StartupError(
    link === undefined
      ? `no link in ${next} leads to ${basename(folder)}: make one with ln -s, and start the service through it`
      : `several links lead to ${folder} (${links.map((path) => basename(path)).join(', ')}): keep one`,
  );
}

/** Lets a link lead to another folder next to it, in one step: it leads to the one or the other at any moment. */
export async function lead(link: string, folder: string): Promise<void> {
  const unfinished = `${link}.${randomUUID()}`;
  await symlink(basename(folder), unfinished);
  try {
    await rename(unfinished, link);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
}

/**
 * Keeps other updates out of a folder until the returned function is called. A lock of SQLite ends with its process.
 * Throws StartupError if another update runs.
 */
export function lockUpdates(folder: string): () => void {
  const db = new Sqlite(join(folder, '.cc-jobs-update.lock'));
  try {
    db.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    db.close();
    if (sqliteCode(error) !== SQLITE.BUSY) throw error;
    throw new StartupError(`another update runs in ${folder}: wait until it has ended`);
  }
  return () => db.close();
}
