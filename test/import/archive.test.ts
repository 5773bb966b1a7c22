import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { archiveSource } from '../../src/import/archive/archive-source.ts';
import type { Job } from '../../src/jobs/job.ts';
import { writeFiles } from '../support/archive.ts';
import { testFolder } from '../support/folder.ts';
import { smallCluster } from '../support/small-cluster.ts';

const meta = (changes: object = {}) => ({
  jobId: 1002,
  cluster: 'small',
  subCluster: 'main',
  project: 'p',
  user: 'u',
  numNodes: 2,
  shared: 'none',
  jobState: 'completed',
  startTime: 1000,
  duration: 7200,
  resources: [{ hostname: 'n01' }, { hostname: 'n02' }],
  stopTime: 8200,
  statistics: { cpu_load: { avg: 5, min: 1, max: 9 }, mem_used: { avg: 3, max: 8 }, cpu_power: { avg: 250 } },
  tags: [
    { type: 'note', name: 'x', scope: 'ann' },
    { type: 'app', name: 'y' },
  ],
  ...changes,
});

async function archiveOf(metas: Record<string, unknown>) {
  const root = testFolder();
  await writeFiles(root, { 'version.txt': '3\n', 'small/cluster.json': smallCluster() });
  for (const [folder, content] of Object.entries(metas)) {
    await writeFiles(root, { [`small/${folder}/meta.json`]: content, [`small/${folder}/data.json`]: '{}' });
  }
  return root;
}

async function read(root: string, target = root) {
  const source = await archiveSource(root, target);
  const result = { jobs: [] as Job[], reasons: [] as string[], notes: source.notes };
  for await (const batch of source.batches()) {
    result.jobs.push(...batch.jobs);
    result.reasons.push(...batch.reasons.map(({ reason }) => reason));
  }
  return result;
}

describe('an archive', () => {
  test.each([
    [{ exclusive: 0 }, 'multi_user'],
    [{ exclusive: 1 }, 'none'],
    [{ exclusive: 2 }, 'single_user'],
    [{ exclusive: 3 }, 'multi_user'],
    [{}, 'none'],
    [{ exclusive: 0, shared: 'single_user' }, 'single_user'],
  ])('with %j has jobs shared %s', async (changes, shared) => {
    const { jobs } = await read(await archiveOf({ '1/002/1000': meta({ shared: undefined, ...changes }) }));
    expect(jobs).toMatchObject([{ shared }]);
    expect(jobs[0]).not.toHaveProperty('exclusive');
  });

  test('with another number for exclusive has a bad job', async () => {
    const { reasons } = await read(await archiveOf({ '1/002/1000': meta({ shared: undefined, exclusive: 4 }) }));
    expect(reasons).toEqual(["shared 'exclusive 4' is unknown"]);
  });

  test('gives jobs with footprints by the configured stat, energy and tags in their scope', async () => {
    const { jobs } = await read(await archiveOf({ '1/002/1000': meta() }));
    expect(jobs).toEqual([
      {
        jobId: 1002,
        cluster: 'small',
        subCluster: 'main',
        partition: '',
        project: 'p',
        user: 'u',
        shared: 'none',
        jobState: 'completed',
        submitTime: 0,
        startTime: 1000,
        duration: 7200,
        walltime: 0,
        arrayJobId: 0,
        numNodes: 2,
        numHwthreads: 0,
        numAcc: 0,
        smt: 0,
        monitoringStatus: 3,
        energy: 1, // 250 W * 2 nodes * 2 h
        resources: [{ hostname: 'n01' }, { hostname: 'n02' }],
        footprint: { cpu_load_avg: 5, mem_used_max: 8 },
        energyFootprint: { cpu_power: 1 },
        metaData: null,
        tags: [
          { type: 'note', name: 'x', scope: 'ann' },
          { type: 'app', name: 'y', scope: 'global' },
        ],
      },
    ]);
  });

  test('is read in the order of job ids, a missing subcluster found by its host', async () => {
    const root = await archiveOf({
      '10/001/5': meta({ jobId: 10_001, subCluster: undefined, resources: [{ hostname: 'big1' }], numNodes: 1 }),
      '9/002/5': meta({ jobId: 9002 }),
      '9/001/5': meta({ jobId: 9001, shared: undefined }),
    });
    const { jobs } = await read(root);
    expect(jobs.map(({ jobId, subCluster }) => [jobId, subCluster])).toEqual([
      [9001, 'main'],
      [9002, 'main'],
      [10_001, 'big'],
    ]);
  });

  test('passes over what is no job, saying why', async () => {
    const wrong = [
      '{',
      meta({ cluster: 'other' }),
      meta({ subCluster: 'lost' }),
      meta({ jobState: 'dreaming' }),
      meta({ user: '' }),
      meta({ numNodes: 3 }),
      meta({ resources: 'n01' }),
      meta({ startTime: 'now' }),
    ];
    const root = await archiveOf(Object.fromEntries(wrong.map((content, at) => [`0/00${at}/1`, content])));
    const { jobs, reasons } = await read(root);
    expect(jobs).toEqual([]);
    expect(reasons).toEqual([
      'is not JSON',
      "cluster 'other' is not configured",
      "subcluster 'lost' is not configured",
      "jobState 'dreaming' is unknown",
      'user is empty',
      'numNodes is 3, but there are 2 resources',
      'resources is not a list of hosts',
      expect.stringMatching(/^startTime: /),
    ]);
  });

  test('is copied beside the jobs, what is there stays', async () => {
    const root = await archiveOf({ '1/002/1000': meta() });
    const target = join(testFolder(), 'new');
    expect((await read(root, target)).notes).toEqual([]);
    expect(existsSync(join(target, 'small/1/002/1000/data.json'))).toBe(true);
    expect(await readFile(join(target, 'version.txt'), 'utf8')).toBe('3\n');
    await writeFiles(target, { 'small/1/002/1000/meta.json': 'mine', 'small/cluster.json': 'mine too' });
    expect((await read(root, target)).notes).toEqual([expect.stringMatching(/differs .* was not changed/)]);
    expect(await readFile(join(target, 'small/1/002/1000/meta.json'), 'utf8')).toBe('mine');
  });

  test('that has no version.txt is refused', async () => {
    await expect(archiveSource(testFolder(), testFolder())).rejects.toThrow(/not a job archive/);
  });
});
