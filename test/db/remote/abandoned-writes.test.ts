/**
 * Writes whose deadline passes while they wait for the lock of a libSQL server. The proxy does not pass on hang-ups.
 */
import { createClient } from '@libsql/client/web';
import { expect, onTestFinished, test } from 'vitest';
import { BeginGate } from '../../../src/db/remote/begin-gate.ts';
import { migrateRemote } from '../../../src/db/remote/migrate-remote.ts';
import { openRemote } from '../../../src/db/remote/open-remote.ts';
import { deafProxyTo } from '../../support/deaf-proxy.ts';
import { libsqlServer } from '../../support/libsql-server.ts';
import { oneJob } from '../../support/one-job.ts';
import { small, within } from '../../support/pool.ts';

/** How long each abandoned write would hold the lock at the server. */
const HELD_MS = 5_000;

test('they do not pile up at the server, and writes go on when the lock is free', async () => {
  const server = await libsqlServer();
  await migrateRemote({ url: server.url });
  const { url, asked } = await deafProxyTo(server.url);
  // Two services: each knows only its own writes.
  const services = [0, 1].map(() => openRemote({ url, mostAtOnce: 16, heartbeat: true }));
  onTestFinished(async () => {
    await Promise.all(services.map((db) => db.close(200)));
  });
  const other = await createClient({ url: server.url }).transaction('write');
  await other.execute('UPDATE job SET duration = 1');
  const codes: string[] = [];
  for (let jobId = 1n; jobId <= 4n; jobId++) {
    const writes = services.map((db) =>
      db.write('insertJobs', { rows: [oneJob({ jobId })], tags: [] }, within(300)).then(
        () => 'written',
        (error) => error.code,
      ),
    );
    codes.push(...(await Promise.all(writes)));
  }
  expect(codes).toEqual(Array(8).fill('deadline_exceeded'));
  const begins = asked.filter(({ body }) => body.includes('BEGIN IMMEDIATE')).length;
  expect(begins).toBeLessThanOrEqual(6); // two of each service, and one more after each 5 s
  await other.rollback();
  const freeAt = performance.now();
  for (const [at, db] of services.entries()) {
    const row = oneJob({ jobId: 100n + BigInt(at) });
    await db.write('insertJobs', { rows: [row], tags: [] }, within(20_000));
  }
  // If they had been abandoned at the server, they would take four times 5 s.
  expect(performance.now() - freeAt).toBeLessThan(2.5 * HELD_MS);
  const { rows } = await createClient({ url: server.url }).execute('SELECT job_id FROM job ORDER BY job_id');
  expect(rows.map(({ job_id: id }) => id)).toEqual([100, 101]);
  expect(await services[0]?.read(small(1), within(10_000))).toEqual([{ answer: 1 }]);
});

test('one goes all the same from time to time: the others may wait at a server that is gone', async () => {
  const gate = new BeginGate();
  const lost = Array.from({ length: 2 }, () => Promise.withResolvers<void>());
  const past = within(1);
  await expect.poll(() => past.remainingMs()).toBe(0);
  const watched = lost.map(({ promise }) => gate.watch(promise, past));
  await gate.enter(within(100));
  await expect(gate.enter(within(100))).rejects.toMatchObject({ code: 'deadline_exceeded' });
  const startedAt = performance.now();
  await gate.enter(within(30_000));
  expect(performance.now() - startedAt).toBeGreaterThan(4_000);
  await gate.watch(Promise.resolve(), within(1_000)); // answered: the lock is passed on
  await gate.enter(within(100));
  await gate.enter(within(100));
  for (const { resolve } of lost) resolve();
  await Promise.all(watched);
});
