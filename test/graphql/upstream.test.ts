/** What /query asks the cc-backend of GRAPHQL_UPSTREAM, through the real app. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Job } from '../../src/jobs/job.ts';
import type { SystemState } from '../../src/system-state.ts';
import { ACCOUNTS } from '../support/accounts.ts';
import { writeFiles } from '../support/archive.ts';
import { answerJson, type CcBackend, rootFieldOf, startCcBackend } from '../support/cc-backend.ts';
import { CC_BACKEND_KEY } from '../support/cc-backend-session.ts';
import { bodyOf, job, NOW, type TestApp, testApp } from '../support/test-app.ts';

/** By database id: 1 and 3 run, 2 has ended between their starts. 1 and 2 are ada's, 3 is bob's. */
const JOBS: Job[] = [
  job({ jobId: 11, user: 'ada', jobState: 'running', startTime: NOW - 300, numAcc: 2 }),
  job({ jobId: 12, user: 'ada', monitoringStatus: 3, startTime: NOW - 200, duration: 100 }),
  job({ jobId: 13, user: 'bob', jobState: 'running', startTime: NOW - 100 }),
];
const ARCHIVED = { [`small/0/012/${NOW - 200}/meta.json`]: { statistics: { cpu_load: { avg: 7, min: 7, max: 7 } } } };

let upstream: CcBackend;
let service: TestApp;

async function appAt(address: string, settings = {}): Promise<TestApp> {
  return await testApp({
    jobs: JOBS,
    sql: ACCOUNTS,
    settings: { GRAPHQL_UPSTREAM: address, CC_BACKEND_SESSIONS: 'on', SESSION_KEY: CC_BACKEND_KEY, ...settings },
    fill: async ({ archiveRoot }) => await writeFiles(archiveRoot, ARCHIVED),
  });
}

beforeAll(async () => {
  upstream = await startCcBackend(() => NOW);
});
afterAll(() => upstream.stop());
beforeEach(async () => {
  upstream.behaves('well');
  upstream.asked.length = 0;
  service = await appAt(upstream.url);
  return () => service.close();
});

interface Answer {
  data: Record<string, unknown> | null;
  errors?: { path: unknown[]; extensions: { code: string } }[];
  extensions?: { upstream?: Record<string, string> };
}

async function send(query: string, variables: unknown, headers: Record<string, string>): Promise<Answer> {
  const answer = await service.app.request('/query', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify({ query, variables }),
  });
  expect(answer.status).toBe(200);
  return await bodyOf<Answer>(answer);
}
async function ask(query: string, variables: unknown = {}, user = 'root', ...roles: string[]): Promise<Answer> {
  const token = await service.token(user, ...(roles.length === 0 ? ['admin'] : roles));
  return await send(query, variables, { 'X-Auth-Token': token });
}
const asAda = (query: string, variables: unknown = {}) => ask(query, variables, 'ada', 'user');
const sessionOf = async (user: string) => {
  const answer = await fetch(`${upstream.url}/login`, {
    method: 'POST',
    body: new URLSearchParams({ username: user }),
    redirect: 'manual',
  });
  return answer.headers.get('Set-Cookie')?.split(';')[0] ?? '';
};

const TIMES = 'from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z"';
const NODES = `{ nodeMetrics(cluster: "small", ${TIMES}) { host metrics { name metric { series { data } } } } }`;

