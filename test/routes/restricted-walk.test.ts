/** No answer to a user or manager contains a metric marked with `restrict`: requests every route and page. */
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { ClusterFileSchema } from '../../src/clusters/cluster-schema.ts';
import { Clusters } from '../../src/clusters/clusters.ts';
import { deriveCluster } from '../../src/clusters/derive-cluster.ts';
import { ACCOUNTS, PASSWORD } from '../support/accounts.ts';
import { writeFiles } from '../support/archive.ts';
import { dataOf, errorsOf } from '../support/graphql.ts';
import { cookieOf, sendLogin } from '../support/login.ts';
import { routesOf } from '../support/routes.ts';
import { smallCluster } from '../support/small-cluster.ts';
import { bodyOf, faultIn, job, NOW, type TestApp, testApp } from '../support/test-app.ts';

/** Part of every value of the restricted metric `secret`, and of no other text. */
const MARK = 86_753;
/** Part of the values of `secret` where it is not restricted. */
const OPEN_VALUE = 4_242;
const START = NOW - 7200;
const ADA = ['ada', 'user', 'api'] as const;
const BOSS = ['ada', 'manager', 'user', 'api'] as const;
const SEEING = [
  ['robot', 'api'],
  ['root', 'admin', 'api'],
  ['sue', 'support', 'api'],
] as const;

const metric = (name: string, more: object = {}) => ({
  name,
  unit: { base: 'B' },
  timestep: 60,
  footprint: 'avg',
  peak: 100_000,
  normal: 50_000,
  caution: 20_000,
  alert: 10_000,
  ...more,
});
/** `secret` and `mem_bw` are restricted on `small`, but not on `open`. */
const cluster = (name: string, restrict: boolean) => ({
  name,
  metricConfig: [
    ...(name === 'small' ? smallCluster().metricConfig : []),
    metric('secret', { restrict }),
    metric('secret_less'),
    metric('mem_bw', { restrict }),
  ],
  subClusters: smallCluster().subClusters,
});
const clusters = new Clusters(
  [cluster('small', true), cluster('open', false)].map((file) => deriveCluster(ClusterFileSchema.parse(file))),
);

const statistic = (value: number) => ({ unit: { base: 'B' }, avg: value, min: value, max: value });
const samples = (value: number) => ({
  unit: { base: 'B' },
  timestep: 60,
  series: [{ hostname: 'n01', statistics: { min: value, avg: value, max: value }, data: [value, value] }],
});
const jobOn = (name: string, jobId: number, value: number) =>
  job({
    jobId,
    cluster: name,
    monitoringStatus: 3,
    footprint: { secret_avg: value, secret_less_avg: 1.5, cpu_load_avg: 2 },
    energyFootprint: { secret: value, secret_less: 1.5 },
  });
const archived = (name: string, jobId: number, value: number) => ({
  [`${name}/0/00${jobId}/${START}/data.json`]: {
    secret: { node: samples(value) },
    secret_less: { node: samples(1) },
    ...(name === 'small' ? {} : { flops_any: { node: samples(1) }, mem_bw: { node: samples(1) } }),
  },
  [`${name}/0/00${jobId}/${START}/meta.json`]: {
    statistics: { secret: statistic(value), secret_less: statistic(1) },
  },
});
/** As none of our programs writes it: a duplicate key, another statistic, escaped letters, and values of every type. */
const ODD =
  String.raw`{"secret_avg":86753,"a\"b":[1,{"c":2}],"secret_avg":867531,"se\u0063ret_p95":86753,"x":{"y":null},"z":0.30000000000000004,"t":true,"f":false,"n":null,"s":"\u00e9","i":7,"secret":86753}`.replaceAll(
    '\\\\',
    '\\',
  );
const ODD_SHOWN =
  '{"a\\"b":[1,{"c":2}],"x":{"y":null},"z":0.30000000000000004,"t":true,"f":false,"n":null,"s":"é","i":7}';

/**
 * Job 1 on `small` has the odd footprint. Job 2 is on `small`, 3 on `open`, 4 on a cluster that is not configured. Job
 * 5 has an invalid footprint.
 */
