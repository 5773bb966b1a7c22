import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { openInput } from '../../src/import/open-input.ts';
import { swfSource } from '../../src/import/swf/swf-source.ts';
import type { Job } from '../../src/jobs/job.ts';
import { writeFiles } from '../support/archive.ts';
import { testFolder } from '../support/folder.ts';

const HEADER = `; Version: 2.2
; Computer: IBM SP2
; UnixStartTime: 1132444805
; MaxNodes: 100
; MaxProcs: 1600
;
; Partition: 1 grid.ici.ro
; Partition: 12 rl.ac.uk
; Queue: 3 long
`;

async function read(content: string | Uint8Array, cluster?: string, name = 'LOG-2005-1.swf.gz') {
  const root = testFolder();
  await writeFiles(root, { [name]: content });
  const source = await swfSource(await openInput(join(root, name), new PassThrough()), cluster);
  const result = { jobs: [] as Job[], reasons: [] as string[], neverStarted: 0, steps: 0 };
  for await (const batch of source.batches()) {
    result.jobs.push(...batch.jobs);
    result.reasons.push(...batch.reasons.map(({ where, reason }) => `${where}: ${reason}`));
    for (const kind of ['neverStarted', 'steps'] as const) result[kind] += batch[kind];
  }
  return result;
}

test('a line of the Standard Workload Format is a job', async () => {
  const line = '  7 20 30 969 33 -1 -1 40 1200 -1 1 12 3 5 3 12 -1 -1';
  expect(await read(gzipSync(`${HEADER}${line}\n`))).toEqual({
    reasons: [],
    neverStarted: 0,
    steps: 0,
    jobs: [
      {
        jobId: 7,
        arrayJobId: 0,
        cluster: 'LOG-2005-1',
        subCluster: 'main',
        partition: 'rl.ac.uk',
        project: 'group3',
        user: 'user12',
        shared: 'none',
        jobState: 'completed',
        submitTime: 1_132_444_825,
        startTime: 1_132_444_855,
        duration: 969,
        walltime: 1200,
        numNodes: 3, // of 16 processors
        numHwthreads: 33,
        numAcc: 0,
        monitoringStatus: 0,
        energy: 0,
        resources: [],
        footprint: null,
        energyFootprint: null,
        metaData: { jobName: 'application5', queue: 'long' },
        tags: [],
      },
    ],
  });
});

test('-1 is not known, and states are told apart', async () => {
  const lines = [
    '1 0 -1 83 1 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1',
    '2 0 5 83 -1 -1 -1 8 10 -1 0 1 1 -1 -1 -1 -1 -1',
    '3 0 5 83 1 -1 -1 1 10 -1 5 1 1 -1 9 9 -1 -1',
    '4 0 5 -1 1 -1 -1 1 10 -1 5 1 1 -1 -1 -1 -1 -1',
    '5 0 5 0 1 -1 -1 1 10 -1 5 1 1 -1 -1 -1 -1 -1',
    '6 0 5 7 1 -1 -1 1 10 -1 2 1 1 -1 -1 -1 -1 -1',
    '6 0 5 7 1 -1 -1 1 10 -1 3 1 1 -1 -1 -1 -1 -1',
    '6 0 5 7.6 1 0.5 -1 1 10 -1 1 1 1 -1 -1 -1 -1 -1',
  ];
  const { jobs, neverStarted, steps, reasons } = await read(HEADER + lines.join('\n'), 'grid');
  expect([neverStarted, steps, reasons]).toEqual([2, 2, []]);
  expect(jobs).toMatchObject([
    {
      jobId: 1,
      cluster: 'grid',
      submitTime: 0,
      startTime: 1_132_444_805,
      user: 'unknown',
      project: '',
      walltime: 0,
      partition: '',
    },
    { jobId: 2, jobState: 'failed', numHwthreads: 8, submitTime: 1_132_444_805, startTime: 1_132_444_810 },
    { jobId: 3, jobState: 'cancelled', partition: 'partition9', metaData: { jobName: '', queue: 'queue9' } },
    { jobId: 6, jobState: 'completed', duration: 8 },
  ]);
});

test('bad lines are named, and a file without the time of its begin is refused', async () => {
  const good = '9 0 5 83 1 -1 -1 8 10 -1 0 1 1 -1 -1 -1 -1 -1';
  const bad = [
    '1 2 3',
    good.replace('83', 'x'),
    good.replace('-1 0 1 1', '-1 9 1 1'),
    good.replace('9 0', '0 0'),
    good.replace('9 0', '9 -1'),
  ];
  const { jobs, reasons } = await read(HEADER + [...bad, '', '; a comment', good].join('\n'));
  expect(jobs.map(({ jobId }) => jobId)).toEqual([9]);
  expect(reasons).toEqual([
    'line 10: has 3 of 18 fields',
    "line 11: 'x' is not a number",
    'line 12: status 9 is unknown',
    'line 13: job number 0 is not valid',
    'line 14: submit time -1 is not valid',
  ]);
  for (const text of ['', 'hello\n', '; Version: 2\n1 2 3\n'])
    await expect(read(text)).rejects.toThrow(/no UnixStartTime/);
});
