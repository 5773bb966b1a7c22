/**
 * One service in several deployments: all of them answer the same sequence of requests with equal JSON. Differences are
 * listed here and in docs/scaling.md.
 */
import { createClient } from '@libsql/client/web';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeToken } from '../src/http/auth/token.ts';
import { PASSWORD } from './support/accounts.ts';
import { ccBackendCookie } from './support/cc-backend-session.ts';
import {
  type Answer,
  type Asked,
  ask,
  inWorker,
  SESSION_KEY,
  type Setup,
  type SharedJobs,
  sharedJobs,
  TIMEOUT_MS,
  withFile,
  withReplica,
  withServer,
} from './support/setups.ts';
import { stopProcess } from './support/stop-process.ts';
import { keys } from './support/test-app.ts';

const JOBS = 1_500;

let jobs: SharedJobs | undefined;
let file: Setup;
let others: Setup[] = [];
beforeAll(async () => {
  jobs = await sharedJobs(JOBS);
  file = await withFile(jobs);
  others = [await withServer(jobs), await inWorker(jobs), await withReplica(jobs)];
});
afterAll(async () => {
  await Promise.all([file, ...others].map((setup) => setup?.close()));
  jobs?.remove();
});

/** Sends a request to all deployments, and compares their answers with that of the service on a file. */
async function same(asked: Asked): Promise<void> {
  const [expected, ...answers] = await Promise.all(
    [file, ...others].map(async (setup) => asWithoutIndex(await ask(setup, asked))),
  );
  for (const [nth, { name, hasArchive }] of others.entries()) {
    const seen = hasArchive ? expected : { ...expected, body: withoutStatistics(expected?.body) };
    expect(answers[nth], `${name}: ${asked.method ?? 'GET'} ${asked.path}`).toEqual(seen);
  }
}

const PARQUET_LINK = /<a href="\/exports\/[^"]*">Parquet<\/a> /g;

