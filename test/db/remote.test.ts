/** The Database port on a real libSQL server that is down, slow, busy or refuses, and on connections that break. */
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from '@libsql/client/web';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Database } from '../../src/db/port.ts';
import { checkRemote, migrateRemote } from '../../src/db/remote/migrate-remote.ts';
import { openRemote } from '../../src/db/remote/open-remote.ts';
import { clientOf } from '../../src/db/remote/server.ts';
import { transactionOn } from '../../src/db/remote/transaction.ts';
import { freePort } from '../../src/dev/servers/free-port.ts';
import { startLibsqlServer } from '../../src/dev/servers/libsql-server.ts';
import { makeKeys } from '../../src/http/auth/signing-keys.ts';
import { visibleTo } from '../../src/jobs/visibility.ts';
import { countJobs } from '../../src/questions/count/sqlite.ts';
import { testFolder } from '../support/folder.ts';
import { libsqlServer } from '../support/libsql-server.ts';
import { oneJob } from '../support/one-job.ts';
import { ENDLESS, small, within } from '../support/pool.ts';
import { stopProcess } from '../support/stop-process.ts';

const ALL = visibleTo({ name: 'root', roles: new Set(['admin', 'api']), projects: [] });
const AN_HOUR_MS = 3_600_000;
const count = async (db: Database) => (await db.read(countJobs(ALL), within(10_000)))[0]?.count;
const insert = (db: Database, jobId: bigint, ms = 10_000) =>
  db.write('insertJobs', { rows: [oneJob({ jobId })], tags: [] }, within(ms));

function opened(url: string, options: { authToken?: string; heartbeat?: boolean; mostAtOnce?: number } = {}): Database {
  const db = openRemote({ url, mostAtOnce: 16, heartbeat: false, ...options });
  onTestFinished(() => db.close(200));
  return db;
}

async function ready() {
  const server = await libsqlServer();
  await migrateRemote({ url: server.url });
  return { server, db: opened(server.url) };
}

describe('a server that is not there', () => {
  test('is remote_unavailable at once, and served again when it is back', async () => {
    const folder = join(testFolder(), 'sqld');
    const first = await startLibsqlServer({ folder });
    await migrateRemote({ url: first.url });
    const db = opened(first.url, { heartbeat: true });
    await insert(db, 1n);
    await first.kill();
    // Refused at once: the deadline is much longer than the test.
    await expect(db.read(small(1), within(AN_HOUR_MS))).rejects.toMatchObject({
      code: 'remote_unavailable',
      message: expect.stringContaining('no libSQL server is listening'),
    });
    await expect(insert(db, 2n, AN_HOUR_MS)).rejects.toMatchObject({ code: 'remote_unavailable' });
    expect(db.status()).toMatchObject({
      alive: false,
      notAliveBecause: expect.stringContaining('no libSQL server is listening'),
    });
    const second = await startLibsqlServer({ folder, port: Number(new URL(first.url).port) });
    onTestFinished(() => second.kill());
    expect(await count(db)).toBe(1);
    await insert(db, 3n);
    expect(db.status().alive).toBe(true);
  });

  test('that answers nobody any more is no slow query: remote_unavailable at the deadline', async () => {
    const { server } = await ready();
    const db = opened(server.url, { heartbeat: true });
    await stopProcess(server.pid);
    try {
      await expect(db.read(small(1), within(2_500))).rejects.toMatchObject({
        code: 'remote_unavailable',
        message: 'the libSQL server does not respond',
      });
      expect(db.status()).toMatchObject({
        alive: false,
        notAliveBecause: 'the libSQL server does not respond',
      });
    } finally {
      process.kill(server.pid, 'SIGCONT');
    }
    expect(await db.read(small(1), within(5_000))).toEqual([{ answer: 1 }]);
  });

  test('is refused at the start, with its reason', async () => {
    await expect(checkRemote({ url: `http://127.0.0.1:${await freePort()}` })).rejects.toMatchObject({
      message: expect.stringContaining('no libSQL server is listening'),
    });
    await expect(checkRemote({ url: 'http://no-such-host.invalid' })).rejects.toMatchObject({
      message: expect.stringMatching(/is unknown|cannot be reached/),
    });
  });
});

