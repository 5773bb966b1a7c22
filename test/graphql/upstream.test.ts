/** What /query asks the cc-backend of GRAPHQL_UPSTREAM, through the real app. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { SystemState } from '../../src/system-state-types.ts';
import { type CcBackend, startCcBackend } from '../support/cc-backend.ts';
import { bodyOf, NOW, type TestApp, testApp } from '../support/test-app.ts';
import { ask, JOBS, NODES, send, TIMES, upstreamApp } from '../support/upstream-app.ts';

let upstream: CcBackend;
let service: TestApp;
beforeAll(async () => {
  upstream = await startCcBackend(() => NOW);
});
afterAll(() => upstream.stop());
beforeEach(async () => {
  upstream.behaves('well');
  upstream.asked.length = 0;
  service = await upstreamApp(upstream.url);
  return () => service.close();
});

const asAda = (query: string, variables: unknown = {}) => ask(service, query, variables, 'ada', 'user');
const sessionOf = async (user: string) => {
  const answer = await fetch(`${upstream.url}/login`, {
    method: 'POST',
    body: new URLSearchParams({ username: user }),
    redirect: 'manual',
  });
  return answer.headers.get('Set-Cookie')?.split(';')[0] ?? '';
};

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
    const { data, extensions } = await ask(service, query, { c: 'small', n: ['n01'], page: 1 });
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
      service,
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
    await send(service, NODES, {}, { 'X-Auth-Token': token, ...others });
    await send(service, NODES, {}, { Authorization: `Bearer ${token}`, ...others });
    const session = await sessionOf('root');
    await send(service, NODES, {}, { ...others, Cookie: `${session}; other=1` });
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
      const { data, extensions } = await send(service, NODES, {}, { Cookie: cookie });
      expect(data).toEqual({ nodeMetrics: [] });
      expect(extensions?.upstream).toEqual({ nodeMetrics: 'cc-backend: you are not logged in at cc-backend' });
    }
    expect(upstream.asked).toEqual([]);
    await send(service, NODES, {}, { Cookie: `${session}; ${await sessionOf('root')}` });
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
    await ask(service, '{ jobStats(id: 2, metrics: ["cpu_load"]) { name } }');
    await ask(service, '{ jobsMetricStats(filter: [{state: "completed"}], metrics: ["cpu_load"]) { id } }');
    expect(upstream.asked).toEqual([]);
  });
});

describe('running jobs', () => {
  const METRICS = '{ jobMetrics(id: 1) { name scope metric { unit { base } series { id statistics { avg } data } } } }';

  test('have metrics, without those that the caller must not see', async () => {
    const metric = { unit: { base: 'W' }, series: [{ id: null, statistics: { avg: 2 }, data: [1, 2.5, null, 3] }] };
    const entry = (name: string) => ({ name, scope: 'node', metric });
    expect((await ask(service, METRICS)).data).toEqual({ jobMetrics: ['cpu_load', 'cpu_power'].map(entry) });
    expect((await asAda(METRICS)).data).toEqual({ jobMetrics: [entry('cpu_load')] });
  });

  test('have statistics, without those that the caller must not see, also if no name is asked for', async () => {
    const fields = 'jobStats(id: 1, metrics: ["a"]) { data { avg } } scopedJobStats(id: 1) { stats { data { max } } }';
    const named = { data: { avg: 2 } };
    const scoped = { stats: [{ data: { max: 3 } }] };
    expect((await ask(service, `{ ${fields} }`)).data).toEqual({
      jobStats: [named, named],
      scopedJobStats: [scoped, scoped],
    });
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
    expect((await ask(service, query)).data).toEqual({
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
  expect((await ask(service, query, variables)).data).toEqual({
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

test('without the setting nothing is noted', async () => {
  const without = await testApp({ jobs: JOBS });
  const answer = await without.ask('{ jobMetrics(id: 1) { name } jobsMetricStats { id } }');
  expect(await answer.json()).toEqual({ data: { jobMetrics: [], jobsMetricStats: [] } });
  const state = await bodyOf<SystemState>(await without.get('/api/system', 'root', 'admin', 'api'));
  expect(state.upstream).toBeUndefined();
  await without.close();
});
