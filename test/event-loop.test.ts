/**
 * All callers share the thread that answers requests. Whatever a caller sends to a route or a page within its limits,
 * no turn of the event loop is longer than a piece of work that takes 50 ms.
 */
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TAG_FORM } from '../routes/pages/job-page.ts';
import { LOGIN_FORM } from '../routes/pages/login-page.ts';
import { SAVED_FORM } from '../routes/pages/saved-filters-page.ts';
import type { FormLimits } from '../src/http/query/form-body.ts';
import { longestShare, type MeasuredService, measuredService } from './support/measured-service.ts';
import { type SharedJobs, sharedJobs } from './support/setups.ts';
import { testApp } from './support/test-app.ts';
import {
  hostileBodies,
  LINE_BYTES,
  type Operation,
  worstBodies,
  worstForms,
  worstQueries,
} from './support/worst-requests.ts';

const LIMIT_MS = 50;
/** A full page of a list. A query with thousands of values takes a time in proportion to the jobs. */
const JOBS = 100;
const AT_ONCE = 8;
const SHARE_OF_SEEN = 8;
/** Placeholder for an id that no job has yet. */
const NEW_JOB_ID = 471_100;

let jobs: SharedJobs;
let service: MeasuredService;
let url: string;
let calibratedMs: number;
let token: string;
let paths: Record<string, Record<string, Operation>>;

beforeAll(async () => {
  jobs = await sharedJobs(JOBS);
  service = await measuredService(jobs, { GRAPHQL_UPSTREAM: jobs.ccBackend.url });
  ({ url, calibratedMs, token } = service);
  paths = ((await (await fetch(`${url}/openapi.json`)).json()) as { paths: typeof paths }).paths;
}, 120_000);
afterAll(async () => {
  await service.stop();
  jobs.remove();
});

interface Sent {
  method: string;
  target: string;
  body?: string;
  headers?: Record<string, string>;
}

let sent = 0;
const statuses = new Map<string, Set<number>>();

/** Sends a request and returns its status. */
async function send({ method, target, body, headers }: Sent): Promise<number> {
  sent += 1;
  const path = target.replace('{id}', String((sent % JOBS) + 1)).replace(/\{\w+\}/, '1');
  const answer = await fetch(`${url}${path}`, {
    method,
    redirect: 'manual',
    headers: {
      'X-Auth-Token': token,
      ...(target === '/query' ? { 'Content-Type': 'application/json' } : {}),
      ...headers,
    },
    ...(body === undefined ? {} : { body: body.replace(String(NEW_JOB_ID), String(NEW_JOB_ID + sent)) }),
  });
  await answer.arrayBuffer();
  const route = `${method} ${target.replace(/\?.*/, '')}`;
  statuses.set(route, (statuses.get(route) ?? new Set()).add(answer.status));
  if (!answer.ok) refusedSince.push(answer.status);
  return answer.status;
}

/**
 * Every way to look at one job, or at a list that contains it. The largest job is the newest. Other tests have stored
 * more jobs of its size.
 */
async function looksAtLargest(): Promise<void> {
  const found = await fetch(`${url}/api/jobs/?items-per-page=1`, { headers: { 'X-Auth-Token': token } });
  const [{ id } = { id: 0 }] = ((await found.json()) as { jobs: { id: number }[] }).jobs;
  const looks = [
    ...operations()
      .filter(({ method }) => method === 'GET')
      .map(({ path }) => path),
    ...(await undocumented()).filter(({ method }) => method === 'GET').map(({ path }) => path),
  ];
  for (const path of looks) {
    const target = path.endsWith('/jobs/')
      ? `${path}?items-per-page=1&with-metadata=true`
      : path.replace('{id}', String(id));
    await check('the largest job', { method: 'GET', target });
  }
}

/** Statuses other than success, of the requests of one test. */
const refusedSince: number[] = [];

/** What took too long, each time it was tried. */
const tooLong: string[] = [];
let longest = { share: 0, what: '' };

async function check(what: string, request: Sent): Promise<void> {
  const share = await longestShare(service, async () => expect(await send(request), what).not.toBe(500));
  if (share > longest.share) longest = { share, what: `${request.method} ${request.target.slice(0, 60)}: ${what}` };
  if (share > 1)
    tooLong.push(`${(share * LIMIT_MS).toFixed(0)} ms: ${request.method} ${request.target.slice(0, 60)}: ${what}`);
}

const operations = () =>
  Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );

