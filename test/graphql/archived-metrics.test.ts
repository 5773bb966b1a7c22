/** Metric data by /query. What the functions under it do: test/http/archived-metrics.test.ts. */
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { Job } from '../../src/jobs/job.ts';
import { writeFiles } from '../support/archive.ts';
import { bodyOf, job, NOW, type TestApp, type TestAppOptions, testApp } from '../support/test-app.ts';

const START = NOW - 7200;
const unit = { base: 'F/s', prefix: 'G' };
const long = Array.from({ length: 1200 }, (_, step) => step % 7);

/** Two archived jobs, and a running one. By their database ids. */
const CHANGES: Partial<Job>[] = [
  { user: 'ada', monitoringStatus: 3, duration: 600, numNodes: 2, numHwthreads: 8 },
  { user: 'bob', monitoringStatus: 3, duration: 90, numAcc: 3, startTime: START - 1 },
  { user: 'ada', monitoringStatus: 1, duration: 0, jobState: 'running', startTime: NOW - 60 },
];
const JOBS = CHANGES.map((changes, at) => job({ jobId: 2 ** 40 + at, startTime: START, ...changes }));

const folderOf = ({ cluster, jobId, startTime }: Job) => {
  const id = Number(jobId);
  return `${cluster}/${Math.floor(id / 1000)}/${String(id % 1000).padStart(3, '0')}/${startTime}`;
};
const statistics = { min: 0.125, avg: 2.345, max: 3 };
const series = (data: (number | null)[]) => [{ hostname: 'n01', statistics, data }];
/** cpu_power is restricted. */
const filesOf = (one: Job) => ({
  [`${folderOf(one)}/meta.json`]: { statistics: { flops_any: { unit, ...statistics }, cpu_power: { unit, avg: 9 } } },
  [`${folderOf(one)}/data.json`]: {
    flops_any: { node: { unit, timestep: 60, series: series([...long.slice(2), null]) } },
    mem_bw: { core: { timestep: 60, series: [{ hostname: 'n01', id: '0', data: [4, null] }] } },
    cpu_power: { node: { timestep: 60, series: series([9]) } },
  },
});

async function started(options: TestAppOptions = {}): Promise<TestApp> {
  return await testApp({
    jobs: JOBS,
    fill: async ({ archiveRoot }) => {
      for (const one of JOBS.slice(0, 2)) await writeFiles(archiveRoot, filesOf(one));
    },
    ...options,
  });
}

let service: TestApp;
beforeAll(async () => {
  service = await started();
});
afterAll(() => service.close());

interface Answer {
  data: Record<string, unknown> | null;
  errors?: { message: string; path: unknown[]; extensions: { code: string } }[];
}

