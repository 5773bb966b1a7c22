/** Metric data of archived jobs, as every kind of answer may use it. Routes of the test ask the functions. */
import type { Context } from 'hono';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { ClusterFileSchema } from '../../src/clusters/cluster-schema.ts';
import { Clusters } from '../../src/clusters/clusters.ts';
import { deriveCluster } from '../../src/clusters/derive-cluster.ts';
import { visibleJobs } from '../../src/http/auth/visible-jobs.ts';
import { jobMetrics, jobStatistics, scopedJobStatistics } from '../../src/http/jobs/archived-metrics.ts';
import { jobsFootprints, jobsMetricStatistics, rooflineHeatmap } from '../../src/http/jobs/metrics-of-jobs.ts';
import type { AppEnv } from '../../src/http/service.ts';
import type { JobFilter } from '../../src/jobs/filter.ts';
import type { Job } from '../../src/jobs/job.ts';
import { writeFiles } from '../support/archive.ts';
import { smallCluster } from '../support/small-cluster.ts';
import { before, faultIn, job, NOW, type TestAppOptions, testApp } from '../support/test-app.ts';

const START = NOW - 7200;
const EVERY = { metrics: null, scopes: null, resolution: null };
const GRID = { rows: 1, cols: 2, minX: 0.1, maxX: 10, minY: 1, maxY: 100 };
const statistic = (avg: number) => ({ unit: { base: '' }, avg, min: avg / 2, max: 2 * avg });
const data = (...samples: number[]) => ({
  node: { unit: { base: '' }, timestep: 60, series: [{ hostname: 'n01', data: samples }] },
});

/** Jobs 1 to 7 by their database id. The older has the higher id. */
const CHANGES: Partial<Job>[] = [
  { user: 'ada', monitoringStatus: 3, duration: 600, numNodes: 2, numHwthreads: 8 },
  { user: 'bob', monitoringStatus: 3, duration: 90, numAcc: 3 },
  { user: 'ada', monitoringStatus: 1, duration: 0, jobState: 'running' },
  { user: 'ada', monitoringStatus: 1 }, // being archived
  { user: 'ada', monitoringStatus: 2 }, // archiving has failed
  { user: 'ada', monitoringStatus: 3, cluster: 'open' },
  { user: 'bob', monitoringStatus: 3, project: 'lost' }, // no files
];
const JOBS = CHANGES.map((changes, at) => job({ jobId: at + 1, startTime: START - at, ...changes }));

const filesOf = ({ cluster, jobId, startTime }: Job, factor: number) => ({
  [`${cluster}/0/00${jobId}/${startTime}/meta.json`]: {
    statistics: { flops_any: statistic(4 * factor), mem_used: statistic(8), cpu_load: statistic(0.125) },
  },
  // 2 and 4 operations; a bandwidth of 4 and 1: x is 0.5 and 4
  [`${cluster}/0/00${jobId}/${startTime}/data.json`]: {
    flops_any: data(2 * factor, 4 * factor),
    mem_bw: data(4 * factor, factor),
    mem_used: data(1),
  },
});

/** `small` restricts mem_used and mem_bw, `open` restricts nothing. */
const clusters = new Clusters(
  ['small', 'open'].map((name) => {
    const { metricConfig, ...file } = smallCluster();
    const [first] = metricConfig;
    const all = [...metricConfig, { ...first, name: 'mem_bw' }].map((metric) => ({
      ...metric,
      restrict: name === 'small' && metric.name?.startsWith('mem_'),
    }));
    return deriveCluster(ClusterFileSchema.parse({ ...file, name, metricConfig: all }));
  }),
);

type Question = (c: Context<AppEnv>) => Promise<unknown>;

