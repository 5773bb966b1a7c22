import { Buffer } from 'node:buffer';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { JsonItems, MAX_ITEM_BYTES } from '../../src/import/json-items.ts';
import type { Job } from '../../src/jobs/job.ts';
import { writeFiles } from '../support/archive.ts';
import { testFolder } from '../support/folder.ts';
import { sacctFiles } from '../support/sacct-file.ts';

/** Some fields of a job of `sacct --json`, as data_parser v0.0.40 to v0.0.44 writes them (Slurm 23.11 to 25.11). */
const NUMBER = (number: number) => ({ set: true, infinite: false, number });
const JOB = {
  account: 'prj',
  allocation_nodes: 2,
  array: {
    job_id: 0,
    limits: { max: { running: { tasks: 0 } } },
    task_id: { set: false, infinite: false, number: 0 },
    task: '',
  },
  association: { account: 'prj', cluster: 'h1', partition: '', user: 'ann', id: 5 },
  cluster: 'h1',
  comment: { administrator: '', job: 'a "jobs": [ {\\', system: '' },
  exit_code: {
    status: ['SUCCESS'],
    return_code: NUMBER(0),
    signal: { id: { set: false, infinite: false, number: 0 }, name: '' },
  },
  het: { job_id: 0, job_offset: { set: false, infinite: false, number: 0 } },
  job_id: 51,
  name: 'relax|{"x"}',
  nodes: 'n[001-002]',
  partition: 'cpu',
  qos: 'normal',
  required: { CPUs: 128, memory_per_cpu: { set: false, infinite: false, number: 0 } },
  state: { current: ['COMPLETED'], reason: 'None' },
  steps: [
    {
      time: { elapsed: 3 },
      state: ['COMPLETED'],
      step: { id: '51.batch', name: 'a ] } , "' },
      tres: { allocated: [] },
    },
  ],
  submit_line: 'sbatch --wrap="env | grep X"',
  time: {
    elapsed: 3_600,
    eligible: 1_772_355_000,
    end: 1_772_359_200,
    planned: NUMBER(600),
    start: 1_772_355_600,
    submission: 1_772_355_000,
    suspended: 0,
    limit: NUMBER(1_440),
  },
  tres: {
    allocated: [
      { type: 'cpu', name: '', id: 1, count: 128 },
      { type: 'mem', name: '', id: 2, count: 512_000 },
      { type: 'energy', name: '', id: 3, count: 7_200_000 },
      { type: 'node', name: '', id: 4, count: 2 },
      { type: 'gres', name: 'gpu', id: 1001, count: 8 },
      { type: 'gres', name: 'gpu:a100', id: 1002, count: 8 },
    ],
    requested: [{ type: 'cpu', name: '', id: 1, count: 100 }],
  },
  user: 'ann',
};
type Changes = Partial<Record<keyof typeof JOB, unknown>>;
const output = (...jobs: Changes[]) =>
  JSON.stringify(
    {
      meta: {
        plugins: { data_parser: 'data_parser/v0.0.41' },
        command: ['sacct', '--json'],
        jobs: { a: [{ job_id: 9 }] },
      },
      jobs: jobs.map((changes) => ({ ...JOB, ...changes })),
      warnings: [],
      errors: [],
    },
    null,
    2,
  );

async function read(content: string | Uint8Array) {
  const root = testFolder();
  await writeFiles(root, { 'jobs.json': content });
  const source = await sacctFiles([join(root, 'jobs.json')]);
  const result = { jobs: [] as Job[], reasons: [] as string[], neverStarted: 0 };
  for await (const batch of source.batches()) {
    result.jobs.push(...batch.jobs);
    result.reasons.push(...batch.reasons.map(({ where, reason }) => `${where}: ${reason}`));
    result.neverStarted += batch.neverStarted;
  }
  return result;
}

