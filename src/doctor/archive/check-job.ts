import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { compareUnpacked } from '../../archive/compare-files.ts';
import { hasCode, ifThere, isTemporary, reasonOf } from '../../archive/file-access.ts';
import { type ArchiveJob, DATA_FILE, DATA_FILES, JOB_FILES, PACKED_DATA_FILE } from '../../archive/layout.ts';
import { readJobData } from '../../archive/read-data.ts';
import { readMetaText } from '../../archive/read-meta.ts';
import { decodeMeta } from '../../import/archive/archive-job.ts';
import type { ArchiveFinding } from './archive-finding.ts';

export interface StoredFolder {
  readonly path: string;
  readonly job: ArchiveJob;
  /** The monitoring status in the database. Undefined if it does not have the job. */
  readonly status: number | undefined;
}

/** cc-backend writes files in place: what cannot be read may be complete in a moment. */
const AGAIN_MS = 100;
/** A write takes less than this. */
const UNFINISHED_MS = 3_600_000;

/**
 * Checks the folder of a job. Reads its metric data, one job at a time, unless `readsData` is false. Finds nothing in a
 * folder that is gone meanwhile.
 */
export async function checkJob(folder: StoredFolder, readsData: boolean): Promise<ArchiveFinding[]> {
  const found = await look(folder, readsData);
  if (!found.some(({ kind }) => kind === 'broken')) return found;
  await sleep(AGAIN_MS);
  return await look(folder, readsData);
}

async function look({ path, job, status }: StoredFolder, readsData: boolean): Promise<ArchiveFinding[]> {
  let names: string[];
  try {
    names = await readdir(path);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return [];
    return [{ kind: 'odd', path, text: reasonOf(error) }];
  }
  const described = await reasonIfBad(async () => decodeMeta(await readMetaText(path)));
  const data = await dataOf(path, names, readsData);
  const known = {
    status,
    badMeta: 'reason' in described ? described.reason : undefined,
    badData: data.reason,
    described: 'value' in described ? keyOf(described.value) : undefined,
  };
  const finding = (kind: ArchiveFinding['kind'], text: string, at = path): ArchiveFinding => ({
    ...{ kind, path: at, text, job, known },
  });
  const found: ArchiveFinding[] = [];
  if (known.badMeta !== undefined) found.push(finding('broken', `meta.json: ${known.badMeta}`));
  if (data.isUnfinished)
    found.push(finding('unfinished', 'has a data.json and a data.json.gz: its compression was interrupted'));
  const needsData = status === undefined || status === 3;
  if (data.reason !== undefined && (data.hasData || needsData)) {
    found.push(finding('broken', `metric data: ${data.reason}`));
  }
  if (known.described !== undefined && !isSame(known.described, job)) {
    found.push(finding('wrong', `its meta.json is that of ${nameOf(known.described)}`));
  } else if (status === undefined) {
    found.push(finding('orphaned', `the database does not have ${nameOf(job)}`));
  }
  for (const name of names) {
    const at = join(path, name);
    if (isTemporary(name)) {
      if (await isOld(at)) found.push(finding('unfinished', 'is left by an interrupted write', at));
    } else if (!JOB_FILES.includes(name)) found.push(finding('odd', 'is not a file of a job', at));
  }
  return found;
}

interface DataOfJob {
  readonly hasData: boolean;
  /** Both forms exist, and the compressed one has the same content, or is not complete. */
  readonly isUnfinished: boolean;
  /** Why the data cannot be read. */
  readonly reason?: string;
}

async function dataOf(folder: string, names: readonly string[], readsData: boolean): Promise<DataOfJob> {
  const forms = DATA_FILES.filter((name) => names.includes(name));
  if (forms.length === 0)
    return { hasData: false, isUnfinished: false, reason: 'there is neither a data.json nor a data.json.gz' };
  if (!readsData) return { hasData: true, isUnfinished: false };
  if (forms.length === 1) {
    const read = await reasonIfBad(() => readJobData(folder, null));
    return { hasData: true, isUnfinished: false, ...('reason' in read ? read : {}) };
  }
  const compared = await reasonIfBad(() => compareUnpacked(join(folder, PACKED_DATA_FILE), join(folder, DATA_FILE)));
  if ('reason' in compared) return { hasData: true, isUnfinished: false, reason: compared.reason };
  if (compared.value !== 'different') return { hasData: true, isUnfinished: true };
  return { hasData: true, isUnfinished: false, reason: 'data.json and data.json.gz have other content' };
}

async function reasonIfBad<Value>(read: () => Promise<Value>): Promise<{ value: Value } | { reason: string }> {
  try {
    return { value: await read() };
  } catch (error) {
    return { reason: briefly(error) };
  }
}

const MOST_REASON = 300;

/** A reason in one line. */
function briefly(error: unknown): string {
  const [issue] = error instanceof z.ZodError ? error.issues : [];
  const text = issue === undefined ? reasonOf(error) : `${issue.path.join('.')}: ${issue.message}`;
  return text.replaceAll(/\s+/g, ' ').slice(0, MOST_REASON);
}

async function isOld(path: string): Promise<boolean> {
  const stats = await ifThere(lstat(path));
  return stats !== undefined && Date.now() - stats.mtimeMs > UNFINISHED_MS;
}

function keyOf({ cluster, jobId, startTime }: ReturnType<typeof decodeMeta>): ArchiveJob {
  return { cluster, jobId, startTime };
}

function isSame(one: ArchiveJob, other: ArchiveJob): boolean {
  return (
    one.cluster === other.cluster && BigInt(one.jobId) === BigInt(other.jobId) && one.startTime === other.startTime
  );
}

/** A job in a text for people. */
export function nameOf({ cluster, jobId, startTime }: ArchiveJob): string {
  return `job ${jobId} of ${JSON.stringify(cluster)}, started at ${startTime}`;
}