/** Pages and other routes that the OpenAPI document does not have. */
async function undocumented(): Promise<{ method: string; path: string }[]> {
  const app = await testApp();
  const routes = app.app.routes.filter(
    ({ method, path }) => method !== 'ALL' && !path.startsWith('/api') && !path.startsWith('/userapi'),
  );
  await app.close();
  const known = routes.map(({ method, path }) => ({ method, path: path.replaceAll(/:(\w+)(?:\{[^}]*\})?/g, '{$1}') }));
  return known.filter(({ method, path }) => paths[path]?.[method.toLowerCase()] === undefined);
}

/** A page that takes any parameter of a list takes all of them. */
async function parametersOf({ path, operation }: { path: string; operation?: Operation }): Promise<string[]> {
  const ofLists = paths['/api/jobs/']?.['get']?.parameters ?? [];
  const isFiltered =
    operation === undefined && !path.startsWith('/assets/') && (await statusOf(`${path}?user=ada`)) === 200;
  const own = isFiltered ? ofLists : (operation?.parameters ?? []);
  return own.filter((one) => one.in === 'query').map(({ name }) => name);
}

async function statusOf(target: string): Promise<number> {
  return (await fetch(`${url}${target.replace('{id}', '1')}`, { headers: { 'X-Auth-Token': token } })).status;
}

