import type { Job } from '../../src/jobs/job.ts';
import { job, NOW } from './test-app.ts';

/** Text that would take effect if a page did not escape it. */
export const HOSTILE = `<script>alert(1)</script><img src=x onerror=alert(2)>"'&amp;\u202Eevil\u0000`;
export const LONG_WORD = 'x'.repeat(3_000);

/** Four jobs that differ in every field that a filter can use. The newest is last. */
export const SHOWN_JOBS: Job[] = [
  job({
    jobId: 11,
    user: 'ada',
    project: 'p1',
    startTime: NOW - 40 * 86_400,
    duration: 3600,
    energy: 0.5,
    metaData: { jobName: 'relax' },
    footprint: { cpu_load_avg: 10, mem_used_max: 100 },
  }),
  job({
    jobId: 12,
    user: 'bob',
    project: 'p2',
    subCluster: 'big',
    partition: 'gpu',
    jobState: 'failed',
    shared: 'multi_user',
    startTime: NOW - 2 * 86_400,
    duration: 9000,
    arrayJobId: 7,
    numNodes: 2,
    numHwthreads: 8,
    numAcc: 1,
    energy: 5,
    resources: [{ hostname: 'big1' }, { hostname: 'n02' }],
    metaData: { jobName: 'interactive' },
    footprint: { cpu_load_avg: 80, mem_used_max: 30 },
    tags: [
      { type: 'note', name: 'odd', scope: 'global' },
      { type: 'check', name: 'secret', scope: 'admin' },
    ],
  }),
  job({
    jobId: 13,
    cluster: 'elsewhere',
    subCluster: 'x',
    user: 'bob',
    project: 'p2',
    startTime: NOW - 5 * 3600,
    duration: 60,
    metaData: { jobName: 'relax2' },
    tags: [{ type: 'note', name: 'mine', scope: 'ada' }],
  }),
  job({
    jobId: 14,
    user: 'eve',
    project: 'p3',
    jobState: 'running',
    startTime: NOW - 600,
    duration: 0,
    walltime: 7200,
  }),
];