/** A page as it is without a column index: the overview has no chart, and there are no exports as Parquet. */
function asWithoutIndex<Answer extends { body: unknown }>(answer: Answer): Answer {
  if (typeof answer.body !== 'string') return answer;
  const body = answer.body.replaceAll(PARQUET_LINK, '');
  const rest = body.replace(/<section><div class="head"><h2 id="use">.*?<\/section>\n/s, '');
  if (rest === body) return { ...answer, body };
  return { ...answer, body: rest.replace(/<(script|link) [^>]*(uplot|plotting|timeline)\.(js|css)".*?\n/g, '') };
}

/** A list as answered without an archive. */
function withoutStatistics(body: unknown): unknown {
  const { jobs: list } = body as { jobs?: object[] };
  return list === undefined ? body : { ...(body as object), jobs: list.map((job) => ({ ...job, statistics: null })) };
}

const FIXED = [
  '/openapi.json',
  '/api/jobs/count',
  '/api/jobs/?items-per-page=1&state=failed',
  '/api/jobs/?items-per-page=25&page=3',
  '/api/jobs/?cluster=fern&cluster=moss&items-per-page=50',
  '/api/jobs/?with-metadata=true&items-per-page=30&state=timeout',
  '/api/jobs/?tag=1&items-per-page=40',
  '/api/jobs/count?metric.flops_any_avg=100-&num-nodes=2-&job-name.contains=a',
  '/api/jobs/count?node.starts-with=f0&job-name.not=x',
  '/api/jobs/1',
  '/api/jobs/99999',
  '/api/jobs/0x1',
  '/api/jobs/metrics/99999',
  '/api/jobs/?during=2026-09-01..2026-09-10&zone=Europe/Berlin&items-per-page=40',
  '/api/statistics/jobs?during=1788000000-1789000000&group-by=cluster',
  '/api/statistics/jobs?clip=2026-09-10..2026-09-12&zone=Europe/Berlin&group-by=user&sort-by=totalNodeHours',
  '/api/statistics/histograms?end-time=2026-09-01..&metric=flops_any&bins=6h',
  '/api/jobs/used_nodes?ts=1790000000',
  '/api/clusters/',
  '/api/clusters/?cluster=nowhere',
  '/api/users/',
  '/api/statistics/jobs',
  '/api/statistics/jobs?group-by=user&sort-by=totalCoreHours&items-per-page=5',
  '/api/statistics/jobs?group-by=project&sort-by=totalJobs',
  '/api/statistics/jobs?group-by=cluster',
  '/api/statistics/jobs?group-by=subcluster&num-acc=1-',
  '/api/statistics/jobs?group-by=node,month&zone=Europe/Berlin&items-per-page=20',
  '/api/statistics/jobs?group-by=tag,name-family&sort-by=totalJobs',
  '/api/statistics/percentiles?of=duration&p=50&group-by=size,weekday&zone=America/Sao_Paulo',
  '/api/statistics/histograms?bins=6h&metric=flops_any&metric=mem_used&metric-bins=7',
  '/api/statistics/overview?group-by=user&sort-by=totalCoreHours&items-per-page=5&metric=flops_any&metric=mem_used',
  '/api/statistics/histograms?bins=10m&with-wait=true',
  '/api/statistics/percentiles?of=wait&group-by=partition',
  '/api/statistics/percentiles?of=walltime-used&p=0,33.333,100&wait=60-',
  '/api/statistics/percentiles?of=metric.flops_any_avg&group-by=user&items-per-page=5',
  '/api/statistics/timeline?bucket=week&range=2026-08-01..2026-09-21&zone=Europe/Berlin&group-by=user&top=3',
  '/api/statistics/percentiles?of=memory-used&p=50&cores-used=0.1-&acc-used=-2',
  '/api/statistics/unused?group-by=user,month&sort-by=idleCoreHours&items-per-page=5',
  '/api/advice/walltime?db-id=20&coverage=90',
  '/api/statistics/timeline?bucket=hour&range=2026-09-20..2026-09-21&state=completed',
  '/api/jobs/count?wait=-600',
  '/api/nothing',
  '/api/jobs/?color=red',
  '/api/jobs/?start-time=a-b',
  '/userapi/jobs/count',
  '/',
  '/login',
  '/jobs?db-id=1&db-id=2&db-id=3&count=wait',
  '/jobs?db-id=1&db-id=2&db-id=3&sort-by=energy&order=asc&count=wait',
  '/jobs?db-id=1&db-id=2&db-id=3&sort-by=wait&count=wait',
  '/jobs?cluster=nowhere&page=2&count=wait',
  '/jobs?colour=red',
  '/statistics?group-by=project&sort-by=totalJobs',
  '/statistics?during=1788000000-1789000000&clip=during',
  '/timeline?range=2026-09-01..2026-09-10&group-by=user&compare=before',
];

describe('reading', () => {
  test.each(FIXED)('%s', async (path) => {
    await same({ path });
  });

  test('/healthz, once every database has been asked', async () => {
    const health = () => Promise.all([file, ...others].map((setup) => ask(setup, { path: '/healthz' })));
    const [expected, ...rest] = await health();
    expect(expected?.status).toBe(200);
    await expect.poll(health, { timeout: TIMEOUT_MS }).toEqual([expected, ...rest.map(() => expected)]);
  });

  test.each<[string, string[]]>([
    ['max', ['user', 'api']],
    ['max', ['manager', 'api']],
    ['nobody', ['user', 'api']],
    ['robot', ['api']],
    ['robot', []],
  ])('as %s with %j', async (user, roles) => {
    for (const path of ['/userapi/jobs/?items-per-page=5', '/api/jobs/count', '/userapi/jobs/7']) {
      await same({ path, user, roles });
    }
  });

  test('many users at once each get their own answer', async () => {
    const asked = ['max', 'ada', 'nobody', 'sue'].flatMap((user) =>
      ['/userapi/jobs/count', '/userapi/jobs/?items-per-page=3', '/userapi/statistics/jobs?group-by=user'].map(
        (path): Asked => ({ path, user, roles: ['user', 'api'] }),
      ),
    );
    for (const setup of [file, ...others]) {
      const alone: Answer[] = [];
      for (const one of asked) alone.push(await ask(setup, one));
      const rounds = Array.from({ length: 4 }, () => asked).flat();
      const together = await Promise.all(rounds.map((one) => ask(setup, one)));
      expect(together, setup.name).toEqual(rounds.map((_, at) => alone[at % asked.length]));
    }
  });

  test('a list of two thousand ids', async () => {
    const ids = Array.from({ length: 2_000 }, (_, at) => at * 2);
    const body = { 'db-id': ids, 'items-per-page': JOBS, 'with-metadata': true };
    for (const path of ['/api/jobs/', '/userapi/jobs/']) await same({ method: 'POST', path, body });
  });

  test('a list that is streamed', async () => {
    await same({ path: `/api/jobs/?items-per-page=${JOBS}&start-time=-1789000000` });
  });

  test.each(['csv', 'ndjson'])('an export as %s', async (format) => {
    const columns = 'jobId,jobName,user,endTime,wait,energy,hosts,tags,metric.flops_any_avg';
    await same({ path: `/api/jobs.${format}?start-time=-1789000000` });
    await same({ path: `/userapi/jobs.${format}?columns=${columns}`, user: 'max', roles: ['user', 'api'] });
    await same({ path: `/api/jobs.${format}?columns=colour` });
    await same({ path: `/api/statistics/jobs.${format}?group-by=user` });
    await same({ path: `/api/statistics/histograms.${format}?metric=flops_any` });
    await same({ path: `/userapi/statistics/percentiles.${format}?of=wait&group-by=partition` });
    await same({ path: `/userapi/statistics/timeline.${format}?range=2026-09-01..2026-09-10` });
  });

  const part = fc.oneof(
    fc.constantFrom('cluster=fern', 'cluster=gust', 'state=failed', 'state=completed', 'shared=none', 'tag=1', 'tag=2'),
    fc
      .tuple(
        fc.constantFrom('user', 'project', 'job-name', 'node'),
        fc.constantFrom('', '.contains', '.starts-with', '.not'),
        fc.string({ unit: 'binary', maxLength: 3 }),
      )
      .map(([field, operator, text]) => `${field}${operator}=${encodeURIComponent(text.toWellFormed())}`),
    fc
      .tuple(fc.constantFrom('duration', 'num-nodes', 'num-hwthreads', 'energy', 'metric.mem_used_max'), fc.nat(5_000))
      .map(([field, from]) => `${field}=${from}-`),
  );
  test('any filter, counted and summed', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(part, { maxLength: 3, selector: (text) => text.split('=')[0] }),
        async (parts) => {
          const query = parts.join('&');
          await same({ path: `/api/jobs/count?${query}` });
          await same({ path: `/api/statistics/jobs?group-by=user&${query}` });
        },
      ),
      { numRuns: 40 },
    );
  });
});