test('not the largest answers of cc-backend that /query takes', async () => {
  const statistics = { avg: 1.25, min: 0.5, max: 3.75 };
  const seriesOf = (count: number, samples: number) => {
    const data = Array.from({ length: samples }, (_, nth) => nth / 100);
    return Array.from({ length: count }, (_, nth) => ({ hostname: `node${nth}`, statistics, data }));
  };
  const answers = {
    'one series': [{ host: 'n1', metrics: [{ name: 'a', metric: { series: seriesOf(1, 1_900_000) } }] }],
    'many nodes': Array.from({ length: 1000 }, (_, nth) => ({
      host: `n${nth}`,
      metrics: ['a', 'b', 'c'].map((name) => ({ name, metric: { series: seriesOf(1, 700) } })),
    })),
    'many objects': Array.from({ length: 150 }, (_, nth) => ({
      host: `n${nth}`,
      metrics: [{ name: 'a', metric: { series: seriesOf(72, 1) } }],
    })),
  };
  const series = 'series { hostname statistics { avg min max } data }';
  const query = `{ nodeMetrics(cluster: "fern", from: "", to: "") { host metrics { name metric { ${series} } } } }`;
  const body = JSON.stringify({ query });
  const headers = { 'Content-Type': 'application/json' };
  for (const [what, nodeMetrics] of Object.entries(answers)) {
    const text = JSON.stringify({ data: { nodeMetrics } });
    jobs.ccBackend.behaves((answer) => answer.end(text));
    const answer = await fetch(`${url}/query`, {
      method: 'POST',
      headers: { ...headers, 'X-Auth-Token': token },
      body,
    });
    expect((await answer.text()).slice(0, 60), what).toMatch(/^\{"data":\{"nodeMetrics":\[\{"host":"n/);
    await check(what, { method: 'POST', target: '/query', body, headers });
  }
  expect(tooLong.splice(0), `the longest: ${longest.what}`).toEqual([]);
}, 120_000);

test('no query and no header', async () => {
  const routes: { method: string; path: string; operation?: Operation }[] = [
    ...operations(),
    ...(await undocumented()),
  ];
  const seen = new Set<string>();
  const requests: Sent[] = [];
  for (const [nth, route] of routes.entries()) {
    if (route.method !== 'GET') continue;
    const names = await parametersOf(route);
    // One code reads a parameter for all routes of the API, and one for all pages. Each gets all parameters once, and
    // each route an eighth of those that another one has had: all of them on all routes would take three minutes.
    const kind = route.path.includes('api/') ? 'api' : 'page';
    const some = names.filter((name, at) => !seen.has(`${kind} ${name}`) || (nth + at) % SHARE_OF_SEEN === 0);
    for (const query of worstQueries(some)) requests.push({ method: 'GET', target: `${route.path}?${query}` });
    for (const name of names) seen.add(`${kind} ${name}`);
    const long = 'x'.repeat(LINE_BYTES);
    for (const headers of [
      { 'X-Auth-Token': `${long}.${long.slice(0, 100)}.x` },
      { Cookie: 'a=b;'.repeat(LINE_BYTES / 4) },
      { Cookie: `session=${'%41'.repeat(LINE_BYTES / 3)}` },
      { Accept: 'a/b;q=1,'.repeat(LINE_BYTES / 8) },
      { 'Accept-Encoding': 'a;q=0.1,'.repeat(LINE_BYTES / 8) },
    ]) {
      requests.push({ method: 'GET', target: route.path, headers });
    }
  }
  // Several at a time. If one of them took too long, one by one.
  for (let first = 0; first < requests.length; first += AT_ONCE) {
    const some = requests.slice(first, first + AT_ONCE);
    expect(await Promise.all(some.map(send))).not.toContain(500);
    if ((await service.longestTurn()) <= calibratedMs) continue;
    for (const request of some) await check(JSON.stringify(request.headers ?? '').slice(0, 40), request);
  }
  expect(tooLong.splice(0), `the longest: ${longest.what}`).toEqual([]);
}, 1_200_000);

/** A body that each route accepts. It concerns the first job of the first cluster. */
async function validBodies(): Promise<Record<string, unknown>> {
  const { clusters } = (await (await fetch(`${url}/api/clusters/`, { headers: { 'X-Auth-Token': token } })).json()) as {
    clusters: { name: string; subClusters: { name: string }[] }[];
  };
  const [{ name: cluster, subClusters } = { name: '', subClusters: [] }] = clusters;
  const subCluster = subClusters[0]?.name;
  const key = { jobId: NEW_JOB_ID, cluster };
  const tags = [{ type: 'a', name: 'b', scope: 'global' }];
  const query = { 'items-per-page': 50, 'with-metadata': true };
  return {
    '/query': { query: '{ jobs { items { id userData { name } } count } }', variables: {} },
    '/api/jobs/': query,
    '/userapi/jobs/': query,
    '/api/jobs/start_job/': {
      ...key,
      ...{ subCluster, user: 'ada', startTime: 1_790_000_000, numNodes: 1 },
      ...{ resources: [{ hostname: 'n1' }], tags, shared: 'none', metaData: { jobName: 'x' } },
    },
    '/api/jobs/stop_job/': { ...key, stopTime: 1_790_000_100, jobState: 'completed' },
    '/api/jobs/stop_job/{id}': { stopTime: 1_790_000_100, jobState: 'completed' },
    '/api/jobs/edit_meta/{id}': { key: 'a', value: 'b' },
    '/api/jobs/edit_meta/': { ...key, payload: { key: 'a', value: 'b' } },
    '/api/jobs/tag_job/{id}': tags,
    '/api/tags/': tags,
    '/api/jobs/delete_job/': key,
    '/api/jobs/{id}': ['cpu_load'],
    '/userapi/jobs/{id}': ['cpu_load'],
    '/api/saved-filters/{name}': { page: 'jobs', query: 'user=ada' },
    '/userapi/saved-filters/{name}': { page: 'jobs', query: 'user=ada' },
    '/api/user/{id}': { 'add-role': 'manager' },
    '/api/nodestate/': { cluster, nodes: [{ hostname: 'n1', states: ['idle'] }] },
    '/api/healthcheck': { cluster, nodes: [{ hostname: 'n1', states: ['idle'] }] },
    '/api/healthcheck/': { cluster, nodes: [{ hostname: 'n1', states: ['idle'] }] },
  };
}

/** A job has as many nodes as resources. */
function counted(text: string): string {
  return text.replace('"numNodes":1,', () => `"numNodes":${text.split('"hostname":').length - 1},`);
}

test('no body of the API', async () => {
  const valid = await validBodies();
  const seen = new Set<string>();
  // Lists first: searching the large jobs that other bodies store takes up to a minute. The last test lists those.
  const isList = ({ path }: { path: string }) => path.endsWith('/jobs/');
  const listsFirst = operations().sort((a, b) => Number(isList(b)) - Number(isList(a)));
  for (const { method, path, operation } of listsFirst) {
    if (operation.requestBody === undefined) continue;
    expect(Object.keys(valid), 'a route with a body needs a valid one here').toContain(path);
    // Of several routes with the same body and limits, one is tested thoroughly. The others are sent one body each.
    const bodies = worstBodies(operation.requestBody, valid[path]);
    const isKnown = seen.has(JSON.stringify(operation.requestBody));
    const limits = JSON.stringify(operation.requestBody['x-limits']);
    const hostile = seen.has(limits) ? [] : hostileBodies(operation.requestBody['x-limits']);
    for (const { name, text } of [...(isKnown ? bodies.slice(0, 1) : bodies), ...hostile]) {
      await check(name, { method, target: path, body: counted(text) });
    }
    seen.add(JSON.stringify(operation.requestBody)).add(limits);
  }
  expect(tooLong.splice(0), `the longest: ${longest.what}`).toEqual([]);
  expect(statuses.get('POST /api/jobs/start_job/')).toContain(201);
}, 1_200_000);

test('not the most that a route answers of each parameter', async () => {
  const metrics = (count: number) => Array.from({ length: count }, () => 'metric=cpu_load').join('&');
  const targets = [
    `/api/statistics/histograms?metric-bins=312&${metrics(64)}`,
    `/api/statistics/histograms?metric-bins=10000&${metrics(64)}`,
    `/api/statistics/histograms?metric-bins=10000&${metrics(2)}`,
    '/api/statistics/jobs?group-by=user&items-per-page=9007199254740991',
    '/api/jobs/?items-per-page=9007199254740991&with-metadata=true',
    '/jobs?items-per-page=100&count=wait',
  ];
  refusedSince.length = 0;
  for (const target of targets) await check('the most', { method: 'GET', target });
  expect(tooLong.splice(0), `the longest: ${longest.what}`).toEqual([]);
  expect(new Set(refusedSince)).toEqual(new Set([400])); // 64 metrics with 10,000 bins each
});

test('no number of requests in one piece', async () => {
  const { port, hostname } = new URL(url);
  for (const path of ['/healthz', '/jobs', '/assets/style.css']) {
    const share = await longestShare(service, async () => {
      const socket = connect(Number(port), hostname)
        .on('error', () => {})
        .resume();
      const closed = new Promise((resolve) => socket.once('close', resolve)); // preceded by an error
      socket.write(`GET ${path} HTTP/1.1\r\nHost: ${hostname}\r\n\r\n`.repeat(2_000));
      await closed;
    });
    expect(share, path).toBeLessThan(1);
  }
});

test('no form of a page', async () => {
  const login = { username: 'nobody-here', password: 'x', redirect: '/jobs' };
  const forms: Record<string, [FormLimits, Record<string, string>] | 'no form'> = {
    '/login': [LOGIN_FORM.limits, login],
    '/jwt-login': [LOGIN_FORM.limits, login],
    '/saved-filters': [SAVED_FORM.limits, { do: 'save', name: 'a', page: 'jobs', query: 'user=ada' }],
    '/jobs/{id}/tags': [TAG_FORM.limits, { do: 'add', type: 'a', name: 'b', scope: 'root' }],
    '/logout': 'no form',
  };
  for (const { method, path } of await undocumented()) {
    if (method === 'GET') continue;
    expect(Object.keys(forms), 'a route of a page that takes a form needs one here').toContain(path);
    const form = forms[path];
    if (form === undefined || form === 'no form') continue;
    for (const { name, text } of worstForms(...form)) await check(name, { method, target: path, body: text });
  }
  expect(tooLong.splice(0), `the longest: ${longest.what}`).toEqual([]);
}, 1_200_000);

test('not what the largest centres send, which is taken', async () => {
  refusedSince.length = 0;
  const valid = await validBodies();
  const start = valid['/api/jobs/start_job/'] as object;
  const hwthreads = Array.from({ length: 128 }, (_, nth) => nth);
  const largest = {
    ...start,
    numNodes: 10_000,
    resources: Array.from({ length: 10_000 }, (_, nth) => ({ hostname: `n${nth}`, hwthreads })),
    metaData: { jobScript: 'srun "./x"\n'.repeat(380_000) }, // 4.2 million characters
  };
  await check('10,000 nodes, 1.3 million threads, and a script of 4 MB', {
    method: 'POST',
    target: '/api/jobs/start_job/',
    body: JSON.stringify(largest),
  });
  const { nodes, ...report } = valid['/api/nodestate/'] as { nodes: object[] };
  const many = Array.from({ length: 20_000 }, (_, nth) => ({
    ...nodes[0],
    ...{ hostname: `node${nth}`, cpusAllocated: 128, memoryAllocated: 500_000, gpusAllocated: 4, jobsRunning: 2 },
  }));
  await check('20,000 nodes', {
    method: 'POST',
    target: '/api/nodestate/',
    body: JSON.stringify({ ...report, nodes: many }),
  });
  await check('2,000 names', {
    method: 'POST',
    target: '/api/jobs/{id}',
    body: JSON.stringify(Array.from({ length: 2_000 }, (_, nth) => `metric_of_a_long_name_${nth}`)),
  });
  expect(tooLong.splice(0), `the longest: ${longest.what}`).toEqual([]);
  expect(refusedSince).toEqual([]);
  await looksAtLargest();
  const list = JSON.stringify(valid['/api/jobs/']);
  await check('a list of the largest jobs', { method: 'POST', target: '/api/jobs/', body: list });
  expect(tooLong.splice(0), `the longest: ${longest.what}`).toEqual([]);
}, 1_200_000);
