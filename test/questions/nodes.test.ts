import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { TextOperator } from '../../src/jobs/filter.ts';
import { NodeQuestions } from '../../src/questions/nodes/ask-nodes.ts';
import type { NodeCondition, NodeFilter } from '../../src/questions/nodes/question.ts';
import { nodeNow, nodeStateHistory, nodesNow } from '../../src/questions/nodes/sqlite.ts';
import { BOTH_DATABASES, type SharedDatabase } from '../support/both-databases.ts';
import { within } from '../support/pool.ts';
import { testDatabase } from '../support/sql.ts';

// The newest states: a1 idle/full of 200, A2 down/failed of 200 (the later of two), b_1 idle/partial of 100.
// `silent` has never reported; a1 of cluster b is another node.
const FIXTURE = `
  INSERT INTO node (id, hostname, cluster, subcluster, meta_data) VALUES
    (1, 'a1', 'a', 'main', '{"rack":"r1"}'), (2, 'A2', 'a', 'main', '{broken'), (3, 'b_1', 'a', 'gpu', NULL),
    (4, 'silent', 'a', 'main', NULL), (9007199254740993, 'a1', 'b', 'main', '[1]');
  INSERT INTO node_state (time_stamp, jobs_running, cpus_allocated, memory_allocated, gpus_allocated, node_state, health_state, health_metrics, node_id) VALUES
    (100, 1, 2, 3, 4, 'allocated', 'full', '', 1),
    (200, 5, 64, 128000, 2, 'idle', 'full', CAST('{"degraded":[],"missing":["ipc"]}' AS BLOB), 1),
    (150, 0, 0, 0, 0, 'mixed', 'full', '', 1),
    (200, 0, 0, 0, 0, 'idle', 'full', '', 2),
    (200, 0, 0, 0, 0, 'down', 'failed', '', 2),
    (100, 0, 0, 0, 0, 'idle', 'partial', 'null', 3),
    (100, 9007199254740993, 0, 0, 0, 'idle', 'failed', '', 9007199254740993);`;

const text = (
  field: 'hostname' | 'cluster' | 'subcluster',
  operator: TextOperator,
  ...values: string[]
): NodeCondition => ({ kind: 'text', field, operator, values });
const state = (of: 'scheduler' | 'health', value: string): NodeCondition => ({ kind: 'state', of, state: value });

