import { join } from 'node:path';

/** What names a job in the archive. It crosses processes, so ids may be bigint. */
export interface ArchiveJob {
  cluster: string;
  jobId: number | bigint;
  startTime: number;
}

/**
 * True for a name that is one component of a path and nothing more. Whatever reaches a path is checked by it: cluster names
 * come from files and from requests.
 */
export function isPathComponent(name: string): boolean {
  // The separators of both worlds, control characters (NUL ends a path early), "." and "..".
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return name.length > 0 && name.length <= 255 && !/[/\\\u0000-\u001f]/.test(name) && name !== '.' && name !== '..';
}

/**
 * The folder of a job: `<cluster>/<jobId div 1000>/<jobId mod 1000, three digits>/<startTime>`. Undefined for a job that
 * can have none: a cluster that is no folder name, a negative number.
 */
export function jobFolder(root: string, { cluster, jobId, startTime }: ArchiveJob): string | undefined {
  if (!isPathComponent(cluster) || jobId < 0 || startTime < 0 || !Number.isSafeInteger(startTime)) return undefined;
  if (typeof jobId === 'number' && !Number.isSafeInteger(jobId)) return undefined;
  const id = BigInt(jobId);
  const low = String(id % 1000n).padStart(3, '0');
  return join(root, cluster, String(id / 1000n), low, String(startTime));
}

/** The folder of a cluster. Throws for a name that is no path component. */
export function clusterFolder(root: string, cluster: string): string {
  if (!isPathComponent(cluster)) throw new Error(`cluster name ${JSON.stringify(cluster)} cannot be a directory name`);
  return join(root, cluster);
}
