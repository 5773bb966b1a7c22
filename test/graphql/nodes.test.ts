/** The nodes and their states, as GraphQL shows them (contract/graphql.md §10). The statements: questions/nodes. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dataOf, errorsOf } from '../support/graphql.ts';
import { job, type TestApp, testApp } from '../support/test-app.ts';

const FIXTURE = `
  INSERT INTO node (id, hostname, cluster, subcluster, meta_data) VALUES
    (1, 'n_1', 'small', 'main', '{"rack":"r1"}'), (2, 'N2', 'small', 'main', NULL), (3, 'g1', 'other', 'gpu', NULL),
    (4, 'silent', 'small', 'main', NULL);
  INSERT INTO node_state (time_stamp, jobs_running, cpus_allocated, memory_allocated, gpus_allocated, node_state, health_state, health_metrics, node_id) VALUES
    (100, 1, 2, 3, 0, 'allocated', 'full', '', 1),
    (200, 5, 64, 128000, 2, 'idle', 'full', '{"missing":["ipc"]}', 1),
    (200, 0, 0, 0, 0, 'down', 'failed', '', 2),
    (100, 0, 0, 0, 0, 'idle', 'partial', '', 3);`;

let service: TestApp;
beforeAll(async () => {
  const running = { jobState: 'running', duration: 0 } as const;
  service = await testApp({
    sql: FIXTURE,
    jobs: [
      job({ ...running, jobId: 1, resources: [{ hostname: 'n01' }, { hostname: 'n02' }] }),
      job({ ...running, jobId: 2, user: 'bob', resources: [{ hostname: 'n02' }] }),
      job({ ...running, jobId: 3, subCluster: 'gpu', resources: [{ hostname: 'g1' }] }),
      job({ ...running, jobId: 4, cluster: 'other', resources: [{ hostname: 'x1' }] }),
      job({ jobId: 5, subCluster: 'idle', resources: [{ hostname: 'n03' }] }),
    ],
  });
});
afterAll(() => service.close());

test('a list has every node that has reported, by name, in its newest state', async () => {
  const query = `{ nodes { count items { id hostname cluster subCluster jobsRunning cpusAllocated memoryAllocated
    gpusAllocated schedulerState healthState metaData healthData } } }`;
  const idle = { jobsRunning: 0, cpusAllocated: 0, memoryAllocated: 0, gpusAllocated: 0, metaData: {}, healthData: {} };
  expect(await dataOf(service.ask(query))).toEqual({
    nodes: {
      count: 3,
      items: [
        {
          ...{ id: 2, hostname: 'N2', cluster: 'small', subCluster: 'main' },
          ...{ ...idle, schedulerState: 'down', healthState: 'failed' },
        },
        {
          ...{ id: 3, hostname: 'g1', cluster: 'other', subCluster: 'gpu' },
          ...{ ...idle, schedulerState: 'idle', healthState: 'partial' },
        },
        {
          ...{ id: 1, hostname: 'n_1', cluster: 'small', subCluster: 'main', metaData: {}, healthData: {} },
          ...{ jobsRunning: 5, cpusAllocated: 64, memoryAllocated: 128_000, gpusAllocated: 2 },
          ...{ schedulerState: 'idle', healthState: 'full' },
        },
      ],
    },
  });
});

test('nodesWithMeta and node have the metadata and the health', async () => {
  const both = { metaData: { rack: 'r1' }, healthData: { missing: ['ipc'] } };
  const query =
    '{ nodesWithMeta(filter: {hostname: {eq: "n_1"}}) { items { metaData healthData } } node(id: 1) { metaData healthData } }';
  expect(await dataOf(service.ask(query))).toEqual({ nodesWithMeta: { items: [both] }, node: both });
  const lists =
    '{ nodes(filter: {hostname: {eq: "n_1"}}) { items { metaData } } nodesWithMeta(filter: {hostname: {eq: "n_1"}}) { items { metaData } } }';
  expect(await dataOf(service.ask(lists))).toEqual({
    nodes: { items: [{ metaData: {} }] },
    nodesWithMeta: { items: [{ metaData: { rack: 'r1' } }] },
  });
});

describe('a filter', () => {
  const query = 'query ($f: [NodeFilter!]) { nodes(filter: $f) { items { id } count } }';
  test.each<[string, unknown, number[]]>([
    ['none', null, [2, 3, 1]],
    ['an empty list', [], [2, 3, 1]],
    ['one object', { cluster: { eq: 'small' } }, [2, 1]],
    ['two objects', [{ cluster: { eq: 'small' } }, { schedulerState: 'idle' }], [1]],
    ['a beginning in any case', [{ hostname: { startsWith: 'n' } }], [2, 1]],
    ['an end', [{ hostname: { endsWith: '1' } }], [3, 1]],
    ['a part; _ is an ordinary character', [{ hostname: { contains: '_' } }], [1]],
    ['% is an ordinary character', [{ hostname: { contains: '%' } }], []],
    ['other names', [{ hostname: { neq: 'g1' } }], [2, 1]],
    ['several names', [{ hostname: { in: ['g1', 'N2', 'silent'] } }], [2, 3]],
    ['no names', [{ hostname: { in: [] } }], []],
    ['a subcluster', [{ subCluster: { eq: 'gpu' } }], [3]],
    ['a health', [{ healthState: 'failed' }], [2]],
    ['a state that is none', [{ schedulerState: "idle' OR '1" }], []],
    ['a time, which only histories have', [{ timeStart: 1_000 }], [2, 3, 1]],
  ])('%s', async (_, f, ids) => {
    const { nodes } = await dataOf<{ nodes: { items: { id: number }[]; count: number } }>(service.ask(query, { f }));
    expect([nodes.items.map(({ id }) => id), nodes.count]).toEqual([ids, ids.length]);
  });

  test('has a limit', async () => {
    const names = (count: number) => Array.from({ length: count }, (_, n) => `n${n}`);
    const f = [{ hostname: { in: names(1_500) } }, { cluster: { in: names(501) } }];
    expect(await errorsOf(service.ask(query, { f }))).toEqual([['nodes', 'invalid_request']]);
    const conditions = (count: number) => Array.from({ length: count }, () => ({ schedulerState: 'idle' }));
    expect(await errorsOf(service.ask(query, { f: conditions(201) }))).toEqual([['nodes', 'invalid_request']]);
    expect(await errorsOf(service.ask(query, { f: conditions(200) }))).toEqual([]);
    const most = [{ hostname: { in: names(1_999) }, cluster: { eq: 'small' } }];
    const history = 'query ($f: [NodeFilter!]) { nodeStatesTimed(filter: $f, type: "node") { state } }';
    expect(await dataOf(service.ask(history, { f: most }))).toEqual({ nodeStatesTimed: [] });
  });
});

test('the states are counted, those of the scheduler first', async () => {
  expect(await dataOf(service.ask('{ nodeStates(filter: {cluster: {eq: "small"}}) { state count } }'))).toEqual({
    nodeStates: [
      { state: 'down', count: 1 },
      { state: 'idle', count: 1 },
      { state: 'failed', count: 1 },
      { state: 'full', count: 1 },
    ],
  });
});

describe('a history', () => {
  const query =
    'query ($f: [NodeFilter!], $t: String!) { nodeStatesTimed(filter: $f, type: $t) { state times counts } }';

  test('counts each state at each time', async () => {
    expect(await dataOf(service.ask(query, { t: 'node' }))).toEqual({
      nodeStatesTimed: [
        { state: 'allocated', times: [100], counts: [1] },
        { state: 'down', times: [200], counts: [1] },
        { state: 'idle', times: [100, 200], counts: [1, 1] },
      ],
    });
  });

  test('begins after the latest of its starts', async () => {
    const f = [{ timeStart: 100 }, { timeStart: 0 }];
    expect(await dataOf(service.ask(query, { f, t: 'health' }))).toEqual({
      nodeStatesTimed: [
        { state: 'failed', times: [200], counts: [1] },
        { state: 'full', times: [200], counts: [1] },
      ],
    });
  });

  test('longer than the executor takes at a stretch is whole', async () => {
    const long = await testApp({
      sql: `INSERT INTO node (id, hostname, cluster, subcluster) VALUES (1, 'n1', 'small', 'main');
        WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 3000)
        INSERT INTO node_state (time_stamp, node_state, health_state, node_id) SELECT x, 'idle', 'full', 1 FROM n;`,
    });
    const { nodeStatesTimed } = await dataOf<{ nodeStatesTimed: { times: number[]; counts: number[] }[] }>(
      long.ask(query, { t: 'node' }),
    );
    await long.close();
    const times = Array.from({ length: 3_000 }, (_, n) => n + 1);
    expect(nodeStatesTimed).toEqual([{ state: 'idle', times, counts: times.map(() => 1) }]);
  });

  test('has one of two types', async () => {
    expect(await errorsOf(service.ask(query, { t: 'power' }))).toEqual([['nodeStatesTimed', 'invalid_request']]);
  });
});

test.each([
  ['4', 'not_found'], // has never reported
  ['77', 'not_found'],
  ['n_1', 'invalid_request'],
])('node(id: "%s") is an error: %s', async (id, code) => {
  const answer = service.ask('query ($id: ID!) { node(id: $id) { id } }', { id });
  expect(await errorsOf(answer)).toEqual([['node', code]]);
});

test('the nodes of running jobs are counted for each subcluster, whoever runs them', async () => {
  const query = 'query ($c: String!) { allocatedNodes(cluster: $c) { name count } }';
  expect(await dataOf(service.ask(query, { c: 'small' }, 'ada', 'user'))).toEqual({
    allocatedNodes: [
      { name: 'gpu', count: 1 },
      { name: 'main', count: 2 },
    ],
  });
  expect(await dataOf(service.ask(query, { c: 'none' }))).toEqual({ allocatedNodes: [] });
});