test('/query asks cc-backend for what needs a metric store, with and without an answer', async () => {
  const ccBackend = jobs?.ccBackend;
  const query = '{ nodeMetrics(cluster: "fern", from: "", to: "") { host metrics { metric { series { data } } } } }';
  const asked = { method: 'POST', path: '/query', body: { query } };
  expect((await ask(file, asked)).body).toMatchObject({ data: { nodeMetrics: [{ host: 'n01' }] } });
  await same(asked);
  ccBackend?.behaves((answer) => answer.writeHead(302, { Location: '/' }).end());
  const { body } = await ask(file, asked);
  expect(body).toMatchObject({ data: { nodeMetrics: [] }, extensions: { upstream: {} } });
  await same(asked);
  ccBackend?.behaves('well');
});

describe('by GraphQL', () => {
  const JOB = `id jobId user project cluster subCluster startTime duration walltime numNodes numHWThreads numAcc energy SMT
    shared partition arrayJobId monitoringStatus state tags { id type name scope } metaData userData { username name email }
    resources { hostname hwthreads accelerators configuration } footprint { name stat value } energyFootprint { metric value }`;
  const NODE = 'id hostname cluster subCluster jobsRunning schedulerState healthState metaData healthData';
  const list = (args: string, fields = `items { ${JOB} } count hasNextPage`) => `{ jobs(${args}) { ${fields} } }`;
  test.each([
    list('page: {page: 2, itemsPerPage: 20}'),
    list('order: {field: "startTime", type: "col", order: DESC}'),
    list('order: {field: "user", type: "col"}, page: {page: 3, itemsPerPage: 30}'),
    list('order: {field: "mem_used_max", type: "foot", order: DESC}, filter: [{cluster: {eq: "fern"}}]'),
    list('filter: [{tags: [1], node: {startsWith: "f0"}, duration: {from: 60, to: 0}}]'),
    list(
      'filter: [{user: {startsWith: "da"}}, {state: ["failed", "timeout"]}, {metricStats: [{metricName: "mem_used_max", range: {from: 1, to: 0}}]}]',
    ),
    list('filter: [{shared: "multi_user"}]', 'items { concurrentJobs { listQuery items { id jobId } count } }'),
    list('page: {page: 1, itemsPerPage: -1}', 'items { id } hasNextPage'),
    list('page: {page: 1, itemsPerPage: 0}'),
    `{ job(id: 7) { ${JOB} concurrentJobs { count } } }`,
    `{ job(id: 99999) { ${JOB} } }`,
    '{ tags { id type name scope } }',
    `{ nodes { count items { ${NODE} } } nodesWithMeta(filter: [{cluster: {eq: "fern"}}]) { items { ${NODE} } } }`,
    `{ node(id: 7) { ${NODE} } nodeStates { state count } nodeStatesTimed(type: "health") { state times counts } }`,
    '{ node(id: 1) { id } nodeStatesTimed(type: "power") { state } }',
    '{ allocatedNodes(cluster: "fern") { name count } clusters { name partitions subClusters { name numberOfNodes } } }',
    '{ globalMetrics { name availability { cluster subClusters } } user(username: "ada") { username name email } }',
    '{ jobsStatistics { totalJobs totalNodeHours histDuration { value count } histNumNodes { value count } } }',
    '{ jobsStatistics(groupBy: USER, sortBy: TOTALCOREHOURS, page: {page: 1, itemsPerPage: 5}) { id name totalCoreHours } }',
    '{ jobsStatistics(metrics: ["flops_any"], numMetricBins: 7) { histMetrics { metric unit data { bin count min max } } } }',
    '{ jobs { nothing } }',
  ])('%s', async (query) => {
    for (const [user, ...roles] of [
      ['root', 'admin', 'api'],
      ['dajuju002', 'user'], // has jobs
    ] as const) {
      await same({ method: 'POST', path: '/query', body: { query }, user, roles: [...roles] });
    }
  });
});

