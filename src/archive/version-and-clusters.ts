import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Clusters } from '../clusters/clusters.ts';
import { decodeCluster } from '../clusters/decode-cluster.ts';
import type { Cluster } from '../clusters/derive-cluster.ts';
import { StartupError } from '../startup-error.ts';
import { hasCode, readRegularText, reasonOf } from './file-access.ts';

const ARCHIVE_VERSION = '3';
/** A version.txt contains a number. */
const MAX_VERSION_BYTES = 1024;
/** A cluster.json of a thousand nodes has about 100 KB. */
const MAX_CLUSTER_BYTES = 64 * 1024 * 1024;

/**
 * Checks an archive as cc-backend does at its start (contract/archive.md §1): version.txt must contain 3, and an empty
 * folder gets one. With `create`, a missing folder is created. Without `mark`, nothing is written. Throws StartupError.
 */
export async function checkArchive(root: string, { create = false, mark = true } = {}): Promise<void> {
  if (create) {
    await mkdir(root, { recursive: true }).catch((cause: unknown) => {
      throw new StartupError(`ARCHIVE_PATH ${root} cannot be created${whyNot(cause)}`, { cause });
    });
  }
  const versionFile = join(root, 'version.txt');
  const version = await readVersion(root).catch((cause: unknown) => {
    if (hasCode(cause, 'ENOENT', 'ENOTDIR')) return undefined;
    throw new StartupError(`${versionFile} cannot be read${whyNot(cause)}`, { cause });
  });
  if (version?.trim() === ARCHIVE_VERSION) return;
  if (version !== undefined) {
    throw new StartupError(
      `${versionFile} has version '${version.trim().slice(0, 20)}': cc-jobs requires a job archive of version ${ARCHIVE_VERSION}`,
    );
  }
  const entries = await readdir(root).catch((cause: unknown) => {
    const why = hasCode(cause, 'ENOENT')
      ? "does not exist: 'cc-jobs migrate' creates it; or set ARCHIVE_PATH"
      : `cannot be read${whyNot(cause)}`;
    throw new StartupError(`the job archive ${root} ${why}`, { cause });
  });
  if (entries.some((entry) => !isForeign(entry))) {
    throw new StartupError(`${root} is not a job archive (it has no version.txt and is not empty): check ARCHIVE_PATH`);
  }
  if (!mark) return;
  await writeFile(versionFile, `${ARCHIVE_VERSION}\n`).catch((cause: unknown) => {
    throw new StartupError(`${versionFile} cannot be written${whyNot(cause)}`, { cause });
  });
}

/** Why the archive cannot be used, and what to do about it. */
function whyNot(cause: unknown): string {
  if (hasCode(cause, 'EACCES', 'EPERM'))
    return ' (permission denied): give this account the right, or set ARCHIVE_PATH';
  if (hasCode(cause, 'ENOTDIR')) return ' (a part of the path is not a directory): set ARCHIVE_PATH';
  return `: ${reasonOf(cause)}`;
}

/** The text of version.txt. */
export async function readVersion(root: string): Promise<string> {
  return await readRegularText(join(root, 'version.txt'), MAX_VERSION_BYTES);
}

/** The text of a cluster's cluster.json. */
export async function readClusterText(root: string, cluster: string): Promise<string> {
  return await readRegularText(join(root, cluster, 'cluster.json'), MAX_CLUSTER_BYTES);
}

/** True for files that a file system or an editor leaves in a folder, such as lost+found of a separate volume. */
function isForeign(name: string): boolean {
  return name.startsWith('.') || name === 'lost+found';
}

/** The folder names in an archive, which are its clusters, in alphabetical order. */
export async function clusterNames(root: string): Promise<string[]> {
  const entries = await readdir(root, { withFileTypes: true });
  return entries
    .filter((entry) => !isForeign(entry.name) && (entry.isDirectory() || entry.isSymbolicLink()))
    .map((entry) => entry.name)
    .sort();
}

/** All clusters of an archive. Throws StartupError with one line for each missing or invalid cluster.json. */
export async function readClusters(root: string): Promise<Clusters> {
  return new Clusters((await readClusterFiles(root)).map(({ cluster }) => cluster));
}

/** Does what `readClusters` does and includes the text of each cluster.json. */
export async function readClusterFiles(root: string): Promise<{ cluster: Cluster; text: string }[]> {
  const problems: string[] = [];
  const files: { cluster: Cluster; text: string }[] = [];
  for (const name of await clusterNames(root)) {
    const file = join(root, name, 'cluster.json');
    try {
      const text = await readClusterText(root, name);
      files.push({ cluster: decodeCluster(text), text });
    } catch (error) {
      problems.push(`${file}: ${reasonOf(error)}`);
    }
  }
  if (problems.length > 0) throw new StartupError(problems);
  return files;
}
