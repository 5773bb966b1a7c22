/** The folder of a job, for work that removes files from it. */
import type { Dirent } from 'node:fs';
import { lstat, readdir, rmdir, unlink } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { hasCode, ifThere, isTemporary, toDisk } from './file-access.ts';
import { type ArchiveJob, JOB_FILES, jobFolder } from './layout.ts';

/** A folder that is not as cc-backend and cc-jobs write it. It stays as it is, and the message has the reason. */
export class OddFolder extends Error {
  override readonly name = 'OddFolder';
}

/**
 * The folder of a job. Undefined if the job has none. Throws OddFolder if a link leads to it, because what is removed
 * there would be removed elsewhere, and if the cluster has no cluster.json: its file system may not be mounted.
 */
export async function ownFolder(root: string, job: ArchiveJob): Promise<string | undefined> {
  const folder = jobFolder(root, job);
  if (folder === undefined) return undefined;
  let path = root;
  for (const [level, name] of relative(root, folder).split(sep).entries()) {
    path = join(path, name);
    const stats = await ifThere(lstat(path));
    if (stats === undefined) return undefined;
    if (!stats.isDirectory()) throw new OddFolder(`${path} is ${stats.isSymbolicLink() ? 'a link' : 'not a folder'}`);
    if (level === 0 && (await ifThere(lstat(join(path, 'cluster.json')))) === undefined)
      throw new OddFolder(`${path} has no cluster.json: is its file system mounted?`);
  }
  return folder;
}

/**
 * The names of the files in a job's folder, in the order of their removal. Temporary files of an interrupted write are
 * last. Throws OddFolder if it has anything else.
 */
export async function namesOfJob(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const odd = entries.find((entry) => !isOwn(entry));
  if (odd !== undefined) throw new OddFolder(`${join(folder, odd.name)} is not a file of a job`);
  const names = entries.map(({ name }) => name);
  return [...JOB_FILES.filter((name) => names.includes(name)), ...names.filter(isTemporary)];
}

function isOwn(entry: Dirent): boolean {
  return entry.isFile() && (JOB_FILES.includes(entry.name) || isTemporary(entry.name));
}

/**
 * Removes these files of a job's folder, then the folder, and the folders above it up to the cluster if they are empty.
 */
export async function removeFiles(folder: string, names: readonly string[]): Promise<void> {
  for (const name of names) await unlink(join(folder, name)).catch(unlessGone);
  await rmdir(folder).catch(unlessGone);
  await afterRemoval(folder);
}

/**
 * To be called when a job's folder is gone. It does not come back after a crash, and empty folders above it go, too.
 */
export async function afterRemoval(folder: string): Promise<void> {
  const low = dirname(folder);
  await toDisk(low).catch(unlessGone);
  for (const above of [low, dirname(low)]) {
    const isRemoved = await rmdir(above).then(
      () => true,
      (error: unknown) => {
        if (hasCode(error, 'ENOTEMPTY', 'EEXIST')) return false;
        return unlessGone(error);
      },
    );
    if (!isRemoved) return;
  }
}

function unlessGone(error: unknown): true {
  if (hasCode(error, 'ENOENT')) return true;
  throw error;
}