describe.each(BOTH_DATABASES)('on %s', (_, open) => {
  let at: SharedDatabase;
  let nodes: NodeQuestions;
  beforeAll(async () => {
    at = await open();
    await at.exec(FIXTURE);
    nodes = new NodeQuestions(at.db);
  });
  afterAll(() => at.close());

  test('every node that has reported is in its newest state, by name', async () => {
    expect(await nodes.list([], { withMeta: true }, within(20_000))).toEqual([
      {
        ...{ id: 2, hostname: 'A2', cluster: 'a', subCluster: 'main', schedulerState: 'down', healthState: 'failed' },
        ...{ jobsRunning: 0, cpusAllocated: 0, memoryAllocated: 0, gpusAllocated: 0, metaData: {}, healthData: {} },
      },
      {
        ...{ id: 1, hostname: 'a1', cluster: 'a', subCluster: 'main', schedulerState: 'idle', healthState: 'full' },
        ...{ jobsRunning: 5, cpusAllocated: 64, memoryAllocated: 128_000, gpusAllocated: 2 },
        ...{ metaData: { rack: 'r1' }, healthData: { degraded: [], missing: ['ipc'] } },
      },
      {
        ...{ id: 2n ** 53n + 1n, hostname: 'a1', cluster: 'b', subCluster: 'main' },
        ...{ schedulerState: 'idle', healthState: 'failed', jobsRunning: 2n ** 53n + 1n },
        ...{ cpusAllocated: 0, memoryAllocated: 0, gpusAllocated: 0, metaData: {}, healthData: {} },
      },
      {
        ...{ id: 3, hostname: 'b_1', cluster: 'a', subCluster: 'gpu', schedulerState: 'idle', healthState: 'partial' },
        ...{ jobsRunning: 0, cpusAllocated: 0, memoryAllocated: 0, gpusAllocated: 0, metaData: {}, healthData: {} },
      },
    ]);
    const [, plain] = await nodes.list([], { withMeta: false }, within(20_000));
    expect(plain).toMatchObject({ id: 1, metaData: {}, healthData: {} });
  });

  test.each<[string, NodeFilter, (number | bigint)[]]>([
    ['exact names', [text('hostname', 'is', 'a1', 'x')], [1, 2n ** 53n + 1n]],
    ['the case of an exact name', [text('hostname', 'is', 'a2')], []],
    ['no names', [text('hostname', 'is')], []],
    ['other names', [text('hostname', 'not', 'a1')], [2, 3]],
    ['a beginning, whatever its case', [text('hostname', 'starts-with', 'a')], [2, 1, 2n ** 53n + 1n]],
    ['an end', [text('hostname', 'ends-with', '2')], [2]],
    ['a part', [text('hostname', 'contains', '_')], [3]],
    ['no pattern', [text('hostname', 'contains', '%')], []],
    ['NUL', [text('hostname', 'starts-with', 'a1\0')], []],
    ['a lone surrogate', [text('hostname', 'contains', '\ud800'), text('hostname', 'is', '\udc00')], []],
    ['quotes', [text('hostname', 'is', "' OR 1=1 --")], []],
    ['two conditions', [text('cluster', 'is', 'a'), text('subcluster', 'is', 'main')], [2, 1]],
    ['the state of the scheduler', [state('scheduler', 'idle')], [1, 2n ** 53n + 1n, 3]],
    ['an older state', [state('scheduler', 'mixed')], []],
    ['the health', [state('health', 'failed'), text('cluster', 'is', 'a')], [2]],
    ['a state that is none', [state('scheduler', "idle' OR '1")], []],
    ['2,000 names', [text('hostname', 'is', ...Array.from({ length: 2_000 }, (_, n) => `a${n}`))], [1, 2n ** 53n + 1n]],
  ])('finds %s', async (_name, filter, ids) => {
    const found = await nodes.list(filter, { withMeta: false }, within(20_000));
    expect(found.map(({ id }) => id)).toEqual(ids);
  });

  test('finds one node by its id', async () => {
    expect(await nodes.one(3, within(20_000))).toMatchObject({ hostname: 'b_1', schedulerState: 'idle' });
    expect(await nodes.one(2n ** 53n + 1n, within(20_000))).toMatchObject({ hostname: 'a1', cluster: 'b' });
    expect([await nodes.one(4, within(20_000)), await nodes.one(77, within(20_000))]).toEqual([undefined, undefined]);
  });

  test('counts nodes by state, then by health', async () => {
    expect(await nodes.counts([], within(20_000))).toEqual([
      { state: 'down', count: 1 },
      { state: 'idle', count: 3 },
      { state: 'failed', count: 2 },
      { state: 'full', count: 1 },
      { state: 'partial', count: 1 },
    ]);
    expect(await nodes.counts([text('cluster', 'is', 'b')], within(20_000))).toEqual([
      { state: 'idle', count: 1 },
      { state: 'failed', count: 1 },
    ]);
    expect(await nodes.counts([text('cluster', 'is')], within(20_000))).toEqual([]);
  });

  test('counts every report by state and time', async () => {
    const history = async (kind: 'scheduler' | 'health', afterSec?: number, filter: NodeFilter = []) =>
      await nodes.history(filter, { kind, afterSec }, within(20_000));
    expect(await history('scheduler')).toEqual([
      { state: 'allocated', times: [100], counts: [1] },
      { state: 'down', times: [200], counts: [1] },
      { state: 'idle', times: [100, 200], counts: [2, 2] },
      { state: 'mixed', times: [150], counts: [1] },
    ]);
    expect(await history('health', 100)).toEqual([
      { state: 'failed', times: [200], counts: [1] },
      { state: 'full', times: [150, 200], counts: [1, 2] },
    ]);
    expect(await history('scheduler', 99, [text('hostname', 'starts-with', 'A1'), state('health', 'full')])).toEqual([
      { state: 'allocated', times: [100], counts: [1] },
      { state: 'idle', times: [200], counts: [1] },
      { state: 'mixed', times: [150], counts: [1] },
    ]);
    expect(await history('scheduler', 200)).toEqual([]);
    expect(await history('health', 0, [text('hostname', 'is', 'A2'), text('cluster', 'is', 'a')])).toEqual([
      { state: 'failed', times: [200], counts: [1] },
      { state: 'full', times: [200], counts: [1] },
    ]);
  });

  test('refuses a history of too many points', async () => {
    const { db, exec, close } = await open();
    onTestFinished(close);
    await exec(`INSERT INTO node (id, hostname, cluster, subcluster) VALUES (1, 'a', 'a', 'a');
      WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 100001)
      INSERT INTO node_state (time_stamp, node_state, health_state, node_id)
      SELECT x, iif(x % 2, 'idle', 'down'), 'full', 1 FROM n;`);
    const many = new NodeQuestions(db);
    await expect(many.history([], { kind: 'scheduler' }, within(60_000))).rejects.toMatchObject({
      code: 'invalid_request',
      message: expect.stringContaining('100000 points'),
    });
    const most = await many.history([], { kind: 'scheduler', afterSec: 1 }, within(60_000));
    expect(most.map(({ times }) => times.length)).toEqual([50_000, 50_000]);
  });

  test('refuses a list of too many nodes', async () => {
    const { db, exec, close } = await open();
    onTestFinished(close);
    await exec(`WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 40001)
      INSERT INTO node (id, hostname, cluster, subcluster) SELECT x, 'n' || x, 'a', 'a' FROM n;
      INSERT INTO node_state (time_stamp, node_state, health_state, node_id) SELECT 1, 'idle', 'full', id FROM node;`);
    const many = new NodeQuestions(db);
    const listed = (filter: NodeFilter) => many.list(filter, { withMeta: true }, within(60_000));
    await expect(listed([])).rejects.toMatchObject({ code: 'invalid_request' });
    expect(await listed([text('hostname', 'not', 'n7')])).toHaveLength(40_000);
  });
});