test('somebody logs in, and looks at a page with all it loads', async () => {
  const seen: string[] = [];
  for (const { url } of [file, ...others]) {
    const body = new URLSearchParams({ username: 'ada', password: PASSWORD, redirect: '/' });
    const answer = await fetch(`${url}/login`, { method: 'POST', body, redirect: 'manual' });
    expect([answer.status, answer.headers.get('Location')]).toEqual([302, '/']);
    const Cookie = answer.headers.get('Set-Cookie')?.split(';')[0] ?? '';
    let all = await (await fetch(`${url}/statistics`, { headers: { Cookie } })).text();
    expect(all).toContain('<bdi>ada</bdi>');
    for (const [, asset] of all.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)) {
      const loaded = await fetch(`${url}${asset}`);
      expect([loaded.status, loaded.headers.get('Cache-Control')], asset).toEqual([
        200,
        expect.stringContaining('immutable'),
      ]);
      all += await loaded.text();
    }
    expect(all).toContain('var uPlot=');
    const system = await fetch(`${url}/system`, { headers: { Cookie, Accept: 'text/html' } });
    expect(system.status).toBe(403); // ada is not an admin
    seen.push(all);
  }
  expect(new Set(seen).size).toBe(1);
});

test('somebody who is logged in at cc-backend looks at a page', async () => {
  const madeAt = Math.floor(Date.now() / 1000) - 60;
  const cookie = (key: string) => {
    const roles = ['roles', ['user', 'admin']] as const; // the account is no admin
    return `session=${ccBackendCookie([['username', 'ada'], roles], { madeAt, key })}`;
  };
  for (const { name, url } of [file, ...others]) {
    const page = async (path: string, Cookie: string) => await fetch(`${url}${path}`, { headers: { Cookie } });
    const answer = await page('/statistics', cookie(SESSION_KEY));
    expect([answer.status, await answer.text()], name).toEqual([200, expect.stringContaining('<bdi>ada</bdi>')]);
    expect((await page('/system', cookie(SESSION_KEY))).status, name).toBe(403);
    expect((await page('/statistics', cookie(btoa('x'.repeat(32))))).status, name).toBe(401);
  }
});

