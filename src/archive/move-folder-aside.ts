import { lstat, mkdir, readdir, rmdir, unlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { toDisk } from './file-access.ts';
import { copyOnce, renamed } from './move-job.ts';
import { afterRemoval, OddFolder } from './remove-job-files.ts';

/**
 * Moves the folder of a job, whatever is in it, to the same place below another folder, which may be on another file
 * system. Then it must have regular files alone. Nothing is lost: a name that is taken there is an OddFolder.
 */
export async function setFolderAside(root: string, folder: string, aside: string): Promise<void> {
  const to = await freePlace(root, folder, aside);
  if (!(await renamed(folder, to))) {
    const entries = await readdir(folder, { withFileTypes: true });
    const odd = entries.find((entry) => !entry.isFile());
    if (odd !== undefined) throw new OddFolder(`${join(folder, odd.name)} is not a regular file`);
    await mkdir(to);
    for (const { name } of entries) await copyOnce(join(folder, name), join(to, name));
    await toDisk(to);
    for (const { name } of entries) await unlink(join(folder, name));
    await rmdir(folder);
  }
  await toDisk(dirname(to));
  await afterRemoval(folder);
}

/** Does the same with a file of a job. */
export async function setFileAside(root: string, path: string, aside: string): Promise<void> {
  const to = await freePlace(root, path, aside);
  if (!(await renamed(path, to))) {
    if (!(await lstat(path)).isFile()) throw new OddFolder(`${path} is not a regular file`);
    await copyOnce(path, to);
    await unlink(path);
  }
  await toDisk(dirname(to));
  await toDisk(dirname(path));
}

async function freePlace(root: string, path: string, aside: string): Promise<string> {
  const to = join(aside, relative(root, path));
  await mkdir(dirname(to), { recursive: true });
  const isTaken = await lstat(to).then(
    () => true,
    () => false,
  );
  if (isTaken) throw new OddFolder(`${to} exists already`);
  return to;
}