describe('a server that refuses', () => {
  test('without the right token', async () => {
    const { publicKey } = await makeKeys();
    const file = join(testFolder(), 'key');
    writeFileSync(file, publicKey.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, ''));
    const { url } = await libsqlServer(['--auth-jwt-key-file', file]);
    for (const authToken of [undefined, 'eyJhbGciOiJFZERTQSJ9.e30.AAAA']) {
      const db = opened(url, authToken === undefined ? {} : { authToken });
      await expect(db.read(small(1), within(5_000))).rejects.toMatchObject({
        code: 'remote_unavailable',
        message: 'the libSQL server rejected DB_AUTH_TOKEN',
      });
      await expect(insert(db, 1n)).rejects.toMatchObject({ code: 'remote_unavailable' });
      await expect(checkRemote({ url, authToken })).rejects.toMatchObject({
        message: expect.stringContaining('DB_AUTH_TOKEN'),
      });
    }
  });

  test('TLS where there is none', async () => {
    const { server } = await ready();
    const db = opened(server.url.replace('http:', 'https:'));
    await expect(db.read(small(1), within(5_000))).rejects.toMatchObject({
      code: 'remote_unavailable',
      message: expect.stringContaining('no TLS connection'),
    });
  });

  test('a database without tables, at the start', async () => {
    const { url } = await libsqlServer();
    await expect(checkRemote({ url })).rejects.toMatchObject({ message: expect.stringContaining("'cc-jobs migrate'") });
  });
});

describe('the deadline', () => {
  test('stops the query at the server', async () => {
    const { server, db } = await ready();
    await expect(db.read(ENDLESS, within(300))).rejects.toMatchObject({ code: 'deadline_exceeded' });
    // The query uses a whole core while it runs.
    await expect.poll(async () => await shareOfCpu(server.pid)).toBeLessThan(0.1);
  });

  test('in the middle of a write leaves nothing, and no lock', async () => {
    const { db } = await ready();
    const rows = Array.from({ length: 20_000 }, (_, number) => oneJob({ jobId: BigInt(number) }));
    await expect(db.write('insertJobs', { rows, tags: [] }, within(400))).rejects.toMatchObject({
      code: 'deadline_exceeded',
    });
    const startedAt = performance.now();
    await insert(db, 99_999n);
    expect(performance.now() - startedAt).toBeLessThan(4_500); // after 5 s the server releases a lock by itself
    expect(await count(db)).toBe(1);
  });

  test('while another writer has the lock: nothing has happened, and writes go on when he has ended', async () => {
    const { server, db } = await ready();
    const other = createClient({ url: server.url });
    const tx = await other.transaction('write');
    await tx.execute('UPDATE job SET duration = 1');
    await expect(insert(db, 1n, 500)).rejects.toMatchObject({ code: expect.stringMatching(/deadline|busy/) });
    await tx.rollback();
    await insert(db, 2n);
    expect(await count(db)).toBe(1);
  });
});

describe('a commit on its way', () => {
  test.each(['late', 'cut'] as const)('whose answer is %s: outcome_unknown, and it may have happened', async (how) => {
    const { server } = await ready();
    let held = true;
    const proxy = await proxyTo(server.url, (body) => (body.includes('COMMIT') && held ? how : undefined));
    const db = opened(proxy);
    await expect(insert(db, 1n, 600)).rejects.toMatchObject({ code: 'outcome_unknown' });
    held = false;
    await expect.poll(() => count(db)).toBe(1);
  });

  test('a statement whose answer is cut: nothing has happened', async () => {
    const { server } = await ready();
    const proxy = await proxyTo(server.url, (body) => (body.includes('INSERT') ? 'cut' : undefined));
    const db = opened(proxy);
    await expect(insert(db, 1n)).rejects.toMatchObject({ code: 'remote_unavailable' });
    await insert(opened(server.url), 2n);
    expect(await count(db)).toBe(1);
  });

  test('a read whose connection broke is asked again', async () => {
    const { server } = await ready();
    let cuts = 1;
    const db = opened(await proxyTo(server.url, () => (cuts-- > 0 ? 'cut' : undefined)));
    expect(await db.read(small(3), within(5_000))).toEqual([{ answer: 3 }]);
    expect(db.status().counters).toMatchObject({ retries: 1 });
  });
});

