import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { answerArchiveRequest, type JobDataRequest } from '../../src/archive/archive-requests.ts';
import { MAX_DATA_BYTES } from '../../src/archive/metric-data-limits.ts';
import { writeJob } from '../../src/archive/write-job.ts';
import { writeFiles } from '../support/archive.ts';
import { testFolder } from '../support/folder.ts';

const job = { cluster: 'small', jobId: 1002, startTime: 1700000000 };
const folder = 'small/1/002/1700000000';
const request: JobDataRequest = { kind: 'jobData', job, metrics: null, scopes: null, resolution: null, shape: 'map' };
const unit = { base: 'F/s', prefix: 'G' };
const series = (hostname: string, data: (number | null)[], id?: string) => ({
  hostname,
  ...(id === undefined ? {} : { id }),
  statistics: { min: 1.005, avg: 2, max: 3 },
  data,
});

async function dataOf(files: object, changes: Partial<JobDataRequest> = {}) {
  const root = testFolder();
  await writeFiles(root, { [`${folder}/data.json`]: files });
  const { texts, problems } = await answerArchiveRequest(root, { ...request, ...changes });
  return { data: texts[0] === null || texts[0] === undefined ? null : JSON.parse(texts[0]), problems };
}

describe('the data of a job', () => {
  const metrics = {
    cpu_load: { node: { unit: { base: '' }, timestep: 60, series: [series('n1', [1.239, null, 0.125, 2])] } },
    flops_any: {
      core: { unit, timestep: 60, series: [series('n1', [1, 2], '0'), series('n1', [3, null], '1')] },
      socket: { unit, timestep: 60, series: [series('n1', [10, 20], '0'), series('n1', [30, null], '1')] },
    },
  };

  test('has two decimals, ties to even, null for missing samples', async () => {
    const { data } = await dataOf(metrics);
    expect(data.cpu_load.node).toEqual({
      unit: { base: '' },
      timestep: 60,
      series: [{ hostname: 'n1', statistics: { min: 1, avg: 2, max: 3 }, data: [1.24, null, 0.12, 2] }],
    });
  });

  test('comes in the scopes asked for, or in the only one', async () => {
    const { data } = await dataOf(metrics, { scopes: ['core'] });
    expect(Object.keys(data.flops_any)).toEqual(['core']);
    expect(Object.keys(data.cpu_load)).toEqual(['node']);
  });

  test('comes in all scopes where none of those asked for exists', async () => {
    const { data } = await dataOf(metrics, { scopes: ['accelerator'] });
    expect(Object.keys(data.flops_any)).toEqual(['socket', 'core']);
  });

  test('gets a node scope from the coarsest other one', async () => {
    const { data } = await dataOf(metrics, { scopes: ['node'], metrics: ['flops_any'] });
    // 10 + 30, and 20 alone; 1.005 * 100 is below 100.5 in binary, so it is rounded to 1.
    expect(data.flops_any.node.series).toEqual([
      { hostname: 'n1', statistics: { min: 1, avg: 2, max: 3 }, data: [40, null] },
    ]);
    expect(Object.keys(data)).toEqual(['flops_any']);
  });

  test('as a list has one entry for each metric and scope', async () => {
    const { data } = await dataOf(metrics, { shape: 'list', metrics: ['flops_any', 'unknown'] });
    expect(data.map(({ name, scope }: { name: string; scope: string }) => [name, scope])).toEqual([
      ['flops_any', 'socket'],
      ['flops_any', 'core'],
    ]);
    expect((await dataOf(metrics, { shape: 'list', metrics: [] })).data).toEqual([]);
  });

  test('of eight series gets statistics over them', async () => {
    const eight = Array.from({ length: 8 }, (_, at) => series(`n${at}`, [at + 1]));
    const { data } = await dataOf({ m: { node: { unit, timestep: 60, series: eight } } });
    // 1..8: the median is (4 + 5) / 2
    expect(data.m.node.statisticsSeries).toEqual({ mean: [], median: [4.5], min: [1], max: [8] });
    const seven = await dataOf({ m: { node: { unit, timestep: 60, series: eight.slice(1) } } });
    expect(seven.data.m.node).not.toHaveProperty('statisticsSeries');
  });

  test('is down-sampled from 1000 points on', async () => {
    const long = { m: { node: { unit, timestep: 60, series: [series('n1', Array(1200).fill(1))] } } };
    const { data } = await dataOf(long, { resolution: 120 });
    expect([data.m.node.timestep, data.m.node.series[0].data.length]).toEqual([120, 600]);
    const failed = await dataOf(long, { resolution: 90 });
    expect(failed).toEqual({ data: null, problems: [expect.stringContaining('not a multiple')] });
  });

  test('is null with its reason when missing, broken or a bomb', async () => {
    const root = testFolder();
    expect((await answerArchiveRequest(root, request)).texts).toEqual([null]);
    await writeFiles(root, { [`${folder}/data.json`]: '{"m":{"node":{"timestep":"x"}}}' });
    expect((await answerArchiveRequest(root, request)).problems[0]).toContain('timestep');
    const bomb = gzipSync(Buffer.alloc(MAX_DATA_BYTES + 1, ' '), { level: 1 });
    await writeFiles(root, { [`${folder}/data.json.gz`]: bomb });
    const { texts, problems } = await answerArchiveRequest(root, request);
    expect([texts, problems]).toEqual([[null], [expect.stringMatching(/unpacks to more than/)]]);
  });

  test('is not looked for outside the archive', async () => {
    const root = testFolder();
    const outside = { ...request, job: { ...job, cluster: '../..' } };
    expect(await answerArchiveRequest(root, outside)).toEqual({ texts: [null], problems: [] });
  });

  test('written is read again, compressed above 2000 bytes', async () => {
    const root = testFolder();
    const data = { m: { node: { unit, timestep: 60, series: [series('n1', Array(900).fill(1.5))] } } };
    await writeJob(root, job, { statistics: {} }, data);
    expect(existsSync(join(root, folder, 'data.json.gz'))).toBe(true);
    const { texts } = await answerArchiveRequest(root, request);
    expect(JSON.parse(texts[0] ?? '').m.node.series[0].data).toHaveLength(900);
  });
});

