import { join } from 'node:path';
import { hasCode, reasonOf } from '../../archive/file-access.ts';
import { compressData } from '../../archive/gzip-data.ts';
import { type ArchiveJob, jobFolder } from '../../archive/layout.ts';
import { setFileAside, setFolderAside } from '../../archive/move-folder-aside.ts';
import { moveFolder } from '../../archive/move-job.ts';
import { readMetaText } from '../../archive/read-meta.ts';
import { OddFolder, ownFolder } from '../../archive/remove-job-files.ts';
import { OF_ALL_JOBS } from '../../archive/upkeep.ts';
import { writeMeta } from '../../archive/write-meta.ts';
import type { Clusters } from '../../clusters/clusters.ts';
import { jobRows } from '../../db/job-rows.ts';
import { type Deadline, within } from '../../deadline.ts';
import { BadMeta, jobOfMeta } from '../../import/archive/archive-job.ts';
import { jobProblem } from '../../jobs/job-validation.ts';
import { jobByKey } from '../../questions/one-job/sqlite.ts';
import type { ArchiveFinding } from './archive-finding.ts';
import { metaOfJob } from './meta-of-job.ts';
import { planOf, type RepairChoices, type Step } from './repair-plan.ts';

export interface Repair extends RepairChoices {
  readonly clusters: Clusters;
  /** A folder outside of the archive, for what is taken out of it. */
  readonly quarantine: string;
  readonly isDryRun: boolean;
}

/** A change that was made, or would be made, or with `leave` why there is none. */
export interface Mended {
  readonly action: Step['action'];
  readonly path: string;
  readonly text: string;
  readonly job: ArchiveJob | undefined;
}

/**
 * Mends what was found in one place, as far as nothing can be lost by it: files are moved to the quarantine, not
 * deleted. Throws for a problem that the next place would have, too, such as a full disk.
 */
export async function mend(repair: Repair, found: readonly ArchiveFinding[]): Promise<Mended[]> {
  const [first] = found;
  if (first === undefined) return [];
  const { job, path } = first;
  const folder = (job === undefined ? undefined : jobFolder(repair.root, job)) ?? path;
  const text = found.map((finding) => finding.text).join('; ');
  const done: Mended[] = [];
  try {
    for (const step of await stepsFor(repair, found)) {
      if (!repair.isDryRun && job !== undefined) await take(repair, folder, job, step);
      done.push({ action: step.action, path: 'name' in step ? join(folder, step.name) : folder, text, job });
    }
  } catch (error) {
    if (!(error instanceof Error) || hasCode(error, ...OF_ALL_JOBS)) throw error;
    const isOfThisPlace = error instanceof OddFolder || error instanceof BadMeta || 'syscall' in error;
    if (!isOfThisPlace) throw error;
    done.push({ action: 'leave', path, text: `${text}; ${reasonOf(error)}`, job });
  }
  return done;
}

/** Throws OddFolder if a link leads to the folder, or if its file system may not be mounted. */
async function stepsFor(repair: Repair, found: readonly ArchiveFinding[]): Promise<Step[]> {
  const [first] = found;
  const { job, known } = first ?? {};
  if (job === undefined) return [{ action: 'leave' }];
  const folder = await ownFolder(repair.root, job);
  if (first?.kind === 'missing') return [{ action: repair.marksMissing ? 'mark as not archived' : 'leave' }];
  if (folder === undefined) return []; // it is gone
  return known === undefined ? [{ action: 'leave' }] : await planOf(repair, { folder, job, known, found });
}

async function take({ root, db, clusters, quarantine }: Repair, folder: string, job: ArchiveJob, step: Step) {
  switch (step.action) {
    case 'finish compression':
      return void (await compressData(folder));
    case 'write meta.json': {
      const [stored] = await inTime((own) => db.read(jobByKey(job, Math.floor(Date.now() / 1000)), own));
      if (stored === undefined) throw new OddFolder('the database does not have the job any more');
      return await writeMeta(folder, await metaOfJob(stored.job, folder));
    }
    case 'quarantine folder':
      return await setFolderAside(root, folder, quarantine);
    case 'quarantine file':
      return await setFileAside(root, join(folder, step.name), quarantine);
    case 'move to its place':
      return await moveFolder(folder, step.to);
    case 'import job': {
      const imported = jobOfMeta(await readMetaText(folder), clusters);
      const problem = jobProblem(imported, Math.floor(Date.now() / 1000));
      if (problem !== undefined) throw new BadMeta(problem);
      const { refusedRows } = await inTime((own) => db.write('insertJobs', jobRows([imported]), own));
      if (refusedRows.length > 0) throw new BadMeta('breaks a rule of the table of jobs');
      return;
    }
    case 'mark as not archived':
      return void (await inTime((own) => db.write('lostInArchive', { job }, own)));
    case 'leave':
  }
}

const STEP_LIMIT_MS = 60_000;

function inTime<Result>(run: (deadline: Deadline) => Promise<Result>): Promise<Result> {
  return within(STEP_LIMIT_MS, run);
}