async function ask(query: string, variables: object = {}, user = 'root', roles = ['admin'], on = service) {
  const answer = await on.app.request('/query', {
    method: 'POST',
    headers: { 'X-Auth-Token': await on.token(user, ...roles), 'Content-Type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  });
  expect(answer.status).toBe(200);
  return await bodyOf<Answer>(answer);
}
const asAda = (query: string, variables: object = {}) => ask(query, variables, 'ada', ['user']);

const METRICS = `query ($id: ID!, $metrics: [String!], $scopes: [MetricScope!], $resolution: Int) {
  jobMetrics(id: $id, metrics: $metrics, scopes: $scopes, resolution: $resolution) {
    name scope
    metric { unit { base prefix } timestep statisticsSeries { min mean median max }
      series { hostname id statistics { min avg max } data } } } }`;

describe('jobMetrics', () => {
  test('has every member, with lists of samples as lists', async () => {
    const { data, errors } = await ask(METRICS, { id: 1, metrics: ['mem_bw'] });
    expect(errors).toBeUndefined();
    expect(data).toEqual({
      jobMetrics: [
        {
          name: 'mem_bw',
          scope: 'core',
          metric: {
            unit: { base: '', prefix: '' },
            timestep: 60,
            statisticsSeries: null,
            series: [{ hostname: 'n01', id: '0', statistics: { min: 0, avg: 0, max: 0 }, data: [4, null] }],
          },
        },
      ],
    });
  });

  test('has the resolution of the file, the configured or the requested one', async () => {
    const lengthOf = async (on: TestApp, resolution?: number | null) => {
      const { data } = await ask(METRICS, { id: '1', metrics: ['flops_any'], resolution }, 'root', ['admin'], on);
      const entries = data?.['jobMetrics'] as { metric: { timestep: number; series: { data: unknown[] }[] } }[];
      return [entries[0]?.metric.timestep, entries[0]?.metric.series[0]?.data.length];
    };
    expect(await lengthOf(service)).toEqual([60, 1199]);
    expect(await lengthOf(service, 120)).toEqual([120, 599]); // 1199 / 2
    const configured = await started({ settings: { METRIC_RESOLUTIONS: '60,240' } });
    onTestFinished(() => configured.close());
    expect(await lengthOf(configured, null)).toEqual([240, 299]); // 1199 / 4
    expect(await lengthOf(configured, 0)).toEqual([60, 1199]);
    const { errors } = await ask(METRICS, { id: '1', resolution: 90 });
    expect(errors).toMatchObject([{ path: ['jobMetrics'], extensions: { code: 'invalid_request' } }]);
  });

  test('of the job of somebody else is for the roles that see it, a machine account included', async () => {
    const asked = async (user: string, ...roles: string[]) =>
      (await ask('{ jobMetrics(id: 2, metrics: []) { name } }', {}, user, roles)).data;
    for (const roles of [['admin'], ['support'], ['api']])
      expect(await asked('root', ...roles)).toEqual({ jobMetrics: [] });
    for (const roles of [['user'], ['manager']]) expect(await asked('ada', ...roles)).toBeNull();
    const { errors } = await asAda('{ jobMetrics(id: 2, metrics: []) { name } }');
    expect(errors).toMatchObject([{ path: ['jobMetrics'], extensions: { code: 'not_found' } }]);
  });

  test('of a running job is empty, and of an id that is none an error', async () => {
    const fields = 'jobMetrics(id: 3) { name } jobStats(id: 3, metrics: ["a"]) { name } scopedJobStats(id: 3) { name }';
    const answer = await ask(`{ ${fields} }`);
    expect(answer).toEqual({ data: { jobMetrics: [], jobStats: [], scopedJobStats: [] } });
    for (const id of ['x', '', '1.5', '99999999999999999999']) {
      expect(await ask(METRICS, { id })).toMatchObject({ data: null, errors: [{ path: ['jobMetrics'] }] });
    }
  });

  test('refuses more than 32 MB of metric data in one request', async () => {
    const samples = `[${'1.25,'.repeat(3_600_000)}1]`;
    const entry = {
      name: 'm',
      scope: 'node',
      metric: { unit, timestep: 60, series: [{ hostname: 'n', data: samples }] },
    };
    const piece = new TextEncoder().encode(JSON.stringify(entry)); // 18 MB
    const large = await started({
      service: ({ archive }) => ({ archive: archive && { ...archive, scopedMetrics: async () => [piece] } }),
    });
    onTestFinished(() => large.close());
    const one = 'jobMetrics(id: 1, metrics: ["a"]) { metric { timestep } }';
    const both = `{ one: ${one} same: ${one} other: jobMetrics(id: 1, metrics: ["b"]) { metric { timestep } } }`;
    expect((await ask(`{ one: ${one} same: ${one} }`, {}, 'root', ['admin'], large)).errors).toBeUndefined();
    expect((await ask(both, {}, 'root', ['admin'], large)).errors).toMatchObject([
      { message: expect.stringContaining('more than 32 MB'), extensions: { code: 'invalid_request' } },
    ]);
  });
});

test('statistics of a job come by metric and by series, without hidden metrics', async () => {
  const query = `{ jobStats(id: 1, metrics: ["cpu_power", "flops_any", "none"]) { name data { min avg max } }
    scopedJobStats(id: 1, metrics: ["ignored"], scopes: ["core"]) { name scope stats { hostname id data { min avg max } } } }`;
  const zero = { min: 0, avg: 0, max: 0 };
  const flops = { name: 'flops_any', data: statistics };
  const none = { name: 'none', data: zero };
  const scoped = [
    { name: 'flops_any', scope: 'node', stats: [{ hostname: 'n01', id: null, data: statistics }] },
    { name: 'mem_bw', scope: 'core', stats: [{ hostname: 'n01', id: '0', data: zero }] },
  ];
  expect(await asAda(query)).toEqual({ data: { jobStats: [flops, none], scopedJobStats: scoped } });
  const all = await ask(query);
  expect(all.data?.['jobStats']).toEqual([{ name: 'cpu_power', data: { ...zero, avg: 9 } }, flops, none]);
  expect(all.data?.['scopedJobStats']).toHaveLength(3);
  expect(await ask('{ jobStats(id: 1) { name } }')).toEqual({ data: { jobStats: [] } });
});

test('statistics of many jobs have their members in the types of the schema', async () => {
  const query = `query ($filter: [JobFilter!]) { jobsMetricStats(filter: $filter, metrics: ["flops_any"]) {
    id jobId startTime duration cluster subCluster numNodes numHWThreads numAccelerators stats { name data { avg } } } }`;
  const stats = [{ name: 'flops_any', data: { avg: 2.345 } }];
  const bobs = {
    ...{ id: 2, jobId: '1099511627777', startTime: START - 1, duration: 90, cluster: 'small', subCluster: 'main' },
    ...{ numNodes: 1, numHWThreads: 4, numAccelerators: 3, stats },
  };
  const adas = { ...bobs, id: 1, jobId: '1099511627776', startTime: START, duration: 600 };
  const shown = { ...adas, numNodes: 2, numHWThreads: 8, numAccelerators: 0 };
  expect(await ask(query)).toEqual({ data: { jobsMetricStats: [bobs, shown] } });
  expect(await asAda(query)).toEqual({ data: { jobsMetricStats: [shown] } });
  expect(await ask(query, { filter: { state: 'running' } })).toEqual({ data: { jobsMetricStats: [] } });
});

test('footprints and rooflines are of the jobs of the caller', async () => {
  const query = `query ($filter: [JobFilter!]!) {
    jobsFootprints(filter: $filter, metrics: ["flops_any", "cpu_power"]) {
      timeWeights { nodeHours accHours coreHours } metrics { metric data } }
    rooflineHeatmap(filter: $filter, rows: 1, cols: 2, minX: 0.1, maxX: 10, minY: 1, maxY: 10) }`;
  // Samples of two jobs: 2 operations to 4 bytes is 0.5, and the second has no bytes.
  expect(await ask(query, { filter: [] })).toEqual({
    data: {
      jobsFootprints: {
        timeWeights: { nodeHours: [1.5, 20], accHours: [4.5, 1], coreHours: [6, 80] },
        metrics: [
          { metric: 'flops_any', data: [2.35, 2.35] },
          { metric: 'cpu_power', data: [9, 9] },
        ],
      },
      rooflineHeatmap: [[2, 0]],
    },
  });
  const own = await asAda(query, { filter: [] });
  expect(own.data).toMatchObject({
    jobsFootprints: { metrics: [{ data: [2.35] }, { metric: 'cpu_power', data: [null] }] },
    rooflineHeatmap: [[1, 0]],
  });
  const none = await ask('{ jobsFootprints(filter: [], metrics: []) { metrics { data } } }');
  expect(none).toEqual({ data: { jobsFootprints: { metrics: [] } } });
});

test('a failing field says so at its path, and jobsFootprints leaves the others', async () => {
  const lost = await started({ fill: async () => {} });
  onTestFinished(() => lost.close());
  const grid = 'rows: 1, cols: 1, minX: 1, maxX: 2, minY: 1, maxY: 2';
  const answer = await ask(
    '{ jobsFootprints(metrics: []) { metrics { metric } } jobsMetricStats { id } }',
    {},
    'root',
    ['admin'],
    lost,
  );
  expect(answer).toMatchObject({
    data: { jobsFootprints: null, jobsMetricStats: [] },
    errors: [{ path: ['jobsFootprints'], extensions: { code: 'not_found' } }],
  });
  expect(await ask(`{ rooflineHeatmap(filter: [], ${grid}) }`, {}, 'root', ['admin'], lost)).toMatchObject({
    data: null,
    errors: [{ path: ['rooflineHeatmap'], extensions: { code: 'not_found' } }],
  });
  expect(
    await ask(`{ rooflineHeatmap(filter: [], ${grid.replace('cols: 1', 'cols: 9223372036854775807')}) }`),
  ).toMatchObject({
    errors: [{ message: expect.stringContaining('rows and cols'), extensions: { code: 'invalid_request' } }],
  });
});