describe('what is asked', () => {
  test('a small document: the fields of the client by their names, and its variables', async () => {
    const query = `query ($c: String!, $n: [String!], $no: Boolean = false, $page: Int!) {
      x: nodeMetrics(cluster: $c, nodes: $n, ${TIMES}) {
        ...node
        h: host
        ... on NodeMetrics { metrics { metric { s: series { data hostname @include(if: $no) } } } }
        subCluster @skip(if: true)
      }
      jobs(page: {page: $page, itemsPerPage: 1}) { count }
    }
    fragment node on NodeMetrics { h: host metrics { metric { timestep } } }`;
    const { data, extensions } = await ask(query, { c: 'small', n: ['n01'], page: 1 });
    expect(upstream.asked).toHaveLength(1);
    expect(upstream.asked[0]?.query.replaceAll(/\s+/g, ' ')).toBe(
      `query ($c: String!, $n: [String!]) { nodeMetrics(cluster: $c, nodes: $n, ${TIMES}) { host metrics { metric { timestep series { data } } name } } }`,
    );
    expect(upstream.asked[0]?.variables).toEqual({ c: 'small', n: ['n01'] });
    const metric = { timestep: 60, s: [{ data: [1, 2.5, null, 3] }] };
    expect({ data, extensions }).toEqual({
      data: { x: [{ h: 'n01', metrics: [{ metric }, { metric }] }], jobs: { count: 3 } },
      extensions: undefined,
    });
  });

  test('equal questions once, and each mutation', async () => {
    await ask(
      `{ a: nodeMetrics(cluster: "small", ${TIMES}) { host } b: nodeMetrics(cluster: "small", ${TIMES}) { host } }`,
    );
    expect(upstream.asked).toHaveLength(1);
    const set = (name: string, value: string) => `${name}: updateConfiguration(name: "k", value: "${value}")`;
    await asAda(`mutation { ${set('a', '1')} ${set('b', '2')} ${set('c', '1')} }`);
    expect(upstream.asked.slice(1).map(({ query }) => /value: "(\d)"/.exec(query)?.[1])).toEqual(['1', '2', '1']);
    expect(await service.query('SELECT value FROM configuration')).toEqual([{ value: '1' }]);
  });

  test('by the token of the caller, or the session of the caller at cc-backend, and nothing else', async () => {
    const token = await service.token('root', 'admin');
    const others = { Cookie: 'ccjobs_session=x; other=1', 'X-Secret': 'x', Origin: 'http://localhost' };
    await send(NODES, {}, { 'X-Auth-Token': token, ...others });
    await send(NODES, {}, { Authorization: `Bearer ${token}`, ...others });
    const session = await sessionOf('root');
    await send(NODES, {}, { ...others, Cookie: `${session}; other=1` });
    const sent = upstream.asked.map(({ headers }) => headers);
    expect(sent.map(({ authorization, cookie, ...rest }) => [rest['x-auth-token'], authorization, cookie])).toEqual([
      [token, undefined, undefined],
      [undefined, `Bearer ${token}`, undefined],
      [undefined, undefined, session],
    ]);
    for (const headers of sent) {
      expect(Object.keys(headers)).not.toContain('x-secret');
      expect(JSON.stringify(headers)).not.toMatch(/other=1|ccjobs_session/);
    }
  });

  test('nothing for a caller whom cc-backend does not know, or knows as another one', async () => {
    const own = await service.app.request('/login', {
      method: 'POST',
      body: new URLSearchParams({ username: 'root', password: 'correct horse' }).toString(),
    });
    const session = own.headers.get('Set-Cookie')?.split(';')[0] ?? '';
    expect(session).toMatch(/^ccjobs_session=/);
    for (const cookie of [session, `${session}; ${await sessionOf('ada')}`]) {
      const { data, extensions } = await send(NODES, {}, { Cookie: cookie });
      expect(data).toEqual({ nodeMetrics: [] });
      expect(extensions?.upstream).toEqual({ nodeMetrics: 'cc-backend: you are not logged in at cc-backend' });
    }
    expect(upstream.asked).toEqual([]);
    await send(NODES, {}, { Cookie: `${session}; ${await sessionOf('root')}` });
    expect(upstream.asked).toHaveLength(1);
  });

  test('nothing without the right to it', async () => {
    for (const query of [
      NODES,
      '{ jobMetrics(id: 3) { name } }',
      '{ jobStats(id: 3, metrics: ["cpu_load"]) { name } }',
    ]) {
      const { data, errors } = await asAda(query);
      expect([data, errors?.length]).toEqual([null, 1]);
    }
    await asAda('{ jobsMetricStats(filter: [{dbId: ["3"]}], metrics: ["cpu_load"]) { id } }');
    expect(upstream.asked).toEqual([]);
  });

  test('nothing about jobs that are archived', async () => {
    await ask('{ jobStats(id: 2, metrics: ["cpu_load"]) { name } }');
    await ask('{ jobsMetricStats(filter: [{state: "completed"}], metrics: ["cpu_load"]) { id } }');
    expect(upstream.asked).toEqual([]);
  });
});