const started = (settings: object = {}) =>
  testApp({
    settings,
    jobs: [jobOn('small', 2, MARK), jobOn('open', 3, OPEN_VALUE), jobOn('gone', 4, MARK), job({ jobId: 5 })],
    sql: `${ACCOUNTS}
      INSERT INTO job (job_id, hpc_user, project, cluster, subcluster, start_time, duration, walltime, job_state, resources, num_nodes, monitoring_status, shared, footprint)
        VALUES (1, 'ada', 'p1', 'small', 'main', ${START}, 3600, 7200, 'completed', '[{"hostname":"n01"}]', 1, 0, 'none', '${ODD}');`,
    service: () => ({ clusters }),
    fill: async ({ archiveRoot }) =>
      await writeFiles(archiveRoot, {
        ...archived('small', 2, MARK),
        ...archived('open', 3, OPEN_VALUE),
        ...archived('gone', 4, MARK),
      }),
  });

/** Queries of a route that show more than its default answer. */
const QUERIES = [
  '',
  'all-metrics=true',
  'metric=secret',
  'metric=secret_less&metric=secret&scope=node',
  'metric=secret&cluster=small',
  'metric=secret&cluster=open&cluster=small',
  'metric=secret&metric-bins=10000&cluster=gone',
  'metric.secret_avg=1-',
  'metric.secret_avg=1-&cluster=small',
  'with-metadata=1&items-per-page=3',
  'sort-by=energy',
  'of=metric.secret_avg',
  'of=metric.secret_avg&cluster=open&p=0,100',
];
const BODIES = ['null', '["secret"]', '["secret_less","secret"]', '{"key":"a","value":"b"}'];
const IDS = ['1', '2', '4'];
/** GraphQL fields that show the metric to an admin. */
const FIELDS = [
  'jobs { items { footprint { name stat value } } }',
  'jobs { items { energyFootprint { metric value } } }',
  'job(id: 1) { footprint { name stat value } }',
  'job(id: 2) { energyFootprint { metric value } }',
  'job(id: 4) { footprint { name stat value } }',
  'jobMetrics(id: 2) { name metric { series { data } } }',
  'jobMetrics(id: 2, metrics: ["secret_less", "secret"]) { metric { series { statistics { avg min max } } } }',
  'jobMetrics(id: 4, scopes: ["node"], resolution: 60) { name metric { series { data } } }',
  'jobStats(id: 2, metrics: ["secret_less", "secret"]) { name data { avg } }',
  'scopedJobStats(id: 2) { name stats { data { max } } }',
  'scopedJobStats(id: 4, metrics: ["secret"]) { name stats { data { min } } }',
  'jobsMetricStats(metrics: ["secret"]) { stats { name data { avg } } }',
  'jobsMetricStats(filter: [{dbId: [4]}], metrics: ["secret"]) { stats { data { max } } }',
  'jobsFootprints(metrics: ["secret_less", "secret"]) { metrics { metric data } }',
];

interface Asked {
  method: string;
  target: string;
  body?: string;
}

const QUERIED = FIELDS.map((field): Asked => {
  return { method: 'POST', target: '/query', body: JSON.stringify({ query: `{ ${field} }` }) };
});

/** Every route and page, with all queries and fields above. */
function everything(app: TestApp): Asked[] {
  const routes = routesOf(app, IDS).flatMap(({ method, target }): Asked[] =>
    method === 'GET'
      ? QUERIES.map((query) => ({ method, target: query === '' ? target : `${target}?${query}` }))
      : BODIES.map((body) => ({ method, target, body })),
  );
  return [...routes, ...QUERIED];
}

let service: TestApp;
beforeAll(async () => {
  service = await started();
}, 60_000);
afterAll(() => service.close());

const ask = async ({ method, target, body }: Asked, headers: Record<string, string>) =>
  await service.app.request(
    target,
    body === undefined
      ? { method, headers }
      : { method, headers: { ...headers, 'Content-Type': 'application/json' }, body },
  );
const asUser = async (...[name = '', ...roles]: readonly string[]) => ({
  'X-Auth-Token': await service.token(name, ...roles),
});
/** Routes and pages whose answers contain the values of the metric. */
async function showing(asked: readonly Asked[], headers: Record<string, string>): Promise<string[]> {
  const found = [];
  for (const one of asked) {
    const text = await (await ask(one, headers)).text();
    const digits = text.replaceAll(/(?<=\d)[ ,\u2009\u202f](?=\d{3})/g, ''); // pages write 86 753
    if (digits.includes(String(MARK))) found.push(`${one.method} ${one.target} ${one.body ?? ''}`.trim());
  }
  return found;
}