describe('writing', () => {
  const START = {
    cluster: 'fern',
    user: 'ada',
    numNodes: 1,
    resources: [{ hostname: 'f0001' }],
    startTime: 1_790_000_100,
  };
  const WRITES: Asked[] = [
    {
      method: 'POST',
      path: '/api/jobs/start_job/',
      body: { ...START, jobId: 2 ** 53 - 1, tags: [{ type: 'a', name: 'b' }] },
    },
    { method: 'POST', path: '/api/jobs/start_job/', body: { ...START, jobId: 2 ** 53 - 1 } },
    { method: 'POST', path: '/api/jobs/start_job/', body: { ...START, jobId: 5, cluster: 'nowhere' } },
    { method: 'POST', path: '/api/jobs/start_job/', body: { ...START, jobId: 5, color: 'red' } },
    { method: 'POST', path: '/api/jobs/start_job/', body: { ...START, jobId: 6, user: `'"; DROP TABLE job; --` } },
    { method: 'POST', path: '/api/jobs/stop_job/', body: { jobId: 6, stopTime: 1_790_000_200, jobState: 'failed' } },
    { method: 'POST', path: '/api/jobs/stop_job/', body: { jobId: 6, stopTime: 1_790_000_200 } },
    { method: 'POST', path: '/api/jobs/stop_job/', body: { jobId: 424_242, stopTime: 1_790_000_200 } },
    { method: 'POST', path: '/api/jobs/stop_job/424242', body: { stopTime: 1_790_000_200 } },
    { method: 'PATCH', path: '/api/jobs/edit_meta/3', body: { key: 'note', value: 'x' } },
    { method: 'PATCH', path: '/api/jobs/edit_meta/', body: { jobId: 1, payload: { key: 'note', value: 'x' } } },
    { method: 'POST', path: '/api/jobs/tag_job/3', body: [{ type: 'note', name: 'odd', scope: 'admin' }] },
    { method: 'POST', path: '/api/jobs/tag_job/3', body: [{ type: 'note', name: 'odd', scope: 'global' }] },
    { method: 'DELETE', path: '/api/jobs/tag_job/3', body: [{ type: 'note', name: 'odd', scope: 'admin' }] },
    { method: 'DELETE', path: '/api/tags/', body: [{ type: 'set', name: 'one', scope: 'global' }] },
    {
      method: 'POST',
      path: '/api/nodestate/',
      body: { cluster: 'fern', nodes: [{ hostname: 'f0001', states: ['idle'] }] },
    },
    { method: 'POST', path: '/api/user/max', body: { 'add-project': 'p2' } },
    { method: 'POST', path: '/api/user/nobody', body: { 'add-project': 'p2' } },
    { method: 'DELETE', path: '/api/jobs/delete_job/4' },
    { method: 'DELETE', path: '/api/jobs/delete_job/', body: { jobId: 6 } },
    { method: 'DELETE', path: '/api/jobs/delete_job_before/1788000000' },
    { path: '/api/users/' },
    { path: '/api/jobs/count' },
    { path: '/api/statistics/jobs?group-by=cluster&state=completed' },
  ];
  test('tags by GraphQL', async () => {
    for (const query of [
      'mutation { createTag(type: "new", name: "one", scope: "global") { id type name scope } }',
      'mutation { createTag(type: "new", name: "one", scope: "admin") { id } }',
      'mutation { addTagsToJob(job: 5, tagIds: [3, 1]) { id name } removeTagsFromJob(job: 3, tagIds: [1]) { id } }',
      'mutation { addTagsToJob(job: 5, tagIds: [3]) { id } addTagsToJob(job: 99999, tagIds: [3]) { id } }',
      'mutation { removeTagFromList(tagIds: [3, 99]) }',
      'mutation { removeTagFromList(tagIds: [3]) }',
      'mutation { updateConfiguration(name: "a", value: "[1]") }',
      '{ tags { id } jobs(filter: [{tags: [1, 3]}]) { count items { id tags { id } } } }',
    ]) {
      await same({ method: 'POST', path: '/query', body: { query } });
    }
  });

  test('one write after the other, and what is there at the end', async () => {
    for (const asked of WRITES) await same(asked);
    const after = await ask(file, { path: '/api/jobs/count?user=ada' });
    expect(after.body).toEqual({ count: 1 });
  });
});