describe('running jobs', () => {
  const METRICS = '{ jobMetrics(id: 1) { name scope metric { unit { base } series { id statistics { avg } data } } } }';

  test('have metrics, without those that the caller must not see', async () => {
    const metric = { unit: { base: 'W' }, series: [{ id: null, statistics: { avg: 2 }, data: [1, 2.5, null, 3] }] };
    const entry = (name: string) => ({ name, scope: 'node', metric });
    expect((await ask(METRICS)).data).toEqual({ jobMetrics: ['cpu_load', 'cpu_power'].map(entry) });
    expect((await asAda(METRICS)).data).toEqual({ jobMetrics: [entry('cpu_load')] });
  });

  test('have statistics, without those that the caller must not see, also if no name is asked for', async () => {
    const fields = 'jobStats(id: 1, metrics: ["a"]) { data { avg } } scopedJobStats(id: 1) { stats { data { max } } }';
    const named = { data: { avg: 2 } };
    const scoped = { stats: [{ data: { max: 3 } }] };
    expect((await ask(`{ ${fields} }`)).data).toEqual({ jobStats: [named, named], scopedJobStats: [scoped, scoped] });
    expect((await asAda(`{ ${fields} }`)).data).toEqual({ jobStats: [named], scopedJobStats: [scoped] });
  });

  test('are listed among the ended ones by their start, with our values and their statistics', async () => {
    const query = `query ($f: [JobFilter!]) { jobsMetricStats(filter: $f, metrics: ["cpu_load", "cpu_power"]) {
      id jobId startTime duration numAccelerators stats { name data { avg } } } }`;
    const stats = (avg: number, ...names: string[]) => names.map((name) => ({ name, data: { avg } }));
    const one = { id: 1, jobId: '11', startTime: NOW - 300, duration: 300, numAccelerators: 2 };
    const two = { id: 2, jobId: '12', startTime: NOW - 200, duration: 100, numAccelerators: 0 };
    const three = { id: 3, jobId: '13', startTime: NOW - 100, duration: 100, numAccelerators: 0 };
    const theirs = stats(2, 'cpu_load', 'cpu_power');
    const ours = [...stats(7, 'cpu_load'), ...stats(0, 'cpu_power')];
    expect((await ask(query)).data).toEqual({
      jobsMetricStats: [
        { ...one, stats: theirs },
        { ...two, stats: ours },
        { ...three, stats: theirs },
      ],
    });
    expect(upstream.asked[0]?.variables).toEqual({ ids: ['1', '3'], metrics: ['cpu_load', 'cpu_power'] });
    expect((await asAda(query, { f: { state: ['running'] } })).data).toEqual({
      jobsMetricStats: [{ ...one, stats: stats(2, 'cpu_load') }],
    });
  });
});

test('nodes and clusters have their measurements', async () => {
  const query = `query ($from: Time!, $page: PageRequest, $nth: Int!) {
    nodeMetricsList(cluster: "small", subCluster: "", stateFilter: "all", nodeFilter: "", from: $from, to: $from, page: $page) {
      items { host nodeState } totalNodes hasNextPage }
    second: nodeMetricsList(cluster: "small", subCluster: "", stateFilter: "all", nodeFilter: "", from: $from, to: $from,
      page: {page: $nth, itemsPerPage: 1}) { count }
    clusterMetrics(cluster: "small", ${TIMES}) { nodeCount metrics { name timestep data } } }`;
  const variables = { from: '2026-11-28T13:02:43.897Z', page: { page: 1, itemsPerPage: 50 }, nth: 2 };
  expect((await ask(query, variables)).data).toEqual({
    nodeMetricsList: { items: [{ host: 'n01', nodeState: 'allocated' }], totalNodes: 7, hasNextPage: true },
    second: { count: 1 },
    clusterMetrics: {
      nodeCount: 7,
      metrics: ['cpu_load', 'cpu_power'].map((name) => ({ name, timestep: 60, data: [10, null] })),
    },
  });
  const { from, page, nth } = variables;
  expect(upstream.asked.map(({ variables }) => variables)).toEqual([{ from, page }, { from, nth }, {}]);
});

describe('updateConfiguration', () => {
  const QUERY = 'mutation ($v: String!) { updateConfiguration(name: "lines", value: $v) }';
  const stored = () => service.query('SELECT username, value FROM configuration');

  test('is stored, and passed on so that cc-backend forgets the old value', async () => {
    expect(await asAda(QUERY, { v: '"2"' })).toEqual({ data: { updateConfiguration: null } });
    expect(upstream.asked.map(({ query, variables }) => [query, variables])).toEqual([
      ['mutation ($v: String!) { updateConfiguration(name: "lines", value: $v) }', { v: '"2"' }],
    ]);
    expect(await stored()).toEqual([{ username: 'ada', value: '"2"' }]);
  });

  test('is not passed on if the value would break its pages, and stored if cc-backend fails', async () => {
    expect((await asAda(QUERY, { v: '{' })).errors).toMatchObject([{ extensions: { code: 'invalid_request' } }]);
    expect(upstream.asked).toEqual([]);
    upstream.behaves((answer) => answer.writeHead(500).end());
    const { data, extensions } = await asAda(QUERY, { v: '3' });
    expect([data, extensions?.upstream]).toEqual([
      { updateConfiguration: null },
      { updateConfiguration: 'cc-backend: answered with status 500' },
    ]);
    expect(await stored()).toEqual([{ username: 'ada', value: '3' }]);
  });
});

