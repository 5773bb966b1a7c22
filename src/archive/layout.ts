import { join } from 'node:path';

/** Identifies a job in the archive. It is sent between processes, so ids may be bigint. */
export interface ArchiveJob {
  cluster: string;
  jobId: number | bigint;
  startTime: number;
}

/** The names of the files of a job. Larger metric data is compressed. Readers take that form if both exist. */
export const META_FILE = 'meta.json';
export const DATA_FILE = 'data.json';
export const PACKED_DATA_FILE = 'data.json.gz';
export const DATA_FILES: readonly string[] = [DATA_FILE, PACKED_DATA_FILE];
/** In the order of their removal. A job with a meta.json is complete, so it goes first. */
export const JOB_FILES: readonly string[] = [META_FILE, ...DATA_FILES];

/**
 * True if a name is a single component of a path. All names in paths are checked by this function, because cluster
 * names come from files and from requests.
 */
export function isPathComponent(name: string): boolean {
  // Rejects the separators of all systems, control characters (NUL ends a path), "." and "..".
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return name.length > 0 && name.length <= 255 && !/[/\\\u0000-\u001f]/.test(name) && name !== '.' && name !== '..';
}

/**
 * The folder of a job: `<cluster>/<jobId div 1000>/<jobId mod 1000, three digits>/<startTime>`. Undefined if the
 * cluster cannot be a folder name or a number is negative.
 */
export function jobFolder(root: string, { cluster, jobId, startTime }: ArchiveJob): string | undefined {
  if (!isPathComponent(cluster) || jobId < 0 || startTime < 0 || !Number.isSafeInteger(startTime)) return undefined;
  if (typeof jobId === 'number' && !Number.isSafeInteger(jobId)) return undefined;
  const id = BigInt(jobId);
  const low = String(id % 1000n).padStart(3, '0');
  return join(root, cluster, String(id / 1000n), low, String(startTime));
}

/** The folder of a cluster. Throws if the name is not a path component. */
export function clusterFolder(root: string, cluster: string): string {
  if (!isPathComponent(cluster)) throw new Error(`cluster name ${JSON.stringify(cluster)} cannot be a directory name`);
  return join(root, cluster);
}