test('a server that has stopped answering: the deadline is kept, and there is service again when it goes on', async () => {
  const onServers = others.filter(({ serverPid }) => serverPid !== undefined);
  const stopped = onServers.map(async (setup) => {
    await stopProcess(setup.serverPid ?? 0);
    const startedAt = performance.now();
    const { status, body } = await ask(setup, { path: '/api/jobs/count' });
    const tookMs = performance.now() - startedAt;
    process.kill(setup.serverPid ?? 0, 'SIGCONT');
    // A node that polls the server each second knows that it does not respond.
    expect([status, (body as { code: string }).code], setup.name).toBeOneOf([
      [504, 'deadline_exceeded'],
      [503, 'remote_unavailable'],
    ]);
    expect(tookMs, setup.name).toBeGreaterThan(TIMEOUT_MS - 50);
    expect((await ask(setup, { path: '/api/jobs/count' })).status, setup.name).toBe(200);
  });
  await Promise.all(stopped);
});

test('the timed work of a Worker is done by its cron', async () => {
  const worker = others[1] as Setup;
  await worker.scheduled?.();
  const onServer = async () => {
    const { body } = await ask(others[0] as Setup, { path: '/api/system' });
    return (body as { timedWork: { name: string }[] }).timedWork.length;
  };
  expect(await onServer()).toBeGreaterThan(2); // a service on Node runs it by timer
  const done = await createClient({ url: worker.serverUrl ?? '' }).execute(
    'SELECT name, result FROM ccjobs_timed_work',
  );
  expect(done.rows.map(({ name }) => name)).toContain('updateDurations');
  expect(done.rows.every(({ result }) => !String(result).includes('failed'))).toBe(true);
});

describe('what differs', () => {
  test('the statistics of archived jobs, and metric data: a Worker has no archive', async () => {
    const archived = async (setup: Setup) => {
      const { body } = await ask(setup, { path: '/api/jobs/?items-per-page=1500' });
      return (body as { jobs: { statistics: unknown }[] }).jobs.filter(({ statistics }) => statistics !== null).length;
    };
    const [server, worker, replica] = others as [Setup, Setup, Setup];
    const all = await Promise.all([file, server, worker, replica].map(archived));
    expect(all).toEqual([5, 5, 0, 5]);
  });

  test('an answer without what the archive has says so', async () => {
    const headers = async (setup: Setup, path: string) => {
      const token = await makeToken(keys.privateKey, { user: 'root', roles: ['admin', 'api'] });
      const answer = await fetch(`${setup.url}${path}`, { headers: { 'X-Auth-Token': token } });
      return answer.headers.get('X-Lacks');
    };
    for (const path of ['/api/jobs/?items-per-page=1', '/api/jobs/7?all-metrics=true', '/api/jobs/metrics/7']) {
      expect(await headers(others[1] as Setup, path), path).toBe('job-archive');
      expect(await headers(file, path), path).toBe(null);
    }
    expect(await headers(others[1] as Setup, '/api/jobs/count')).toBe(null);
    const { body } = await ask(others[1] as Setup, { path: '/api/jobs/metrics/7' });
    expect(body).toMatchObject({ error: { message: 'this service has no job archive' } });
  });

  test('Parquet: only the service on a file has a column index', async () => {
    const [server, worker, replica] = others as [Setup, Setup, Setup];
    const setups = [file, server, worker, replica];
    const pages = await Promise.all(setups.map((setup) => ask(setup, { path: '/statistics?group-by=project' })));
    expect(pages.map(({ body }) => String(body).match(PARQUET_LINK)?.length ?? 0).map(Boolean)).toEqual([
      ...[true, false, false, false],
    ]);
    const answers = await Promise.all(setups.map((setup) => ask(setup, { path: '/api/statistics/jobs.parquet' })));
    expect(answers.map(({ status }) => status)).toEqual([200, 404, 404, 404]);
  });

  test('settings that cannot act are told', async () => {
    const { body } = await ask(others[1] as Setup, { path: '/api/system' });
    expect(body).toMatchObject({
      runtime: 'worker',
      notApplied: ['PORT', 'TRUST_PROXY'],
      settings: { REQUEST_TIMEOUT_MS: TIMEOUT_MS, TRUST_PROXY: false },
      database: { alive: true },
    });
  });
});
