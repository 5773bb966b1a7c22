import { join } from 'node:path';
import type { SacctOptions } from '../../src/import/sacct/sacct-source.ts';
import type { Job } from '../../src/jobs/job.ts';
import { writeFiles } from './archive.ts';
import { testFolder } from './folder.ts';
import { sacctFiles } from './sacct-file.ts';

/** Imports files of sacct: their jobs, and the reasons of the records that are bad, in order. */
export async function readFiles(files: Record<string, string | Uint8Array>, options: Partial<SacctOptions> = {}) {
  const root = testFolder();
  await writeFiles(root, files);
  return await readSource(
    await sacctFiles(
      Object.keys(files).map((name) => join(root, name)),
      options,
    ),
    root,
  );
}

/** Imports what a source reads. Paths below `root` are relative in the reasons. */
export async function readSource(source: Awaited<ReturnType<typeof sacctFiles>>, root = '') {
  const jobs: Job[] = [];
  const reasons: string[] = [];
  let position = 0;
  for await (const batch of source.batches()) {
    jobs.push(...batch.jobs);
    for (const { where, reason } of batch.reasons) reasons.push(`${where}: ${reason}`.replaceAll(`${root}/`, ''));
    position = batch.position;
  }
  return { jobs, reasons, position, total: source.total, remarks: source.remarks?.() ?? [] };
}

/** Imports one file. */
export const read = async (text: string | Uint8Array, options?: Partial<SacctOptions>) =>
  await readFiles({ 'jobs.psv': text }, options);

/** The columns of `record`. */
export const HEADER = 'JobID|JobIDRaw|Cluster|Account|User|Start|Elapsed|State|NodeList|JobName';
/** A line of sacct with these columns. */
export const record = (changes: Record<string, string> = {}, header = HEADER) => {
  const fields: Record<string, string> = {
    JobID: '51',
    Cluster: 'h1',
    Account: 'prj',
    User: 'ann',
    Start: '2026-03-01T09:00:00',
    Elapsed: '01:00:00',
    State: 'COMPLETED',
    NodeList: 'n001',
    JobName: 'ok',
    ...changes,
  };
  return header
    .split('|')
    .map((name) => fields[name] ?? '')
    .join('|');
};
/** A file of sacct with these records. */
export const fileOf = (...records: string[]) => [HEADER, ...records].join('\n');