/** The service with one route more, which asks the current question. */
async function started(options: TestAppOptions = {}) {
  const service = await testApp({
    jobs: JOBS,
    service: () => ({ clusters }),
    fill: async ({ archiveRoot }) => {
      for (const one of JOBS.slice(0, 6)) await writeFiles(archiveRoot, filesOf(one, one.jobId === 2 ? 2 : 1));
    },
    ...options,
  });
  let current: Question = async () => null;
  service.app.get('/userapi/asked', async (c) => c.json((await current(c)) ?? null));
  return {
    ...service,
    /** Asks as a machine account, or as a user. An error is its code and text. */
    async ask(question: Question, user?: string, ...roles: string[]): Promise<unknown> {
      current = question;
      const answer = await service.get('/userapi/asked', user, ...roles);
      if (answer.status === 200) return await answer.json();
      const [, code, error] = await faultIn(answer);
      return `${code}: ${error}`;
    },
  };
}

let service: Awaited<ReturnType<typeof started>>;
beforeAll(async () => {
  service = await started();
});
afterAll(() => service.close());

const ADA = ['ada', 'api', 'user'] as const;
const filtered = (filter: JobFilter) => (c: Context<AppEnv>) => visibleJobs(c, filter);
const ofBob: JobFilter = [{ kind: 'text', field: 'user', operator: 'is', values: ['bob'] }];
const withIds = (...ids: bigint[]): JobFilter => [{ kind: 'id', field: 'db-id', values: ids }];

describe('the metrics of a job', () => {
  const names =
    (id: bigint, metrics: string[] | null = null) =>
    async (c: Context<AppEnv>) =>
      (await jobMetrics(c, id, { ...EVERY, metrics })).map(({ name }) => name);

  test('are entries with samples as texts', async () => {
    const answer = await service.ask((c) => jobMetrics(c, 1n, { ...EVERY, metrics: ['flops_any', 'flops_any'] }));
    const statistics = { min: 0, avg: 0, max: 0 };
    const series = [{ hostname: 'n01', id: null, statistics, data: '[2,4]' }];
    const metric = { unit: { base: '', prefix: '' }, timestep: 60, series, statisticsSeries: null };
    expect(answer).toEqual([{ name: 'flops_any', scope: 'node', metric }]);
  });

  test('are empty while a job runs or is being archived', async () => {
    expect(await service.ask(names(3n))).toEqual([]);
    expect(await service.ask(names(4n))).toEqual([]);
    expect(await service.ask((c) => scopedJobStatistics(c, 3n))).toEqual([]);
    expect(await service.ask((c) => jobStatistics(c, 3n, ['flops_any']))).toEqual([]);
    // Statistics are in its files.
    expect(await service.ask((c) => jobStatistics(c, 4n, ['flops_any']))).toHaveLength(1);
  });

  test('are an error for a job that is unknown, invisible or without files, and for a bad resolution', async () => {
    expect(await service.ask(names(99n))).toBe('not_found: there is no job with the database id 99');
    expect(await service.ask(names(2n), ...ADA)).toBe('not_found: there is no job with the database id 2');
    expect(await service.ask(names(7n))).toBe('not_found: the archive has no metric data for this job');
    expect(await service.ask((c) => scopedJobStatistics(c, 7n))).toMatch(/^not_found/);
    expect(await service.ask((c) => jobStatistics(c, 7n, []))).toMatch(/^not_found/);
    const bad = await service.ask((c) => jobMetrics(c, 1n, { ...EVERY, resolution: 90 }));
    expect(bad).toBe('invalid_request: resolution 90 s is not a multiple of the time step of 60 s');
  });

  test('lack those that are hidden from the caller', async () => {
    expect(await service.ask(names(1n))).toEqual(['flops_any', 'mem_bw', 'mem_used']);
    expect(await service.ask(names(1n), ...ADA)).toEqual(['flops_any']);
    expect(await service.ask(names(1n, ['mem_bw']), ...ADA)).toEqual([]);
    expect(await service.ask(names(6n), ...ADA)).toEqual(['flops_any', 'mem_bw', 'mem_used']);
    const scoped = await service.ask((c) => scopedJobStatistics(c, 1n), ...ADA);
    const data = { min: 0, avg: 0, max: 0 };
    expect(scoped).toEqual([{ name: 'flops_any', scope: 'node', stats: [{ hostname: 'n01', id: null, data }] }]);
  });

  test('have statistics from meta.json: each metric once, 0 where there are none', async () => {
    const metrics = ['cpu_load', 'mem_used', 'cpu_load', 'unknown'];
    const cpuLoad = { name: 'cpu_load', data: { unit: { base: '' }, avg: 0.125, min: 0.0625, max: 0.25 } };
    const memUsed = { name: 'mem_used', data: { unit: { base: '' }, avg: 8, min: 4, max: 16 } };
    const unknown = { name: 'unknown', data: { avg: 0, min: 0, max: 0 } };
    expect(await service.ask((c) => jobStatistics(c, 1n, metrics))).toEqual([cpuLoad, memUsed, unknown]);
    expect(await service.ask((c) => jobStatistics(c, 1n, metrics), ...ADA)).toEqual([cpuLoad, unknown]);
    const many = Array.from({ length: 101 }, (_, at) => `m${at}`);
    expect(await service.ask((c) => jobStatistics(c, 1n, many))).toBe(
      'invalid_request: metrics may have at most 100 names',
    );
  });
});

