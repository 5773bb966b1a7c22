/** A libSQL server that checks tokens (--auth-jwt-key-file), and real tokens of its key. */
import { generateKeyPairSync, sign } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { checkRemote, migrateRemote } from '../../../src/db/remote/migrate-remote.ts';
import { openRemote } from '../../../src/db/remote/open-remote.ts';
import { testFolder } from '../../support/folder.ts';
import { libsqlServer } from '../../support/libsql-server.ts';
import { oneJob } from '../../support/one-job.ts';
import { small, within } from '../../support/pool.ts';

const AN_HOUR_SEC = 3_600;
/** The server accepts a token for a minute after it has expired. */
const EXPIRED_SEC = 50;
const nowSec = () => Math.floor(Date.now() / 1000);

const { privateKey, publicKey } = generateKeyPairSync('ed25519');

function tokenWith(claims: object): string {
  const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${encoded({ alg: 'EdDSA', typ: 'JWT' })}.${encoded(claims)}`;
  return `${signed}.${sign(null, Buffer.from(signed), privateKey).toString('base64url')}`;
}

async function serverWithTables() {
  const keyFile = join(testFolder(), 'key.pem');
  writeFileSync(keyFile, publicKey.export({ type: 'spki', format: 'pem' }));
  const { url } = await libsqlServer(['--auth-jwt-key-file', keyFile]);
  await migrateRemote({ url, authToken: tokenWith({ a: 'rw' }) });
  const opened = (claims: object, heartbeat = false) => {
    const db = openRemote({ url, authToken: tokenWith(claims), mostAtOnce: 16, heartbeat });
    onTestFinished(() => db.close(200));
    return db;
  };
  return { url, opened };
}

test('a token that may write migrates, checks, reads and writes', async () => {
  const { url, opened } = await serverWithTables();
  const db = opened({ a: 'rw', exp: nowSec() + AN_HOUR_SEC });
  await checkRemote({ url, authToken: tokenWith({ a: 'rw' }) });
  await db.write('insertJobs', { rows: [oneJob({ jobId: 1n })], tags: [] }, within(10_000));
  expect(await db.read(small(1), within(10_000))).toEqual([{ answer: 1 }]);
});

test('a token that may only read: reads go on, writes are read_only and make the service degraded', async () => {
  const { opened } = await serverWithTables();
  const db = opened({ a: 'ro' });
  const writing = db.write('insertJobs', { rows: [oneJob({ jobId: 1n })], tags: [] }, within(10_000));
  await expect(writing).rejects.toMatchObject({ code: 'read_only', message: 'DB_AUTH_TOKEN does not permit writes' });
  expect(await db.read(small(1), within(10_000))).toEqual([{ answer: 1 }]);
  expect(db.status()).toMatchObject({ alive: true, degraded: [expect.stringContaining('DB_AUTH_TOKEN')] });
});

test('a token that expires while the service runs is refused from then on, with its reason', async () => {
  const { opened } = await serverWithTables();
  const db = opened({ a: 'rw', exp: nowSec() - EXPIRED_SEC }, true);
  expect(await db.read(small(1), within(10_000))).toEqual([{ answer: 1 }]);
  const read = () => db.read(small(1), within(10_000)).catch(({ message }) => message);
  await expect.poll(read, { timeout: 120_000 }).toBe('the libSQL server rejected DB_AUTH_TOKEN');
  await expect.poll(() => db.status().notAliveBecause).toBe('the libSQL server rejected DB_AUTH_TOKEN');
});
