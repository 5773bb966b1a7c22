import { chmod, copyFile, mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { hasCode, temporaryIn, writeFileAtomically } from './file-access.ts';
import {
  type ArchiveJob,
  clusterFolder,
  DATA_FILE,
  JOB_FILES,
  jobFolder,
  META_FILE,
  PACKED_DATA_FILE,
} from './layout.ts';
import { writeMeta } from './write-meta.ts';

/** Larger data is written compressed, as cc-backend does. */
export const COMPRESS_ABOVE_BYTES = 2000;

const zip = promisify(gzip);

/** Writes the cluster.json of a cluster and replaces an existing one. */
export async function writeCluster(root: string, cluster: string, json: string): Promise<void> {
  await writeFileAtomically(join(clusterFolder(root, cluster), 'cluster.json'), json);
}

/** Writes both files of a job, data first: a job with a meta.json is complete. Throws if it cannot have a folder. */
export async function writeJob(root: string, job: ArchiveJob, meta: object, data: unknown): Promise<void> {
  const folder = jobFolder(root, job);
  if (folder === undefined)
    throw new Error(`job ${job.jobId} of cluster ${JSON.stringify(job.cluster)} has no directory`);
  const dataText = `${JSON.stringify(data)}\n`;
  if (Buffer.byteLength(dataText) > COMPRESS_ABOVE_BYTES) {
    await writeFileAtomically(join(folder, PACKED_DATA_FILE), await zip(dataText));
  } else {
    await writeFileAtomically(join(folder, DATA_FILE), dataText);
  }
  await writeMeta(folder, meta);
}

/** The files of a job to copy, data first for the same reason. */
const COPIED = JOB_FILES.toReversed();

/** Copies the files of a job that the target folder lacks. Returns true if any was copied. */
export async function copyJobFiles(from: string, to: string): Promise<boolean> {
  const there = await namesIn(to);
  if (there.has(META_FILE)) return false;
  try {
    return await copyFiles(from, to, there);
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
    return await copyFiles(from, to, await namesIn(to)); // its data.json was compressed meanwhile
  }
}

async function copyFiles(from: string, to: string, there: ReadonlySet<string>): Promise<boolean> {
  let copied = false;
  const source = await namesIn(from);
  // With both, they have the same content: its compression was interrupted.
  if (source.has(PACKED_DATA_FILE)) source.delete(DATA_FILE);
  for (const name of COPIED) {
    if (!source.has(name) || there.has(name)) continue;
    await copyFileAtomically(join(from, name), join(to, name));
    copied = true;
  }
  return copied;
}

async function namesIn(folder: string): Promise<Set<string>> {
  return new Set(
    await readdir(folder).catch((error: unknown) => {
      if (hasCode(error, 'ENOENT')) return [];
      throw error;
    }),
  );
}

async function copyFileAtomically(from: string, to: string): Promise<void> {
  if (!(await stat(from)).isFile()) throw new Error(`${from} is not a regular file`); // copying a FIFO would not end
  await mkdir(dirname(to), { recursive: true });
  const temporary = temporaryIn(dirname(to));
  try {
    await writeFile(temporary, '', { flag: 'wx' });
    const { mode } = await stat(temporary); // the default mode; a copy would have the mode of its source
    await copyFile(from, temporary);
    await chmod(temporary, mode & 0o777);
    await rename(temporary, to);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** True if both paths are the same folder, also through links. */
export async function isSameFolder(one: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all([one, other].map((path) => stat(path).catch(() => undefined)));
  return a !== undefined && b !== undefined && a.dev === b.dev && a.ino === b.ino;
}