describe('the statistics of many jobs', () => {
  const compared =
    (filter: JobFilter, metrics = ['flops_any']) =>
    async (c: Context<AppEnv>) =>
      (await jobsMetricStatistics(c, filtered(filter)(c), metrics)).map(({ id, stats }) => [
        id,
        ...stats.map(({ name, data }) => [name, data.avg]),
      ]);

  test('are those of ended jobs with a meta.json, oldest start first', async () => {
    // Job 3 runs, and 7 has no files.
    expect(await service.ask(compared([]))).toEqual([
      ...[6, 5, 4].map((id) => [id, ['flops_any', 4]]),
      [2, ['flops_any', 8]],
      [1, ['flops_any', 4]],
    ]);
    expect(await service.ask(compared(ofBob, []))).toEqual([[2]]);
    expect(await service.ask((c) => jobsMetricStatistics(c, filtered(withIds(2n))(c), []))).toEqual([
      {
        ...{ id: 2, jobId: 2, cluster: 'small', subCluster: 'main', state: 'completed', startTime: START - 1 },
        ...{ duration: 90, numNodes: 1, numHwthreads: 4, numAcc: 3, monitoringStatus: 3, stats: [] },
      },
    ]);
  });

  test('are limited to the jobs and metrics of the caller', async () => {
    const asked = await service.ask(compared([], ['mem_used', 'cpu_load']), ...ADA);
    const shown = ['cpu_load', 0.125];
    expect(asked).toEqual([
      [6, ['mem_used', 8], shown],
      [5, shown],
      [4, shown],
      [1, shown],
    ]);
  });

  test('of running jobs only are empty, however many match', async () => {
    const running: JobFilter = [{ kind: 'member', field: 'state', values: ['running'] }];
    const reads: string[] = [];
    const many = await started({
      jobs: Array.from({ length: 1001 }, (_, at) => job({ jobId: at + 1, startTime: NOW - at, jobState: 'running' })),
      service: ({ db }) => ({ clusters, db: before(db, (statement) => void reads.push(statement)) }),
    });
    onTestFinished(() => many.close());
    expect(await many.ask(compared(running))).toEqual([]);
    expect(reads).toEqual([]);
    expect(await many.ask(compared([]))).toBe('invalid_request: more than 1000 jobs match: narrow the filter');
    expect(
      await many.ask(compared([{ kind: 'whole', field: 'start-time', range: { from: BigInt(NOW - 999) } }])),
    ).toEqual([]);
  });
});