describe.each(['lean', 'cc-backend'] as const)('with the %s indexes', (indexes) => {
  test.each([false, true])('no question reads all states (analyzed: %s)', async (analyzed) => {
    const db = await testDatabase(indexes);
    await db.exec(`WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 200)
      INSERT INTO node (id, hostname, cluster, subcluster) SELECT x, 'n' || x, 'a', 'a' FROM n;
      WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 100)
      INSERT INTO node_state (time_stamp, node_state, health_state, node_id) SELECT x, 'idle', 'full', id FROM n, node;`);
    if (analyzed) await db.exec('ANALYZE');
    const newest = /^SEARCH newest USING COVERING INDEX nodestates_nodeid_timestamp \(node_id=\?\)/;
    for (const statement of [nodesNow([], { withMeta: true, after: 0, limit: 9 }), nodeNow(1)]) {
      const plan = await db.plan(statement);
      expect(plan).toContainEqual(expect.stringMatching(newest));
      expect(plan).toContainEqual(expect.stringMatching(/^SEARCH state USING INTEGER PRIMARY KEY/));
      expect(plan).not.toContainEqual(expect.stringMatching(/^(SCAN (state|newest)|USE TEMP B-TREE FOR ORDER BY$)/));
    }
    const history = await db.plan(nodeStateHistory([], { kind: 'health', afterSec: 90, limit: 9 }));
    const index =
      /^SEARCH state USING COVERING INDEX nodestates_health_timestamp \(health_state=\? AND time_stamp>\?\)/;
    expect(history.filter((line) => index.test(line))).toHaveLength(3);
    expect(history).not.toContainEqual(expect.stringMatching(/SCAN state|GROUP BY/));
    const ofNode = await db.plan(
      nodeStateHistory([text('hostname', 'is', 'n7')], { kind: 'health', afterSec: 0, limit: 9 }),
    );
    expect(
      ofNode.filter((line) => /^SEARCH state USING INDEX nodestates_nodeid_\w+ \(node_id=\?/.test(line)),
    ).toHaveLength(3);
    db.close();
  });
});
