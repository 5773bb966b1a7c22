import { jobRows } from '../../src/db/job-rows.ts';
import type { InsertJobsInput } from '../../src/db/writes/insert-jobs.ts';
import { generateJobs } from '../../src/dev/generate-jobs.ts';
import type { Job } from '../../src/jobs/job.ts';
import { END_SEC } from './database.ts';

/** Greater than all generated job ids, so that jobs written by a benchmark can be distinguished. */
export const FIRST_OWN_ID = 9_000_000_000;

/** Realistic jobs with ids of their own, one write each. */
export function* ownJobs(): Generator<{ id: number; input: InsertJobsInput }, never, void> {
  const [pattern] = [...generateJobs({ jobs: 1, seed: 3, endTime: END_SEC })];
  if (pattern === undefined) throw new Error('the generator made no job');
  for (let id = FIRST_OWN_ID; ; id++) {
    const job: Job = { ...pattern, jobId: id };
    yield { id, input: jobRows([job]) };
  }
}