describe('a restricted metric', () => {
  test.each([[ADA], [BOSS]])('is in no answer of any route or page to %j', async (who) => {
    expect(await showing(everything(service), await asUser(...who))).toEqual([]);
  });

  test('is in no answer to the scripts of the pages', async () => {
    const session = cookieOf(await sendLogin(service, { username: 'ada', password: PASSWORD }));
    expect(session).not.toBe('');
    const headers = { Cookie: session, 'X-Requested-With': 'cc-jobs', 'Sec-Fetch-Site': 'same-origin' };
    expect(await (await ask({ method: 'GET', target: '/api/jobs/count' }, headers)).json()).toEqual({ count: 5 });
    expect(await showing(everything(service), headers)).toEqual([]);
  });

  // Shows that the two tests above look in the right places.
  test('is in the answers of these routes to an admin', async () => {
    const reading = everything(service).filter(({ method, target }) => method === 'GET' || /^\/userapi/.test(target));
    const routes = (await showing(reading, await asUser('root', 'admin', 'api'))).map((one) => one.split(/[? ]/, 2)[1]);
    const percentiles = ['', '.csv', '.ndjson'].map((suffix) => `statistics/percentiles${suffix}`);
    const known = ['jobs/', 'jobs/1', 'jobs/2', 'jobs/4', 'jobs/metrics/2', ...percentiles];
    const expected = ['/api/', '/userapi/'].flatMap((base) => known.map((path) => base + path));
    const pages = ['/jobs/1', '/jobs/2', '/jobs/4', '/exports/statistics/percentiles.csv'];
    const all = [...expected, ...pages, '/exports/statistics/percentiles.ndjson'];
    expect([...new Set(routes)].toSorted()).toEqual(all.toSorted());
  });

  test('is in the answers to these GraphQL requests of an admin', async () => {
    const requests = QUERIED.map(({ method, target, body }) => `${method} ${target} ${body}`);
    expect(await showing(QUERIED, await asUser('root', 'admin'))).toEqual(requests);
  });

  test.each(SEEING)('is seen by %s with the role %s', async (...who) => {
    const { jobs } = await bodyOf<Listed>(await service.get('/userapi/jobs/', ...who));
    expect(jobs.map(({ footprint }) => footprint?.['secret_avg'])).toContain(MARK);
  });

  test('is shown to users where RESTRICTED_METRICS says so', async () => {
    const open = await started({ RESTRICTED_METRICS: 'show' });
    onTestFinished(() => open.close());
    const { jobs } = await bodyOf<Listed>(await open.get('/userapi/jobs/', ...ADA));
    expect(jobs.map(({ footprint }) => footprint?.['secret_avg'])).toContain(MARK);
    expect((await open.get('/userapi/jobs/count?metric.secret_avg=1-', ...ADA)).status).toBe(200);
    expect(await (await open.get('/userapi/jobs/metrics/2?metric=secret', ...ADA)).text()).toContain(String(MARK));
  });
});

interface Listed {
  jobs: {
    jobId: number;
    footprint: Record<string, unknown> | null;
    statistics: Record<string, unknown> | null;
  }[];
}

test('only what is restricted is left out, and by the cluster of each job', async () => {
  const { jobs } = await bodyOf<Listed>(await service.get('/userapi/jobs/', ...ADA));
  const byId = Object.fromEntries(jobs.map(({ jobId, footprint, statistics }) => [jobId, { footprint, statistics }]));
  const less = { secret_less_avg: 1.5, cpu_load_avg: 2 };
  const statistics = { secret_less: statistic(1) };
  expect(byId).toEqual({
    1: { footprint: JSON.parse(ODD_SHOWN), statistics: null },
    2: { footprint: less, statistics },
    3: { footprint: { secret_avg: OPEN_VALUE, ...less }, statistics: { ...statistics, secret: statistic(OPEN_VALUE) } },
    4: { footprint: less, statistics },
    5: { footprint: null, statistics: null },
  });
});

test('what remains of a footprint keeps its order and digits', async () => {
  const text = await (await service.get('/userapi/jobs/1', ...ADA)).text();
  expect(text).toContain(`"footprint":${ODD_SHOWN},`);
});

test('metric data has the other metrics that were asked for', async () => {
  const names = async (id: number, query: string) => {
    const { data } = await bodyOf<{ data: { jobMetrics: { name: string }[] } }>(
      await service.get(`/userapi/jobs/metrics/${id}${query}`, ...ADA),
    );
    return data.jobMetrics.map(({ name }) => name);
  };
  expect(await names(2, '')).toEqual(['secret_less']);
  expect(await names(2, '?metric=secret')).toEqual([]);
  expect(await names(3, '?metric=secret')).toEqual(['secret']);
});

