import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { faultIn, NOW, type TestApp, testApp } from '../support/test-app.ts';

let service: TestApp;
beforeEach(async () => {
  service = await testApp();
});
afterEach(() => service.close());

const node = (hostname: string, ...states: string[]) => ({ hostname, states });
const stored = () =>
  service.query(
    `SELECT hostname, subcluster, node_state AS state, health_state AS health, time_stamp AS at FROM node_state
     JOIN node ON node.id = node_id ORDER BY node_state.id`,
  );

describe.each([
  ['POST', '/api/nodestate/'],
  ['PUT', '/api/nodestate/'],
  ['POST', '/api/healthcheck'],
  ['POST', '/api/healthcheck/'],
])('%s %s', (method, path) => {
  test('stores a row for each node, makes new nodes and passes over strangers', async () => {
    const nodes = [node('n01', 'IDLE'), node('n02', 'down'), node('stranger', 'idle')];
    const answer = await service.send(method, path, { cluster: 'small', nodes });
    expect([answer.status, await answer.text()]).toEqual([200, '']);
    expect(await stored()).toEqual([
      { hostname: 'n01', subcluster: 'main', state: 'idle', health: 'failed', at: NOW },
      { hostname: 'n02', subcluster: 'main', state: 'down', health: 'full', at: NOW },
    ]);
  });

  test('refuses a bad body', async () => {
    for (const body of ['', '[]', { cluster: 5 }, { nodes: [{ host: 'n01' }] }, { nodes: [{ cpusAllocated: 1.5 }] }]) {
      expect((await faultIn(await service.send(method, path, body)))[0]).toBe(400);
    }
    expect(await stored()).toEqual([]);
  });
});

test('a node in no list is stored where the settings name its subcluster', async () => {
  const own = await testApp({ settings: { UNKNOWN_HOST_SUBCLUSTER: 'big' } });
  onTestFinished(() => own.close());
  const nodes = [node('stranger', 'idle'), node('n01', 'idle')];
  for (const cluster of ['small', 'elsewhere']) await own.send('POST', '/api/nodestate/', { cluster, nodes });
  expect(await own.query('SELECT hostname, cluster, subcluster FROM node ORDER BY id')).toEqual([
    { hostname: 'stranger', cluster: 'small', subcluster: 'big' },
    { hostname: 'n01', cluster: 'small', subcluster: 'main' },
  ]);
});

test('the first of a node’s states that means something wins', async () => {
  const states: [string[], string][] = [
    [['mixed', 'allocated'], 'allocated'],
    [['reserved', 'idle'], 'reserved'],
    [['idle', 'down'], 'down'],
    [['DOWN', 'mixed'], 'down'],
    [['mixed'], 'mixed'],
    [['drain'], 'unknown'],
    [[], 'unknown'],
  ];
  for (const [words] of states) {
    await service.send('POST', '/api/nodestate/', { cluster: 'small', nodes: [node('n03', ...words)] });
  }
  expect((await stored()).map(({ state }) => state)).toEqual(states.map(([, state]) => state));
});

test('a node that is known is stored although no list has it, and counts are kept', async () => {
  await service.send('POST', '/api/nodestate/', { cluster: 'elsewhere', nodes: [node('n01', 'idle')] });
  expect(await stored()).toEqual([]);
  await service.close();
  service = await testApp({ sql: "INSERT INTO node (hostname, cluster, subcluster) VALUES ('old', 'elsewhere', 's')" });
  const counts = { cpusAllocated: 1, memoryAllocated: 2, gpusAllocated: 3, jobsRunning: 4 };
  await service.send('POST', '/api/nodestate/', {
    cluster: 'elsewhere',
    nodes: [{ ...node('old', 'idle'), ...counts }],
  });
  const columns = 'cpus_allocated AS c, memory_allocated AS m, gpus_allocated AS g, jobs_running AS j';
  expect(await service.query(`SELECT ${columns} FROM node_state`)).toEqual([{ c: 1, m: 2, g: 3, j: 4 }]);
});

test('healthcheck is open to tokens that the rest of /api is closed to', async () => {
  const send = (path: string, ...roles: string[]) => service.send('POST', path, { cluster: 'small' }, 'ada', ...roles);
  expect((await send('/api/healthcheck', 'user', 'api')).status).toBe(200);
  expect((await send('/api/healthcheck', 'support', 'api')).status).toBe(401);
  expect((await send('/api/healthcheck', 'user')).status).toBe(401);
  expect((await send('/api/nodestate/', 'user', 'api')).status).toBe(401);
});
