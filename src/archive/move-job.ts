import { constants } from 'node:fs';
import { copyFile, lstat, mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { haveSameBytes } from './compare-files.ts';
import { hasCode, ifThere, temporaryIn, toDisk } from './file-access.ts';
import { afterRemoval, namesOfJob, OddFolder, removeFiles } from './remove-job-files.ts';

/**
 * Moves the folder of a job to another place, which may be on another file system: then each file is copied, is on disk
 * and is compared before the first one is removed. A move that was interrupted is continued. Throws OddFolder if the
 * other place has a file of this name with other content; then nothing was removed.
 */
export async function moveFolder(folder: string, to: string): Promise<void> {
  const names = await namesOfJob(folder);
  await mkdir(dirname(to), { recursive: true });
  if (!(await renamed(folder, to))) {
    await mkdir(to, { recursive: true });
    // The meta.json last: a job with a meta.json is complete.
    for (const name of names.toReversed()) await copyOnce(join(folder, name), join(to, name));
    await toDisk(to);
    await toDisk(dirname(to));
    return await removeFiles(folder, names);
  }
  await toDisk(dirname(to));
  await afterRemoval(folder);
}

/**
 * Renames a file or a folder. False if it must be copied: the place is on another file system, or has some of the files
 * already.
 */
export async function renamed(folder: string, to: string): Promise<boolean> {
  try {
    await rename(folder, to);
    return true;
  } catch (error) {
    if (hasCode(error, 'EXDEV', 'ENOTEMPTY', 'EEXIST')) return false;
    throw error;
  }
}

/**
 * Copies a file, unless its copy is there. The copy is on the disk and was compared. Throws OddFolder if it differs.
 */
export async function copyOnce(from: string, to: string): Promise<void> {
  const there = await ifThere(lstat(to));
  if (there !== undefined) {
    if (there.isFile() && (await haveSameBytes(from, to))) return void (await toDisk(to));
    throw new OddFolder(`${to} exists and differs from ${from}`);
  }
  const temporary = temporaryIn(dirname(to));
  try {
    await copyFile(from, temporary, constants.COPYFILE_EXCL);
    await toDisk(temporary);
    if (!(await haveSameBytes(from, temporary))) throw new OddFolder(`${from} changed while it was copied`);
    await rename(temporary, to);
  } finally {
    await rm(temporary, { force: true });
  }
}