describe('a question by a restricted metric', () => {
  /** Every route and page with a filter refuses an unknown parameter by name, and accepts this one. */
  const filtered = async () => {
    const headers = await asUser('root', 'admin', 'api');
    const found = new Set<string>();
    for (const { method, target } of everything(service)) {
      const path = target.split('?', 1)[0] ?? '';
      if (method !== 'GET' || found.has(path)) continue;
      const status = async (query: string) => (await ask({ method, target: `${path}?${query}` }, headers)).status;
      if ((await status('metric.other_avg=1-')) === 200 && (await status('no-such=1')) === 400) found.add(path);
    }
    return [...found];
  };
  const CASES: readonly (readonly [query: string, status: number])[] = [
    ['metric.secret_avg=1-', 403],
    ['metric.secret=1-', 403],
    ['metric.secret_p95=1-', 403], // for any statistic
    ['metric.secret_avg=1-&cluster=small', 403],
    ['metric.secret_avg=1-&cluster=open&cluster=small', 403],
    ['metric.secret_avg=1-&cluster=gone', 403],
    ['metric.secret_avg=1-&db-id=3', 403], // it would have to look up that the job is on `open`
    ['metric.secret_avg=1-&cluster=open', 200],
    ['metric.secret_less_avg=1-', 200],
    ['metric.cpu_load_avg=1-&cluster=small', 200],
  ];

  test('is forbidden on every route and page with a filter, unless it stays on clusters that do not restrict it', async () => {
    const paths = await filtered();
    const api = [
      'jobs/',
      'jobs.csv',
      'jobs.ndjson',
      'jobs/count',
      ...['histograms', 'jobs', 'timeline', 'unused'].flatMap((name) =>
        ['', '.csv', '.ndjson'].map((suffix) => `statistics/${name}${suffix}`),
      ),
      'statistics/overview',
    ];
    const expected = ['/api/', '/userapi/'].flatMap((base) => api.map((path) => base + path));
    const exports = api.filter((path) => /\.(csv|ndjson)$/.test(path)).map((path) => `/exports/${path}`);
    expect(paths.toSorted()).toEqual([...expected, ...exports, '/jobs', '/statistics', '/timeline'].toSorted());
    const headers = await asUser(...ADA);
    for (const path of paths.filter((one) => !one.startsWith('/api/'))) {
      for (const [query, status] of CASES) {
        const answer = await ask({ method: 'GET', target: `${path}?${query}` }, headers);
        expect(answer.status, `${path}?${query}`).toBe(status);
      }
    }
  });

  test('is answered to admins, support and machine accounts', async () => {
    for (const who of SEEING) {
      const answer = await service.get(`/userapi/jobs/count?metric.secret_avg=${MARK - 1}-`, ...who);
      expect(await answer.json(), who.join()).toEqual({ count: 3 }); // 1, whose first secret_avg counts, 2 and 4
    }
  });

  test.each([
    ['metric=secret', 403],
    ['metric=secret_less&metric=secret', 403],
    ['metric=secret_avg', 403],
    ['metric=secret&cluster=gone', 403],
    ['metric=secret&cluster=open', 200],
    ['metric=secret_less', 200],
  ])('histograms of %s are a %d', async (query, status) => {
    for (const path of ['histograms', 'histograms.csv', 'histograms.ndjson', 'overview']) {
      const answer = await service.get(`/userapi/statistics/${path}?${query}`, ...ADA);
      expect(answer.status).toBe(status);
      if (status === 403) expect((await faultIn(answer))[2]).toMatch(/^the metric "secret\w*" is restricted$/);
    }
  });
});