describe('the statistics of jobs', () => {
  test('are answered in order, null where meta.json is missing, broken or has none', async () => {
    const root = testFolder();
    await writeFiles(root, {
      'small/0/001/5/meta.json': { statistics: { m: { unit, avg: 1.2345, max: 2 }, n: { unit: { base: 'W' } } } },
      'small/0/002/5/meta.json': '{',
      'small/0/003/5/meta.json': { statistics: null, stopTime: 3 },
    });
    const jobs = [1, 2, 3, 4].map((jobId) => ({ cluster: 'small', jobId, startTime: 5 }));
    const { texts, problems } = await answerArchiveRequest(root, { kind: 'statistics', jobs });
    expect(texts.slice(1)).toEqual([null, null, null]);
    expect(JSON.parse(texts[0] ?? '')).toEqual({
      m: { unit, avg: 1.2345, min: 0, max: 2 },
      n: { unit: { base: 'W' }, avg: 0, min: 0, max: 0 },
    });
    expect(problems).toHaveLength(2);
  });
});

const REAL = join(import.meta.dirname, '../../../shared/data/cc/archive');

// Additional tests for a machine with the real files. The tests above create their own.
const real = existsSync(REAL) ? describe : () => {};
real('a real archive', () => {
  test('answers the 32 series of each metric of an emmy job', async () => {
    const emmy = { cluster: 'emmy', jobId: 1403244, startTime: 1608923076 };
    const { texts, problems } = await answerArchiveRequest(REAL, { ...request, job: emmy, scopes: ['node'] });
    const data = JSON.parse(texts[0] ?? 'null');
    expect([Object.keys(data).length, data.flops_any.node.series.length, problems]).toEqual([9, 32, []]);
    expect(data.ipc.node.series[0]).toMatchObject({ statistics: { min: 0, avg: 0, max: 0 }, hostname: 'e0102' });
    expect(data.ipc.node.series[0].data.slice(0, 3)).toEqual([1.22, 1.43, 1.49]);
    expect(data.flops_any.node.statisticsSeries.median).toHaveLength(1441);
    const coarse = await answerArchiveRequest(REAL, { ...request, job: emmy, metrics: ['flops_any'], resolution: 600 });
    expect(JSON.parse(coarse.texts[0] ?? '').flops_any.node.series[0].data).toHaveLength(144);
    const statistics = await answerArchiveRequest(REAL, { kind: 'statistics', jobs: [emmy] });
    expect(JSON.parse(statistics.texts[0] ?? '').mem_bw).toEqual({
      unit: { base: 'B/s', prefix: 'G' },
      avg: 63.57,
      min: 0,
      max: 74.5,
    });
  });
});