describe('footprints', () => {
  const footprints =
    (filter: JobFilter, metrics = ['flops_any', 'mem_used', 'unknown']) =>
    (c: Context<AppEnv>) =>
      jobsFootprints(c, filtered(filter)(c), metrics);

  test('have the averages and weights of monitored jobs that have ended, oldest start first', async () => {
    // Jobs 6, 4, 2 and 1. 5 is not monitored, 3 runs. Minutes times nodes: 60 * 1, 60 * 1, 1.5 * 1, 10 * 2.
    expect(await service.ask(footprints(withIds(1n, 2n, 3n, 4n, 5n, 6n)))).toEqual({
      timeWeights: {
        nodeHours: '[60,60,1.5,20]',
        accHours: '[1,1,4.5,1]', // 1.5 * 3
        coreHours: '[240,240,6,80]', // 60 * 4, 60 * 4, 1.5 * 4, 10 * 8
      },
      metrics: [
        { metric: 'flops_any', data: '[4,4,8,4]' },
        { metric: 'mem_used', data: '[8,8,8,8]' },
        { metric: 'unknown', data: '[null,null,null,null]' },
      ],
    });
  });

  test('lack hidden metrics, and have two decimals', async () => {
    const asked = await service.ask(footprints([], ['mem_used', 'cpu_load']), ...ADA);
    expect(asked).toMatchObject({
      metrics: [
        { metric: 'mem_used', data: '[8,null,null]' },
        { metric: 'cpu_load', data: '[0.12,0.12,0.12]' },
      ],
    });
  });

  test('are empty if no job matches, and an error if a meta.json is missing', async () => {
    const none = { nodeHours: '[]', accHours: '[]', coreHours: '[]' };
    expect(await service.ask(footprints(withIds(), ['a']))).toEqual({
      timeWeights: none,
      metrics: [{ metric: 'a', data: '[]' }],
    });
    expect(await service.ask(footprints([]))).toBe('not_found: the archive has no data of job 7');
  });
});

describe('a roofline heat map', () => {
  const roofline =
    (filter: JobFilter, grid = GRID) =>
    (c: Context<AppEnv>) =>
      rooflineHeatmap(c, filtered(filter)(c), grid);

  test('sums the samples of monitored, archived jobs in which both metrics are shown', async () => {
    // Each job has a sample at 0.5 and one at 4. 3 runs, 4 is being archived, 5 is not monitored.
    expect(await service.ask(roofline(withIds(1n, 2n, 3n, 4n, 5n, 6n)))).toEqual([[3, 3]]);
    // mem_bw is hidden on `small`, so only job 6 is left.
    expect(await service.ask(roofline([]), ...ADA)).toEqual([[1, 1]]);
    // 2 and 4 are below 8, and the 8 of job 2 is in the second of three rows: log 8 is 0.9 of 2.
    expect(await service.ask(roofline(withIds(1n, 2n), { ...GRID, rows: 2 }))).toEqual([
      [2, 2],
      [0, 0],
    ]);
  });

  test('is an error without the data of a job, for a bad grid, and above 500 jobs', async () => {
    expect(await service.ask(roofline([]))).toBe('not_found: the archive has no data of job 7');
    expect(await service.ask(roofline([], { ...GRID, rows: 0 }))).toMatch(/^invalid_request: rows and cols/);
    const many = await started({ jobs: Array.from({ length: 501 }, (_, at) => job({ jobId: at + 1 })) });
    onTestFinished(() => many.close());
    const refused = 'invalid_request: more than 500 jobs match: narrow the filter';
    expect(await many.ask(roofline([]))).toBe(refused);
    expect(await many.ask((c) => jobsFootprints(c, visibleJobs(c), []))).toBe(refused);
    expect(await many.ask(roofline(withIds(1n)))).toEqual([[0, 0]]); // not monitored
  });
});

test('without an archive a job has no data, many jobs have no statistics, and the answer says why', async () => {
  const bare = await started({ service: () => ({ clusters, archive: undefined }) });
  onTestFinished(() => bare.close());
  const refused = 'not_found: this service has no job archive';
  expect(await bare.ask((c) => jobMetrics(c, 1n, EVERY))).toBe(refused);
  expect(await bare.ask((c) => jobStatistics(c, 1n, []))).toBe(refused);
  expect(await bare.ask((c) => scopedJobStatistics(c, 1n))).toBe(refused);
  expect(await bare.ask((c) => jobMetrics(c, 3n, EVERY))).toEqual([]);
  expect(await bare.ask((c) => jobsFootprints(c, visibleJobs(c), []))).toBe(refused);
  expect(await bare.ask((c) => rooflineHeatmap(c, visibleJobs(c), GRID))).toBe(refused);
  expect(await bare.ask((c) => jobsMetricStatistics(c, visibleJobs(c), []))).toEqual([]);
  expect((await bare.get('/userapi/asked')).headers.get('X-Lacks')).toBe('job-archive');
});