describe('without a usable answer the field is empty, the others are whole, and the extensions say why', () => {
  const RUNNING = '{ jobMetrics(id: 1) { name metric { timestep series { data } } } jobs { count } }';
  const series = (data: string) =>
    `{"data":{"jobMetrics":[{"name":"a","metric":{"timestep":60,"series":[{"data":${data}}]}}]}}`;

  test.each([
    [
      'errors',
      { errors: [{ message: 'METRICDATA > no data' }], data: null },
      'answered with the error: METRICDATA > no data',
    ],
    ['another type', { data: { jobMetrics: 'x' } }, 'the answer does not have the types of the schema'],
    [
      'null where there must be a value',
      { data: { jobMetrics: [null] } },
      'the answer does not have the types of the schema',
    ],
    ['a list', [], 'answered without data'],
    ['null', null, 'answered without data'],
  ])('%s', async (_, body, reason) => {
    upstream.behaves((answer) => answerJson(answer, body));
    const { data, errors, extensions } = await ask(RUNNING);
    expect([data, errors]).toEqual([{ jobMetrics: [], jobs: { count: 3 } }, undefined]);
    expect(extensions).toEqual({ upstream: { jobMetrics: `cc-backend: ${reason}` } });
  });

  test.each([
    ['no JSON', '<html>', 'the answer is not JSON'],
    ['a cut list', series('[1,2').slice(0, -6), 'the answer is not JSON'],
    ['samples that are none', series('["x",{}]'), 'a list of samples is not one of numbers'],
    ['samples that would break the answer', series('[1,,2]'), 'a list of samples is not one of numbers'],
    [
      'a text in the place of samples',
      series('[1]},{"data":"[9]"'),
      'the answer does not have the types of the schema',
    ],
    ['missing samples', series('null'), 'the answer does not have the types of the schema'],
  ])('%s', async (_, text, reason) => {
    upstream.behaves((answer) => answer.end(text));
    const { data, errors, extensions } = await ask(RUNNING);
    expect([data, errors]).toEqual([{ jobMetrics: [], jobs: { count: 3 } }, undefined]);
    expect(extensions?.upstream).toEqual({ jobMetrics: `cc-backend: ${reason}` });
  });

  test('samples in any form of JSON pass', async () => {
    upstream.behaves((answer) => answer.end(series('[ ]').replace('"data":[', '"data" : [ 1e3 , -0.5 , null')));
    expect((await ask(RUNNING)).data?.['jobMetrics']).toMatchObject([
      { metric: { series: [{ data: [1000, -0.5, null] }] } },
    ]);
  });

  test.each([
    ['a redirect, which is not followed', 302, { Location: '/elsewhere' }, 'answered with status 302'],
    ['a refusal', 401, {}, 'answered with status 401'],
    ['a dead server behind a proxy', 502, {}, 'answers with status 502'],
  ])('%s', async (_, status, headers, reason) => {
    upstream.paths.length = 0;
    upstream.behaves((answer) => answer.writeHead(status, headers).end());
    expect((await ask(RUNNING)).extensions?.upstream).toEqual({ jobMetrics: `cc-backend: ${reason}` });
    expect(upstream.paths).toEqual(['/query']);
  });

  test('an address that leads back to cc-jobs', async () => {
    upstream.behaves(async (answer, { headers, query, variables }) => {
      const again = await service.app.request('/query', {
        method: 'POST',
        headers: headers as Record<string, string>,
        body: JSON.stringify({ query, variables }),
      });
      answer.writeHead(again.status).end(await again.text());
    });
    expect((await ask(RUNNING)).extensions?.upstream).toEqual({ jobMetrics: 'cc-backend: answered with status 400' });
    expect(upstream.asked).toHaveLength(1);
  });

  test('a server that does not listen is not asked again at once; the state and the log say so', async () => {
    await upstream.stop();
    expect((await ask(NODES)).extensions?.upstream).toEqual({ nodeMetrics: 'cc-backend: cannot be reached' });
    await upstream.start();
    const { data, extensions } = await ask(RUNNING);
    expect(data).toEqual({ jobMetrics: [], jobs: { count: 3 } });
    expect(extensions?.upstream).toEqual({ jobMetrics: 'cc-backend: cannot be reached' });
    expect(upstream.asked).toEqual([]);
    const state = await bodyOf<SystemState>(await service.get('/api/system', 'root', 'admin', 'api'));
    expect(state.upstream).toEqual({
      url: upstream.url,
      state: 'down',
      reason: 'cannot be reached',
      retryInSec: expect.any(Number),
      asked: 1,
      answered: 0,
      failed: 1,
    });
    expect(service.lines.filter(({ message }) => message.startsWith('GRAPHQL_UPSTREAM'))).toHaveLength(1);
    const page = await (await service.get('/system', 'root', 'admin', 'api')).text();
    expect(page).toContain('<h2>cc-backend</h2>');
    expect(page).toContain('<dd>cannot be reached</dd>');
  });

  test('a server that says nothing costs one request some time, and the next ones none', async () => {
    upstream.behaves(() => {});
    expect((await ask(RUNNING)).extensions?.upstream).toEqual({ jobMetrics: 'cc-backend: no answer within 2000 ms' });
    expect((await ask(NODES)).extensions?.upstream).toEqual({ nodeMetrics: 'cc-backend: no answer within 2000 ms' });
    expect(upstream.asked).toHaveLength(1);
  });

  test('a client that disconnects ends the question', async () => {
    const gone = new AbortController();
    const closed = new Promise((resolve) => {
      upstream.behaves((answer) => {
        answer.on('close', resolve);
        gone.abort();
      });
    });
    const request = service.app.request('/query', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'X-Auth-Token': await service.token('root', 'admin') },
      body: JSON.stringify({ query: NODES }),
      signal: gone.signal,
    });
    await closed;
    await Promise.allSettled([request]);
    upstream.behaves('well'); // it is not to blame, and is asked again
    expect((await ask(NODES)).extensions).toBeUndefined();
  });

  test('an answer that does not end in time', async () => {
    await service.close();
    service = await appAt(upstream.url, { REQUEST_TIMEOUT_MS: '3000' });
    upstream.behaves((answer) => answer.writeHead(200).write('{'));
    const { data, extensions } = await ask(RUNNING);
    expect(data).toEqual({ jobMetrics: [], jobs: { count: 3 } });
    expect(extensions?.upstream?.['jobMetrics']).toMatch(/^cc-backend: no answer within 1\d\d\d ms$/);
    upstream.behaves('well'); // it has answered, so it is asked again
    expect((await ask(RUNNING)).extensions).toBeUndefined();
  });

  test('too large an answer is not read to its end', async () => {
    const piece = ' '.repeat(1024 * 1024);
    let sent = 0;
    const closed = new Promise<void>((resolve) => {
      upstream.behaves((answer) => {
        const write = () => {
          while (!answer.destroyed && answer.write(piece)) sent += 1;
        };
        answer.on('drain', write).on('close', resolve);
        write();
      });
    });
    expect((await ask(RUNNING)).extensions?.upstream).toEqual({
      jobMetrics: 'cc-backend: answered with more than 16 MB',
    });
    await closed;
    expect(sent).toBeLessThan(64);
  });

  test('more than a few questions of a caller at once wait, and get their answers', async () => {
    let waiting: (() => void)[] = [];
    let most = 0;
    upstream.behaves((answer, asked) => {
      waiting.push(() => answerJson(answer, { data: { [rootFieldOf(asked)]: [] } }));
      if (waiting.length !== 4) return;
      setTimeout(() => {
        most = Math.max(most, waiting.length);
        const all = waiting;
        waiting = [];
        for (const go of all) go();
      }, 20);
    });
    const fields = Array.from({ length: 20 }, (_, at) => `f${at}: nodeMetrics(cluster: "c${at}", ${TIMES}) { host }`);
    expect((await ask(`{ ${fields.join(' ')} }`)).extensions).toBeUndefined();
    expect([upstream.asked.length, most]).toEqual([20, 4]);
  });
});

test('without the setting nothing is noted', async () => {
  const without = await testApp({ jobs: JOBS });
  const answer = await without.ask('{ jobMetrics(id: 1) { name } jobsMetricStats { id } }');
  expect(await answer.json()).toEqual({ data: { jobMetrics: [], jobsMetricStats: [] } });
  const state = await bodyOf<SystemState>(await without.get('/api/system', 'root', 'admin', 'api'));
  expect(state.upstream).toBeUndefined();
  await without.close();
});