test('what fails in a transaction ends it: no later statement stays', async () => {
  const { server, db } = await ready();
  await db.write('insertJobs', { rows: [oneJob({ jobId: 1n })], tags: [] }, within(10_000));
  const client = createClient({ url: server.url });
  await client.execute("CREATE TRIGGER refused AFTER DELETE ON job BEGIN SELECT RAISE(ROLLBACK, 'refused'); END");
  // The server has already rolled back when deleteJobsBefore continues.
  await expect(
    db.write('deleteJobsBefore', { before: 2n ** 40n, omit: 'none', limit: 10 } as never, within(5_000)),
  ).rejects.toMatchObject({ code: expect.any(String) });
  expect(await count(db)).toBe(1);
});

/** A transaction that has changed a job, and holds the lock. */
async function begun(url: string) {
  const client = clientOf({ url }, () => AbortSignal.timeout(20_000));
  const remote = transactionOn(await client.transaction('write'), new AbortController().signal);
  await remote.run('UPDATE job SET duration = 1');
  return remote;
}

/** A transaction from which the server takes the lock for another, after 5 s of silence. */
async function loses() {
  const { server, db } = await ready();
  const silent = await begun(server.url);
  await insert(db, 1n, 15_000); // gets the lock
  await expect(silent.run('UPDATE job SET duration = 2')).rejects.toMatchObject({ code: 'database_busy' });
  expect(await count(db)).toBe(1);
}

/** A transaction that the server ends after 10 s of silence. It reports this, unless it still counts a cut stream. */
async function expires() {
  const admin = `127.0.0.1:${await freePort()}`;
  const server = await libsqlServer(['--admin-listen-addr', admin]);
  await migrateRemote({ url: server.url });
  const expired = await begun(server.url);
  const silentSince = performance.now();
  const isGivenUp = async () => (await (await fetch(`http://${admin}/metrics`)).text()).includes('stream_handles 0\n');
  while (!(await isGivenUp()) && performance.now() - silentSince < 20_000) await sleep(100);
  for (const duration of [2, 3]) {
    await expect(expired.run(`UPDATE job SET duration = ${duration}`)).rejects.toMatchObject({
      code: expect.stringMatching(/connection_lost|database_busy/),
    });
  }
  expect(await count(opened(server.url))).toBe(0);
}

test('a transaction that is silent for too long, or loses its lock to another, ends with a fault of its own', async () => {
  await Promise.all([loses(), expires()]); // at once, because both wait
});

test('more requests than may be at the server are queue_full', async () => {
  const { server } = await ready();
  const db = opened(server.url, { mostAtOnce: 1 });
  const first = db.read(ENDLESS, within(500));
  await expect(db.read(small(1), within(5_000))).rejects.toMatchObject({ code: 'queue_full' });
  await expect(first).rejects.toMatchObject({ code: 'deadline_exceeded' });
});

test('closing ends what runs, at the latest by force', async () => {
  const { server } = await ready();
  const db = openRemote({ url: server.url, mostAtOnce: 4, heartbeat: true });
  const reading = expect(db.read(ENDLESS, within(AN_HOUR_MS))).rejects.toMatchObject({ code: 'connection_lost' });
  await expect.poll(async () => await shareOfCpu(server.pid)).toBeGreaterThan(0.2);
  await db.close(200); // much earlier than the deadline of the query
  await reading;
});

/** The CPU use of a process over a moment, as a fraction of one core. */
async function shareOfCpu(pid: number): Promise<number> {
  const [before, startedAt] = [cpuMs(pid), performance.now()];
  await sleep(200);
  return (cpuMs(pid) - before) / (performance.now() - startedAt);
}

/** The CPU time of a process so far, in milliseconds, in steps of 10. */
function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/**
 * Passes requests on to a server. Where requested, it withholds the answer (`late`), or breaks the connection after the
 * server has answered (`cut`).
 */
async function proxyTo(url: string, what: (body: string) => 'late' | 'cut' | undefined): Promise<string> {
  const proxy = createServer((asked, answer) => {
    const chunks: Buffer[] = [];
    asked.on('data', (chunk) => chunks.push(chunk));
    asked.on('end', () => {
      const body = Buffer.concat(chunks);
      const onward = request(`${url}${asked.url}`, { method: asked.method, headers: asked.headers }, async (real) => {
        const parts: Buffer[] = [];
        for await (const part of real) parts.push(part as Buffer);
        const how = what(body.toString());
        if (how === 'cut') return answer.destroy();
        if (how === 'late') return undefined;
        answer.writeHead(real.statusCode ?? 500, real.headers).end(Buffer.concat(parts));
        return undefined;
      });
      onward.on('error', () => answer.destroy());
      onward.end(body);
    });
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  onTestFinished(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  return `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
}
