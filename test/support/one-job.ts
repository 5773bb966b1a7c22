import { jobRows } from '../../src/db/job-rows.ts';
import type { Job } from '../../src/jobs/job.ts';

const JOB: Job = {
  jobId: 1,
  cluster: 'fritz',
  subCluster: 'main',
  partition: 'singlenode',
  project: 'physics',
  user: 'ada',
  shared: 'none',
  jobState: 'completed',
  submitTime: 0,
  startTime: 1_600_000_000,
  duration: 3_600,
  walltime: 7_200,
  arrayJobId: 0,
  numNodes: 1,
  numHwthreads: 72,
  numAcc: 0,
  smt: 0,
  monitoringStatus: 0,
  energy: 0,
  resources: [{ hostname: 'f0101' }],
  footprint: null,
  energyFootprint: null,
  metaData: null,
  tags: [],
};

/** The row of an ordinary job, with the given differences. */
export function oneJob(different: Partial<Job> = {}) {
  const [row] = jobRows([{ ...JOB, ...different }]).rows;
  if (row === undefined) throw new Error('a job has a row');
  return row;
}