describe('sacct --json', () => {
  test('has jobs', async () => {
    expect(await read(output({}))).toEqual({
      reasons: [],
      neverStarted: 0,
      jobs: [
        {
          jobId: 51,
          arrayJobId: 0,
          cluster: 'h1',
          subCluster: 'main',
          partition: 'cpu',
          project: 'prj',
          user: 'ann',
          shared: 'none',
          jobState: 'completed',
          submitTime: 1_772_355_000,
          startTime: 1_772_355_600,
          duration: 3_600,
          walltime: 86_400,
          numNodes: 2,
          numHwthreads: 128,
          numAcc: 8,
          monitoringStatus: 0,
          energy: 2,
          resources: [{ hostname: 'n001' }, { hostname: 'n002' }],
          footprint: null,
          energyFootprint: null,
          metaData: {
            jobName: 'relax|{"x"}',
            submitTime: '1772355000',
            eligibleTime: '1772355000',
            slurmInfo: 'QOS=normal ExitCode=0:0',
          },
          tags: [],
        },
      ],
    });
  });

  test('writes numbers and states in two manners, and elements of arrays', async () => {
    const { jobs, reasons } = await read(
      output(
        {
          job_id: 61,
          state: { current: 'TIMEOUT', reason: 'None' },
          exit_code: { status: 'ERROR', return_code: 1 },
          time: { ...JOB.time, limit: 1_440 },
        },
        { job_id: 62, array: { job_id: 60, task_id: NUMBER(2), task: '' }, state: { current: ['OUT_OF_MEMORY'] } },
        {
          job_id: 63,
          het: { job_id: 62, job_offset: NUMBER(1) },
          time: { ...JOB.time, limit: { infinite: true, set: true, number: 0 } },
        },
        { job_id: 64, state: { current: ['RUNNING', 'COMPLETING'] }, time: { ...JOB.time, end: 0 }, account: '' },
        { job_id: 65, state: { current: ['CANCELLED'] }, tres: { allocated: [] } },
      ),
    );
    expect(reasons).toEqual([]);
    expect(jobs).toMatchObject([
      { jobId: 61, jobState: 'timeout', walltime: 86_400 },
      { jobId: 62, arrayJobId: 60, jobState: 'out_of_memory' },
      { jobId: 63, arrayJobId: 0, walltime: 0 },
      { jobId: 64, jobState: 'running', project: '' },
      { jobId: 65, jobState: 'cancelled', numHwthreads: 128, numAcc: 0 },
    ]);
  });

  test('has jobs that never started, and bad ones', async () => {
    const { jobs, reasons, neverStarted } = await read(
      output(
        { state: { current: ['PENDING'] }, nodes: 'None assigned', time: { ...JOB.time, start: 0, end: 0 } },
        { state: { current: ['DREAMING'] } },
        { job_id: 'x' },
        { user: '', association: {} },
      ),
    );
    expect([jobs, neverStarted]).toEqual([[], 1]);
    expect(reasons).toEqual([
      "record 2: state 'DREAMING' is unknown",
      "record 3: job id '' is not valid",
      'record 4: user is empty',
    ]);
  });

  test('that breaks off, or is another JSON, is bad', async () => {
    const text = output({}, { job_id: 52 });
    const { jobs, reasons } = await read(text.slice(0, -300));
    expect([jobs.length, reasons]).toEqual([1, [expect.stringContaining('the text ends early')]]);
    await expect(read('{"meta": {}}')).rejects.toThrow(/no list "jobs"/);
    expect(await read('{"jobs": []}')).toMatchObject({ jobs: [], reasons: [] });
  });
});

describe('the items of a list in JSON', () => {
  const itemsOf = (text: string | Buffer, size: number) => {
    const bytes = Buffer.from(text);
    const items = new JsonItems('jobs', 'steps');
    const found: unknown[] = [];
    for (let from = 0; from < bytes.length; from += size) {
      for (const item of items.add(bytes.subarray(from, from + size)))
        found.push(item === undefined ? undefined : JSON.parse(item.toString()));
    }
    items.end();
    return found;
  };

  test('are those of JSON.parse without what is skipped, in pieces of any size', () => {
    const key = fc.constantFrom('jobs', 'steps', 'a', 'b"', 'c\\');
    const value = fc.letrec((tie) => ({
      any: fc.oneof({ maxDepth: 4 }, fc.string(), fc.integer(), fc.constant(null), tie('object'), tie('list')),
      list: fc.array(tie('any'), { maxLength: 3 }),
      object: fc.dictionary(key, tie('any'), { maxKeys: 4 }),
    }));
    fc.assert(
      fc.property(
        fc.array(value.object, { maxLength: 4 }),
        value.object,
        fc.integer({ min: 1, max: 50 }),
        fc.boolean(),
        (jobs, other, size, indented) => {
          const { jobs: _, ...root } = other as Record<string, unknown>;
          const text = JSON.stringify({ ...root, jobs, z: other }, null, indented ? 2 : 0);
          const expected = jobs.map((job) => ('steps' in (job as object) ? { ...(job as object), steps: null } : job));
          expect(itemsOf(text, size)).toEqual(expected);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('that are too long are passed over, and long steps cost nothing', () => {
    const long = 'x'.repeat(MAX_ITEM_BYTES);
    const text = JSON.stringify({ jobs: [{ a: 1, steps: [long, long] }, { a: long }, { a: 3 }] });
    expect(itemsOf(text, 65_536)).toEqual([{ a: 1, steps: null }, undefined, { a: 3 }]);
  });
});
