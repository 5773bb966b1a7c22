import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type ArchiveJob, DATA_FILES, jobFolder, META_FILE } from '../../archive/layout.ts';
import { readDataFile } from '../../archive/read-data.ts';
import type { Database } from '../../db/port.ts';
import type { ArchiveFinding, Known } from './archive-finding.ts';
import { statesOf } from './check.ts';

export const ORPHANS = ['leave', 'import', 'quarantine'] as const;

export interface RepairChoices {
  readonly root: string;
  readonly db: Database;
  /** What to do with jobs that the database does not have. */
  readonly orphans: (typeof ORPHANS)[number];
  /** Whether jobs without files get the monitoring status 2. */
  readonly marksMissing: boolean;
}

/** One change. No step deletes what cannot be made again. */
export type Step =
  | { readonly action: 'finish compression' | 'write meta.json' | 'quarantine folder' }
  | { readonly action: 'quarantine file'; readonly name: string }
  | { readonly action: 'move to its place'; readonly to: string }
  | { readonly action: 'import job' | 'mark as not archived' | 'leave' };

export interface Place {
  /** The folder of a job, which exists. */
  readonly folder: string;
  readonly job: ArchiveJob;
  readonly known: Known;
  readonly found: readonly ArchiveFinding[];
}

/** The steps that mend what was found in the folder of a job. Reads, and changes nothing. */
export async function planOf(choices: RepairChoices, place: Place): Promise<Step[]> {
  const { folder, known, found } = place;
  const isFound = (kind: ArchiveFinding['kind'], path = folder) =>
    found.some((finding) => finding.kind === kind && finding.path === path);
  if (isFound('wrong')) return await planOfWrong(choices, place);
  const leftOver = found.filter(({ kind, path }) => kind === 'unfinished' && path !== folder);
  const steps: Step[] = leftOver.map(({ path }) => ({ action: 'quarantine file', name: basename(path) }));
  if (isFound('unfinished')) steps.push({ action: 'finish compression' });
  if (known.status === undefined) {
    const isBroken = known.badMeta !== undefined || known.badData !== undefined;
    if (isBroken || choices.orphans === 'quarantine') return [{ action: 'quarantine folder' }];
    return [...steps, { action: choices.orphans === 'import' ? 'import job' : 'leave' }];
  }
  if (known.badMeta !== undefined && known.badData !== undefined)
    return [{ action: 'quarantine folder' }, { action: 'mark as not archived' }];
  if (known.badMeta !== undefined) {
    if (existsSync(join(folder, META_FILE))) steps.push({ action: 'quarantine file', name: META_FILE });
    steps.push({ action: 'write meta.json' });
  }
  if (isFound('broken') && known.badData !== undefined) steps.push(...(await planOfData(choices, folder)));
  return steps.length === 0 ? [{ action: 'leave' }] : steps;
}

/** It goes where its meta.json belongs, if the database has that job and its place is free. */
async function planOfWrong({ root, db }: RepairChoices, { known: { described } }: Place): Promise<Step[]> {
  const to = described === undefined ? undefined : jobFolder(root, described);
  const isKnown = described !== undefined && (await statesOf(db, [described])).size > 0;
  if (!isKnown || to === undefined || existsSync(to)) return [{ action: 'quarantine folder' }];
  return [{ action: 'move to its place', to }];
}

/** Of a job whose meta.json is good. If both forms of its data can be read and differ, only the operator can decide. */
async function planOfData({ marksMissing }: RepairChoices, folder: string): Promise<Step[]> {
  const forms = DATA_FILES.filter((name) => existsSync(join(folder, name)));
  const isGood = await Promise.all(
    forms.map((name) =>
      readDataFile(join(folder, name)).then(
        () => true,
        () => false,
      ),
    ),
  );
  const bad = forms.filter((_, at) => !isGood[at]);
  const steps = bad.map((name): Step => ({ action: 'quarantine file', name }));
  if (forms.length === 0) return [{ action: marksMissing ? 'mark as not archived' : 'leave' }];
  if (bad.length === forms.length) return [...steps, { action: 'mark as not archived' }];
  return steps.length === 0 ? [{ action: 'leave' }] : steps;
}
