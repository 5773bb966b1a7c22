import { existsSync } from 'node:fs';
import { lstat, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { StartupError } from '../startup-error.ts';
import { hasCode } from './file-access.ts';
import { bytesToCompress, compressData } from './gzip-data.ts';
import { jobFolder } from './layout.ts';
import { moveFolder } from './move-job.ts';
import { namesOfJob, OddFolder, ownFolder, removeFiles } from './remove-job-files.ts';
import type { ArchiveUpkeep, Upkept } from './upkeep-port.ts';
import { checkArchive, readClusterText } from './version-and-clusters.ts';
import { writeCluster } from './write-job.ts';

/**
 * The work on the files of an archive that no request waits for. It runs in the process of its caller: files are read
 * and written in pieces of 64 KB, and zlib and the file system work on threads of their own. With `isDryRun` it looks
 * and changes nothing.
 */
export function archiveUpkeep(root: string, { isDryRun = false } = {}): ArchiveUpkeep {
  return {
    compress: (job) =>
      attempt(jobFolder(root, job), async () => {
        const folder = await ownFolder(root, job);
        if (folder === undefined) return 0;
        return isDryRun ? await bytesToCompress(folder) : await compressData(folder);
      }),
    remove: (job) =>
      attempt(jobFolder(root, job), async () => {
        const folder = await ownFolder(root, job);
        if (folder === undefined) return 0;
        const names = await namesOfJob(folder);
        const bytes = await bytesOf(folder, names);
        if (!isDryRun) await removeFiles(folder, names);
        return bytes;
      }),
    move: (job, target) =>
      attempt(jobFolder(root, job), async () => {
        const folder = await ownFolder(root, job);
        const to = jobFolder(target, job);
        if (folder === undefined || to === undefined) return 0;
        const bytes = await bytesOf(folder, await namesOfJob(folder));
        if (isDryRun) return bytes;
        await copyCluster(root, target, job.cluster);
        await moveFolder(folder, to);
        return bytes;
      }),
    check: () => checkMounted(root),
    checkTarget: (target) => checkTarget(root, target),
  };
}

/** Errors that the next job would meet, too. */
export const OF_ALL_JOBS = [
  'ENOSPC',
  'EDQUOT',
  'EROFS',
  'EIO',
  'EMFILE',
  'ENFILE',
  'ENOMEM',
  'ESTALE',
  'ENOTCONN',
  'EFBIG',
];

/** A problem of one job becomes a text. Throws for a problem of the machine, which then names a path. */
async function attempt(folder: string | undefined, work: () => Promise<number>): Promise<Upkept> {
  try {
    return { bytes: await work() };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if (hasCode(error, ...OF_ALL_JOBS)) throw Object.assign(error, { path: pathOf(error) ?? folder });
    if (error instanceof OddFolder || 'code' in error) return { problem: error.message };
    throw error;
  }
}

/** Of a copy, the path that could not be written. */
function pathOf(error: Error & { dest?: unknown; path?: unknown }): unknown {
  return error.dest ?? error.path;
}

async function bytesOf(folder: string, names: readonly string[]): Promise<number> {
  const sizes = await Promise.all(names.map(async (name) => (await lstat(join(folder, name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** A cluster of an archive needs its cluster.json. */
async function copyCluster(root: string, target: string, cluster: string): Promise<void> {
  if (existsSync(join(target, cluster, 'cluster.json')) || !existsSync(join(root, cluster, 'cluster.json'))) return;
  await writeCluster(target, cluster, await readClusterText(root, cluster));
}

/** Checks that jobs can be moved from an archive to another one. Throws StartupError. */
export async function checkTarget(root: string, target: string): Promise<void> {
  await checkMounted(target);
  const [from, to] = await Promise.all([realpath(root), realpath(target)]);
  if (isWithin(from, to) || isWithin(to, from)) {
    throw new StartupError(`${target} must not be the archive ${root}, in it or around it`);
  }
}

/**
 * Checks that an archive has its version.txt: without it, it may be the mount point of a file system that is not
 * mounted. Then no job would have files, and all would go to a wrong disk. Throws StartupError.
 */
export async function checkMounted(root: string): Promise<void> {
  if (!existsSync(join(root, 'version.txt'))) {
    throw new StartupError(
      `${root} is not a job archive, or its file system is not mounted. To make one, create the folder, and in it a version.txt that contains 3`,
    );
  }
  await checkArchive(root, { mark: false });
}

function isWithin(path: string, folder: string): boolean {
  return `${path}${sep}`.startsWith(folder.endsWith(sep) ? folder : `${folder}${sep}`);
}
