import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode, reasonOf } from '../../archive/file-access.ts';
import { type ArchiveJob, jobFolder } from '../../archive/layout.ts';
import { checkMounted } from '../../archive/upkeep.ts';
import { clusterNames, readClusterText } from '../../archive/version-and-clusters.ts';
import { walkArchive } from '../../archive/walk.ts';
import { decodeCluster } from '../../clusters/decode-cluster.ts';
import type { Database } from '../../db/port.ts';
import { archiveStates } from '../../db/statements/archive-states.ts';
import { endedJobs } from '../../db/statements/jobs-for-archive-upkeep.ts';
import { type Deadline, within } from '../../deadline.ts';
import type { DeleteCursor } from '../../jobs/retention-options.ts';
import type { ArchiveFinding } from './archive-finding.ts';
import { checkJob, nameOf, type StoredFolder } from './check-job.ts';

/** Jobs of one statement. */
const FOLDERS_AT_ONCE = 64;
const ROWS_AT_ONCE = 500;
const STEP_LIMIT_MS = 60_000;
/** After every time that a job can have. */
const ALWAYS = 2 ** 53 - 1;

export interface ArchiveCheck {
  readonly root: string;
  readonly db: Database;
  /** Whether metric data is read. */
  readonly readsData: boolean;
  readonly signal: AbortSignal;
  /** Called with the number of folders and of rows so far. */
  progress(counts: Readonly<CheckCounts>): void;
}

export interface CheckCounts {
  /** Folders of jobs. */
  folders: number;
  /** Jobs of the database. */
  jobs: number;
}

/**
 * Compares an archive with its database: first each folder of a job, then each job that should have one. Yields the
 * findings of a place together. It writes nothing, and reads in small parts, so that a service on both may run. Ends
 * early when the signal fires. Throws StartupError if the archive is not there.
 */
export async function* checkArchiveJobs(check: ArchiveCheck): AsyncGenerator<readonly ArchiveFinding[], void, void> {
  await checkMounted(check.root);
  const counts = { folders: 0, jobs: 0 };
  yield* checkFolders(check, counts);
  yield* checkRows(check, counts);
}

async function* checkFolders(
  check: ArchiveCheck,
  counts: CheckCounts,
): AsyncGenerator<readonly ArchiveFinding[], void, void> {
  for (const cluster of await clusterNames(check.root)) {
    try {
      decodeCluster(await readClusterText(check.root, cluster));
    } catch (error) {
      yield [{ kind: 'broken', path: join(check.root, cluster, 'cluster.json'), text: reasonOf(error) }];
    }
  }
  let batch: Omit<StoredFolder, 'status'>[] = [];
  for await (const entry of walkArchive(check.root)) {
    if (check.signal.aborted) return;
    if (!('job' in entry)) {
      yield [{ kind: 'odd', path: entry.path, text: entry.odd }];
      continue;
    }
    batch.push(entry);
    if (batch.length < FOLDERS_AT_ONCE) continue;
    yield* checkBatch(check, batch, counts);
    batch = [];
  }
  yield* checkBatch(check, batch, counts);
}

async function* checkBatch(
  { db, readsData, signal, progress }: ArchiveCheck,
  batch: readonly Omit<StoredFolder, 'status'>[],
  counts: CheckCounts,
): AsyncGenerator<readonly ArchiveFinding[], void, void> {
  const states = await statesOf(
    db,
    batch.map(({ job }) => job),
  );
  for (const [at, { path, job }] of batch.entries()) {
    if (signal.aborted) return;
    const found = await checkJob({ path, job, status: states.get(at) }, readsData);
    if (found.length > 0) yield found;
    counts.folders += 1;
    progress(counts);
  }
}

async function* checkRows(
  { root, db, signal, progress }: ArchiveCheck,
  counts: CheckCounts,
): AsyncGenerator<readonly ArchiveFinding[], void, void> {
  let after: DeleteCursor | undefined;
  for (;;) {
    const part = { before: ALWAYS, omit: 'none', which: 'archived', after, limit: ROWS_AT_ONCE } as const;
    const rows = await step((own) => db.read(endedJobs(part), own));
    const jobs = rows
      .filter(({ isSelected }) => isSelected !== 0)
      .map(({ cluster, jobId, startTime }): ArchiveJob => ({ cluster, jobId, startTime: Number(startTime) }));
    const lost = await withoutFolder(root, jobs);
    // A retention of the service may have moved one between the two looks.
    const states = await statesOf(db, lost);
    for (const [at, job] of lost.entries()) {
      if (states.get(at) === 3) yield [missing(root, job)];
    }
    counts.jobs += rows.length;
    progress(counts);
    after = rows.at(-1);
    if (rows.length < ROWS_AT_ONCE || signal.aborted) return;
  }
}

function missing(root: string, job: ArchiveJob): ArchiveFinding {
  const path = jobFolder(root, job);
  const text = `the database says that ${nameOf(job)} is archived`;
  if (path === undefined) return { kind: 'missing', path: root, text: `${text}, and it cannot have a folder`, job };
  return { kind: 'missing', path, text: `does not exist: ${text}`, job };
}

async function withoutFolder(root: string, jobs: readonly ArchiveJob[]): Promise<ArchiveJob[]> {
  const are = await Promise.all(
    jobs.map(async (job) => {
      const folder = jobFolder(root, job);
      return folder !== undefined && (await isThere(folder));
    }),
  );
  return jobs.filter((_, at) => !are[at]);
}

async function isThere(path: string): Promise<boolean> {
  return await lstat(path).then(
    () => true,
    (error: unknown) => {
      if (hasCode(error, 'ENOENT', 'ENOTDIR')) return false;
      throw error;
    },
  );
}

/** The monitoring status of those jobs that the database has, by their index. */
export async function statesOf(db: Database, jobs: readonly ArchiveJob[]): Promise<ReadonlyMap<number, number>> {
  if (jobs.length === 0) return new Map();
  const rows = await step((own) => db.read(archiveStates(jobs), own));
  return new Map(rows.map(({ at, monitoringStatus }) => [at, monitoringStatus]));
}

function step<Result>(run: (deadline: Deadline) => Promise<Result>): Promise<Result> {
  return within(STEP_LIMIT_MS, run);
}
