import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode, reasonOf } from '../../archive/file-access.ts';
import { jobFolder } from '../../archive/layout.ts';
import { readMetaText } from '../../archive/read-meta.ts';
import {
  checkArchive,
  clusterNames,
  readClusters,
  readClusterText,
  readVersion,
} from '../../archive/version-and-clusters.ts';
import { copyJobFiles, isSameFolder, writeCluster } from '../../archive/write-job.ts';
import type { Clusters } from '../../clusters/clusters.ts';
import { decodeCluster } from '../../clusters/decode-cluster.ts';
import type { Job } from '../../jobs/job.ts';
import { jobProblem } from '../../jobs/job-validation.ts';
import { StartupError } from '../../startup-error.ts';
import { BatchBuilder, type ImportBatch, type ImportSource } from '../batch.ts';
import { jobOfMeta } from './archive-job.ts';

/** The number of jobs whose files are read and copied at the same time. */
const READ_AHEAD = 16;

export interface ArchiveSource extends ImportSource {
  /** Lines for the operator, such as a cluster.json that was not replaced. */
  notes: string[];
}

/**
 * Reads the jobs of an archive, ordered by cluster, job id and start. Unless the archive is `target` itself, its
 * cluster.json files are copied there first, and the files of each job before the job is yielded. Without `target`
 * nothing is copied. Throws StartupError.
 */
export async function archiveSource(root: string, target: string | undefined): Promise<ArchiveSource> {
  const problem = await versionProblem(root);
  if (problem !== undefined) throw new StartupError(problem);
  const clusters = await readClusters(root);
  await sameNames(root);
  const isNew = target === undefined || !existsSync(target);
  if (target !== undefined) await checkArchive(target, { create: true });
  const copyTo = target === undefined || (await isSameFolder(root, target)) ? undefined : target;
  const { notes, added } = copyTo === undefined ? { notes: [], added: [] } : await copyClusters(root, copyTo);
  const addedClusters = isNew ? [] : added;
  return { total: undefined, notes, addedClusters, batches: () => batchesOf(root, copyTo, clusters) };
}

/** Says why a folder is not a job archive of version 3. Undefined if it is one. */
async function versionProblem(root: string): Promise<string | undefined> {
  const is = await stat(root).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  });
  if (is === undefined || !is.isDirectory()) return `${root}: no such directory: correct the path`;
  const file = join(root, 'version.txt');
  try {
    const version = (await readVersion(root)).trim();
    return version === '3'
      ? undefined
      : `${file} has version '${version.slice(0, 20)}': only version 3 can be imported`;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return `${root} is not a job archive of version 3: it has no version.txt`;
    return `${file} cannot be read: ${reasonOf(error)}`;
  }
}

/** Checks that each folder of a cluster has the name in its cluster.json. Throws StartupError. */
async function sameNames(root: string): Promise<void> {
  const problems: string[] = [];
  for (const name of await clusterNames(root)) {
    const file = join(root, name, 'cluster.json');
    const cluster = decodeCluster(await readClusterText(root, name));
    if (cluster.name !== name)
      problems.push(`${file} describes cluster '${cluster.name}': its directory must have that name`);
  }
  if (problems.length > 0) throw new StartupError(problems);
}

/**
 * Copies the cluster.json files that the target lacks. A different one is kept, since running jobs may depend on it.
 */
async function copyClusters(root: string, target: string): Promise<{ notes: string[]; added: string[] }> {
  const notes: string[] = [];
  const added: string[] = [];
  for (const name of await clusterNames(root)) {
    const json = await readClusterText(root, name);
    const there = join(target, name, 'cluster.json');
    const before = await readClusterText(target, name).catch((error: unknown) => {
      if (hasCode(error, 'ENOENT')) return undefined;
      throw new StartupError(`${there} cannot be read: ${reasonOf(error)}`, { cause: error });
    });
    if (before === undefined) {
      await writeCluster(target, name, json);
      added.push(name);
    } else if (before !== json) notes.push(`${there} differs from the imported file and was not changed`);
  }
  return { notes, added };
}

async function* batchesOf(
  root: string,
  copyTo: string | undefined,
  clusters: Clusters,
): AsyncGenerator<ImportBatch, void, void> {
  const builder = new BatchBuilder();
  let position = 0;
  const add = async (folders: readonly string[]) => {
    const results = await Promise.all(folders.map((folder) => importJob(folder, copyTo, clusters)));
    for (const [at, result] of results.entries()) {
      position++;
      if ('reason' in result) builder.bad(folders[at] ?? '', result.reason);
      else builder.job(result.job, result.repaired, folders[at] ?? '');
    }
  };
  let ahead: string[] = [];
  for await (const folder of jobFolders(root)) {
    ahead.push(folder);
    if (ahead.length < READ_AHEAD) continue;
    await add(ahead);
    ahead = [];
    if (builder.isFull) yield builder.take(position);
  }
  await add(ahead);
  yield builder.take(position);
}

type Result = { job: Job; repaired: boolean } | { reason: string };

async function importJob(folder: string, copyTo: string | undefined, clusters: Clusters): Promise<Result> {
  try {
    const text = await readMetaText(folder);
    const job = jobOfMeta(text, clusters);
    const problem = jobProblem(job, Math.floor(Date.now() / 1000)); // before its files are copied
    if (problem !== undefined) return { reason: problem };
    if (copyTo !== undefined) {
      const to = jobFolder(copyTo, job);
      if (to === undefined) return { reason: 'has a cluster, id or start that cannot be a directory name' };
      await copyJobFiles(folder, to);
    }
    return { job, repaired: text.includes('\uFFFD') };
  } catch (error) {
    return { reason: reasonOf(error) };
  }
}

/** The levels of folders between a cluster and its jobs: id div 1000, id mod 1000, start. */
const LEVELS = 3;

/** Yields the folders of all jobs, numbers in numeric order. */
async function* jobFolders(root: string): AsyncGenerator<string, void, void> {
  for (const cluster of await clusterNames(root)) yield* foldersBelow(join(root, cluster), LEVELS);
}

/**
 * Yields the folders of jobs below a folder. A folder that cannot be read is yielded in place of its jobs, so that it
 * is counted as bad with the reason.
 */
async function* foldersBelow(folder: string, levels: number): AsyncGenerator<string, void, void> {
  const names = levels === 0 ? undefined : await numbersIn(folder).catch(() => undefined);
  if (names === undefined) yield folder;
  else for (const name of names) yield* foldersBelow(join(folder, name), levels - 1);
}

async function numbersIn(folder: string): Promise<string[]> {
  const isFolder = (await stat(folder)).isDirectory();
  const names = isFolder ? await readdir(folder) : [];
  return names.filter((name) => /^\d{1,16}$/.test(name)).sort((a, b) => Number(a) - Number(b));
}
