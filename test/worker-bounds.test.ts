/** The bounds of an isolate on the runtime of Workers, which does not report when a client hangs up. */
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { makeToken } from '../src/http/auth/token.ts';
import { type HostileProvider, hostileProvider } from './support/hostile-provider.ts';
import { ask, inWorker, type Setup, type SharedJobs, sharedJobs } from './support/setups.ts';
import { openSqlite } from './support/sqlite.ts';
import { keys } from './support/test-app.ts';

/** Jobs of 30 KB each, so that a list of all is larger than the buffers between two programs. */
const JOBS = 2_000;
/** Streamed lists of one caller: an isolate has 32 MB, each list counts as 4, and half is left for others. */
const MOST_STREAMS = 4;

let jobs: SharedJobs;
let worker: Setup;
let provider: HostileProvider;
beforeAll(async () => {
  jobs = await sharedJobs(JOBS);
  const driver = openSqlite(jobs.path, 1_000);
  await driver.exec(`UPDATE job SET meta_data = json_object('jobScript', hex(zeroblob(15000)));
    PRAGMA wal_checkpoint(TRUNCATE)`);
  driver.close();
  provider = await hostileProvider();
  worker = await inWorker(jobs, {
    more: { PUBLIC_URL: 'https://jobs.example', OIDC_PROVIDER: provider.url, OID_CLIENT_ID: 'cc-jobs' },
  });
}, 180_000);
afterAll(async () => {
  await worker.close();
  await provider.close();
  jobs.remove();
}, 60_000);

const LIST = `/api/jobs/?with-metadata&items-per-page=${JOBS}`;

/** Requests the long list, and reads only the beginning. Returns the status. */
async function stalled(sockets: Socket[], user = 'root'): Promise<number> {
  const { hostname, port } = new URL(worker.url);
  const token = await makeToken(keys.privateKey, { user, roles: ['admin', 'api'] });
  const socket = connect(Number(port), hostname);
  sockets.push(socket);
  socket.on('error', () => {}); // it is cut in the end
  socket.write(`GET ${LIST} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nX-Auth-Token: ${token}\r\n\r\n`);
  return await new Promise((resolve, reject) => {
    socket.once('data', (bytes) => {
      socket.pause();
      resolve(Number(/^HTTP\/1.1 (\d+)/.exec(bytes.toString('latin1'))?.[1]));
    });
    socket.once('close', () => reject(new Error('closed without an answer')));
  });
}

test('a body of more values than a turn has time for is refused, and the next request is served', async () => {
  const body = { cluster: 'fern', nodes: [], more: Array.from({ length: 300_000 }, () => 1) };
  const refused = await ask(worker, { method: 'POST', path: '/api/jobs/start_job/', body });
  expect(refused).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
  expect(JSON.stringify(refused.body)).toContain('more than 250000 values');
  expect((await ask(worker, { path: '/healthz' })).status).toBe(200);
});

test('bodies that are announced and never come keep nobody out', async () => {
  const { hostname, port } = new URL(worker.url);
  const sockets = Array.from({ length: 60 }, () => connect(Number(port), hostname).on('error', () => {}));
  for (const [nth, socket] of sockets.entries()) {
    const path = nth % 2 === 0 ? '/api/jobs/start_job/' : '/login';
    const token = await makeToken(keys.privateKey, { user: `robot${nth}`, roles: ['api'] });
    socket.write(
      `POST ${path} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nX-Auth-Token: ${token}\r\nContent-Length: 1000000\r\n\r\n{`,
    );
  }
  const body = { cluster: 'fern', jobId: 77, user: 'ada', startTime: 1_790_000_000, numNodes: 1 };
  const job = { ...body, resources: [{ hostname: 'f0001' }] };
  for (const path of ['/api/jobs/start_job/', '/api/tags/'])
    expect((await ask(worker, { method: 'POST', path, body: job })).status, path).not.toBe(503);
  expect((await ask(worker, { path: '/api/jobs/?items-per-page=1' })).status).toBe(200);
  for (const socket of sockets) socket.destroy();
});

test('readers that take nothing have few places, which they lose, and those that hang up give theirs back', async () => {
  const sockets: Socket[] = [];
  // At once: on a slow machine the first would otherwise have lost its place before the last has asked.
  const users = [...Array<string>(MOST_STREAMS + 1).fill('root'), 'ada'];
  const statuses = await Promise.all(users.map((user) => stalled(sockets, user)));
  expect(statuses.slice(0, -1).sort()).toEqual([...Array<number>(MOST_STREAMS).fill(200), 503]);
  expect(statuses.at(-1)).toBe(200); // the other caller
  for (const socket of sockets) socket.destroy();
  // Nothing runs in the Worker when they hang up. Their bytes count until a second after their time limit.
  const served = async () => (await ask(worker, { path: LIST })).status === 200;
  await vi.waitUntil(served, { timeout: 60_000, interval: 250 });
}, 120_000);

test('single sign-on works in a Worker too', async () => {
  const cookies = (answer: Response) => answer.headers.getSetCookie().map((line) => line.split(';')[0] ?? '');
  const logIn = async () => {
    const first = await fetch(`${worker.url}/oidc-login`, { redirect: 'manual' });
    const query = new URL(first.headers.get('Location') ?? '').searchParams;
    provider.nonce = query.get('nonce') ?? '';
    const answer = new URLSearchParams({ code: 'c', state: query.get('state') ?? '' });
    const headers = { Cookie: cookies(first).join('; ') };
    return await fetch(`${worker.url}/oidc-callback?${answer}`, { headers, redirect: 'manual' });
  };
  const [session = ''] = cookies(await logIn()).filter((cookie) => /^ccjobs_session=./.test(cookie));
  expect((await fetch(`${worker.url}/jobs`, { headers: { Cookie: session } })).status).toBe(200);
  provider.claims = { aud: 'another' };
  const refused = await logIn();
  expect([refused.status, await refused.text()]).toEqual([401, expect.stringContaining('could not be verified')]);
});
