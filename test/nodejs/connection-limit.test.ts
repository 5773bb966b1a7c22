/** Connections of unknown clients are limited by the open files, and never displace a client that is served. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, createServer, get } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { Connections } from '../../src/nodejs/connection-limit.ts';
import { mostConnections, openFilesLimit } from '../../src/nodejs/open-files.ts';
import { migrated, OPEN, start } from '../support/command-line.ts';
import { fixture, until } from '../support/pool.ts';

/** A server with this limit of connections. It answers `/slow` when the test calls `answerSlow`. */
async function serverFor(most: number) {
  const logged: string[] = [];
  const asked: string[] = [];
  const slow = Promise.withResolvers<void>();
  const server = createServer(async (request, response) => {
    asked.push(request.url ?? '');
    if (request.headers.authorization === 'right') connections.identified(request);
    if (request.url === '/slow') await slow.promise;
    if (request.url === '/body') await text(request).catch(() => '');
    response.end('done');
  });
  const connections = new Connections(server, most, (_fields, message) => logged.push(message));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const client = async () => {
    const before = connections.status();
    const socket = connect(port, '127.0.0.1').on('error', () => {});
    onTestFinished(() => void socket.destroy());
    await once(socket, 'connect');
    // The server has handled it: as an additional connection, in place of another, or refused.
    await until(() => JSON.stringify(connections.status()) !== JSON.stringify(before), 10_000);
    return socket;
  };
  const ask = async (path: string, agent: Agent, authorization = 'right') => {
    const [answer] = await once(get({ port, host: '127.0.0.1', path, agent, headers: { authorization } }), 'response');
    return await text(answer);
  };
  return { connections, client, ask, asked, logged, answerSlow: slow.resolve };
}

function agent(): Agent {
  const own = new Agent({ keepAlive: true, maxSockets: 1 });
  onTestFinished(() => own.destroy());
  return own;
}

const isOpen = (socket: Socket) => !socket.destroyed && !socket.readableEnded;

test('silent connections push out each other, the oldest first, and the log says so once', async () => {
  const { connections, client, ask, logged, answerSlow } = await serverFor(4);
  const [working, idle] = [agent(), agent()];
  expect(await ask('/', idle)).toBe('done');
  const running = ask('/slow', working);
  await until(() => connections.status().open === 2, 10_000);
  const first = await client();
  first.resume();
  const others: Socket[] = [];
  for (let count = 0; count < 20; count += 1) others.push((await client()).resume());
  await until(() => !isOpen(first), 10_000);
  expect(connections.status()).toEqual({ open: 4, most: 4, closedEarly: 19, refused: 0 });
  await until(() => others.filter(isOpen).length === 2, 10_000);
  answerSlow();
  expect(await running).toBe('done');
  const reused = connections.status();
  expect(await ask('/', idle)).toBe('done');
  expect(connections.status()).toEqual(reused); // its connection was kept
  expect(logged).toHaveLength(1);
});

test('one that shows a token and waits outlasts those that do not, and one at work is never closed', async () => {
  const { connections, client, ask, answerSlow } = await serverFor(3);
  const [known, stranger, working] = [agent(), agent(), agent()];
  expect(await ask('/', known)).toBe('done');
  expect(await ask('/', stranger, 'wrong')).toBe('done');
  const running = [ask('/slow', working)];
  await until(() => connections.status().open === 3, 10_000);
  running.push(ask('/slow', agent())); // replaces the stranger
  await until(() => connections.status().closedEarly === 1, 10_000);
  expect(await ask('/', known)).toBe('done');
  expect(connections.status()).toMatchObject({ open: 3, closedEarly: 1 });
  running.push(ask('/slow', agent())); // replaces the idle connection
  await until(() => connections.status().closedEarly === 2, 10_000);
  await client();
  expect(connections.status()).toEqual({ open: 3, most: 3, closedEarly: 2, refused: 1 });
  answerSlow();
  expect(await Promise.all(running)).toEqual(['done', 'done', 'done']);
});

test('a stranger whose request does not end gives way after two seconds, and one whom the app knows never', async () => {
  const { connections, client, ask, asked, answerSlow } = await serverFor(3);
  const running = [ask('/slow', agent()), ask('/slow', agent())];
  const stranger = await client();
  stranger.write('POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n');
  stranger.resume();
  const another = async () => {
    const socket = (await client()).resume();
    socket.destroy();
    await until(() => connections.status().open <= 3, 10_000);
    return connections.status();
  };
  await until(() => connections.status().open === 3, 10_000);
  await until(() => asked.includes('/body'), 10_000); // its headers have arrived
  expect(await another()).toMatchObject({ closedEarly: 0, refused: 1 });
  await sleep(2_000);
  expect(await another()).toMatchObject({ closedEarly: 1, refused: 1 });
  await until(() => !isOpen(stranger), 10_000);
  answerSlow();
  expect(await Promise.all(running)).toEqual(['done', 'done']);
});

test('the bound leaves files for our own processes, and is never nothing', () => {
  expect(openFilesLimit()).toBeGreaterThan(0);
  const processes = 12;
  expect(mostConnections(1_024, { processes, requests: 0 })).toBe(1_024 - 64 - 36);
  expect(mostConnections(1_024, { processes, requests: 256 })).toBe(1_024 - 64 - 36 - 256);
  expect(mostConnections(Number.POSITIVE_INFINITY, { processes, requests: 0 })).toBe(4_096);
  expect(mostConnections(64, { processes, requests: 0 })).toBe(16);
  expect(mostConnections(10, { processes, requests: 0 })).toBe(8);
});

test('a service with fewer files than silent connections answers, and ends them', async () => {
  await Promise.all([servesWith(1_024, 1_100), servesWith(80, 200)]); // at once, because both wait
});

async function servesWith(files: number, count: number): Promise<void> {
  const cwd = await migrated();
  const service = start(cwd, ['serve'], OPEN, 'pipe', `ulimit -n ${files}`);
  const [, url = ''] = await service.says(/"url":"([^"]+)"/);
  const strangers = spawn(process.execPath, [fixture('silent-connections'), new URL(url).port, String(count)]);
  onTestFinished(() => void strangers.kill('SIGKILL'));
  await once(strangers.stdout, 'data');
  const state = async () => (await fetch(`${url}/api/system`)).json() as Promise<System>;
  const { parent, database } = await state();
  expect(parent.connections.most, `${files} files`).toBeLessThan(files);
  expect(parent.connections.open).toBeLessThanOrEqual(parent.connections.most);
  // Meanwhile a process is replaced.
  const victim = database.processes.find(({ role }) => role === 'reader')?.pid ?? 0;
  process.kill(victim, 'SIGKILL');
  for (let role = ''; role === ''; await sleep(20)) {
    const { processes } = (await state()).database;
    role = processes.find((one) => one.role === 'reader' && one.pid !== victim && one.state === 'idle')?.role ?? '';
  }
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
  while ((await state()).parent.connections.open > 8) await sleep(100); // those without headers have been closed
  expect(service.stderr().match(/connection limit reached/g)).toHaveLength(1);
  service.child.kill('SIGTERM');
  expect(await service.ended).toBe(0);
}

interface System {
  parent: { connections: { open: number; most: number } };
  database: { processes: { pid: number; role: string; state: string }[] };
}
