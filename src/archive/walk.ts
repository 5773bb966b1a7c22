import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode, reasonOf } from './file-access.ts';
import { type ArchiveJob, jobFolder } from './layout.ts';
import { clusterNames } from './version-and-clusters.ts';

/** The folder of a job, or something in its place that no reader looks at. */
export type ArchiveEntry =
  | { readonly path: string; readonly job: ArchiveJob & { jobId: bigint } }
  | { readonly path: string; readonly odd: string };

/** The levels of folders between a cluster and its jobs: id div 1000, id mod 1000, start. */
const LEVELS = 3;

/** Yields all entries of an archive in the order of clusters, ids and starts. Holds the names of one folder a level. */
export async function* walkArchive(root: string): AsyncGenerator<ArchiveEntry, void, void> {
  for (const cluster of await clusterNames(root)) yield* entriesBelow(root, cluster, []);
}

async function* entriesBelow(
  root: string,
  cluster: string,
  above: readonly string[],
): AsyncGenerator<ArchiveEntry, void, void> {
  const folder = join(root, cluster, ...above);
  let names: string[];
  try {
    names = (await readdir(folder)).filter((name) => above.length > 0 || name !== 'cluster.json');
  } catch (error) {
    // One that was removed meanwhile is not there any more.
    if (!hasCode(error, 'ENOENT') || above.length === 0) yield { path: folder, odd: reasonOf(error) };
    return;
  }
  for (const name of names.sort(byNumber)) {
    const parts = [...above, name];
    const path = join(folder, name);
    if (!/^\d{1,19}$/.test(name)) yield { path, odd: 'is not part of an archive' };
    else if (parts.length < LEVELS) yield* entriesBelow(root, cluster, parts);
    else yield jobAt(root, cluster, parts);
  }
}

function jobAt(root: string, cluster: string, parts: readonly string[]): ArchiveEntry {
  const [high = '', low = '', start = ''] = parts;
  const path = join(root, cluster, ...parts);
  const job = { cluster, jobId: BigInt(high) * 1000n + BigInt(low), startTime: Number(start) };
  const isOwn = jobFolder(root, job) === path;
  return isOwn ? { path, job } : { path, odd: 'is not where the layout of the archive has the folder of a job' };
}

/** Numbers in numeric order, then other names. */
function byNumber(one: string, other: string): number {
  return one.length - other.length || (one < other ? -1 : 1);
}