describe('a GraphQL question by a restricted metric', () => {
  const CONDITION = 'metricStats: [{metricName: "secret_avg", range: {from: 1, to: 0}}]';
  const ON_OPEN = 'cluster: {eq: "open"}';
  const GRID = 'rows: 1, cols: 1, minX: 0.001, maxX: 1000, minY: 0.001, maxY: 1000';
  const filtered = (filter: string): [path: string, field: string][] => [
    ['jobs.count', `jobs(filter: ${filter}) { count }`],
    ['jobs.items', `jobs(filter: ${filter}) { items { id } }`],
    ['jobsStatistics', `jobsStatistics(filter: ${filter}) { totalJobs }`],
    ['jobsStatistics', `jobsStatistics(filter: ${filter}) { histNumNodes { count } }`],
    ['jobsMetricStats', `jobsMetricStats(filter: ${filter}) { id }`],
    ['jobsFootprints', `jobsFootprints(filter: ${filter}, metrics: []) { metrics { metric } }`],
    ['rooflineHeatmap', `rooflineHeatmap(filter: ${filter}, ${GRID})`],
  ];
  const ordered = (order: string, filter = '{}'): [path: string, field: string] => [
    'jobs.items',
    `jobs(filter: ${filter}, order: {${order}}) { items { id } }`,
  ];
  const drawn = (filter: string): [path: string, field: string] => [
    'jobsStatistics.0.histMetrics',
    `jobsStatistics(filter: ${filter}, metrics: ["secret"]) { histMetrics { metric } }`,
  ];
  const answered = async ([path, field]: readonly [string, string]) =>
    (await errorsOf(await service.ask(`{ ${field} }`, null, ...ADA))).map(([at, code]) => {
      expect(path, field).toContain(at);
      return code;
    });

  test.each([
    ...filtered(`{${CONDITION}}`),
    ...filtered(`{${CONDITION}, cluster: {in: ["open", "small"]}}`),
    ...filtered(`[{${CONDITION}}, {dbId: [3]}]`),
    ordered('field: "secret_avg", type: "foot"'),
    ordered('field: "secretP95", type: "foot", order: DESC'),
    ordered('field: "secret_avg", type: "foot"', '{cluster: {eq: "gone"}}'),
    drawn('{}'),
    drawn('{cluster: {eq: "small"}}'),
  ])('is forbidden: %s in %s', async (...asked) => {
    expect(await answered(asked)).toEqual(['forbidden']);
  });

  test.each([
    ...filtered(`{${CONDITION}, ${ON_OPEN}}`),
    ...filtered(`[{${CONDITION}}, {${ON_OPEN}}]`),
    ordered('field: "secret_avg", type: "foot"', `{${ON_OPEN}}`),
    ordered('field: "secret_less_avg", type: "foot"'),
    drawn(`{${ON_OPEN}}`),
  ])('is answered on clusters that do not restrict it: %s in %s', async (...asked) => {
    expect(await answered(asked)).toEqual([]);
  });

  test('leaves the jobs in which it is restricted out of a heat map', async () => {
    const drawnTo = async (...who: string[]) =>
      await dataOf(service.ask(`{ rooflineHeatmap(filter: [], ${GRID}) }`, null, ...who));
    expect(await drawnTo('root', 'admin')).toEqual({ rooflineHeatmap: [[4]] }); // two samples of each of two jobs
    expect(await drawnTo(...ADA)).toEqual({ rooflineHeatmap: [[2]] });
  });

  test('finds it in the list of metrics only where it is not restricted', async () => {
    const query = '{ globalMetrics { name availability { cluster subClusters } } }';
    const shown = async (...who: string[]) => {
      type Listed = { globalMetrics: { name: string; availability: { cluster: string }[] }[] };
      const { globalMetrics } = await dataOf<Listed>(service.ask(query, null, ...who));
      return globalMetrics.find(({ name }) => name === 'secret')?.availability.map(({ cluster: name }) => name);
    };
    expect(await shown(...ADA)).toEqual(['open']);
    expect(await shown('root', 'admin')).toEqual(['small', 'open']);
  });
});

describe('the pages', () => {
  const page = async (target: string, ...who: readonly string[]) =>
    await (await ask({ method: 'GET', target }, { ...(await asUser(...who)), Accept: 'text/html' })).text();

  test.each(['/jobs', '/statistics'])('offer no restricted metric to filter by: %s', async (path) => {
    const offered = async (query: string, ...who: readonly string[]) =>
      [...(await page(`${path}${query}`, ...who)).matchAll(/<option value="(secret\w*_avg)"/g)].map(([, key]) => key);
    expect(await offered('', ...ADA)).toEqual(['secret_less_avg']);
    expect(await offered('?cluster=open', ...ADA)).toEqual(['secret_avg', 'secret_less_avg']);
    expect(await offered('', 'root', 'admin')).toEqual(['secret_avg', 'secret_less_avg']);
  });

  test('draw no histogram and no plot of it', async () => {
    const drawn = async (...who: readonly string[]) => [
      (await page('/statistics', ...who)).includes('metric=secret&'),
      (await page('/jobs/2', ...who)).includes('data-metric="secret"'),
      (await page('/jobs/3', ...who)).includes('data-metric="secret"'),
    ];
    expect(await drawn(...ADA)).toEqual([false, false, true]);
    expect(await drawn('root', 'admin')).toEqual([true, true, true]);
  });
});
