/** The compression that is requested from a libSQL server, and that the request reaches it. */
import { expect, test } from 'vitest';
import { encodingFor } from '../../../src/db/remote/encoding.ts';
import { checkRemote, migrateRemote } from '../../../src/db/remote/migrate-remote.ts';
import { openRemote } from '../../../src/db/remote/open-remote.ts';
import { deafProxyTo } from '../../support/deaf-proxy.ts';
import { libsqlServer } from '../../support/libsql-server.ts';
import { oneJob } from '../../support/one-job.ts';
import { small, within } from '../../support/pool.ts';

test.each([
  'http://127.0.0.1:8080',
  'https://localhost:8080',
  'https://sqld',
  'libsql://sqld:8080',
  'https://10.0.0.1:8080',
  'https://172.16.0.1',
  'https://172.31.255.255',
  'https://192.168.1.1',
  'https://169.254.0.1',
  'https://[::1]:8080',
  'https://[fd00:1::2]',
  'https://[fe80::1]',
  'https://db.local',
  'https://DB.Internal.',
  'https://db.home.arpa',
  'http://sqld.hpc.example', // without TLS: not over the internet
  'libsql://sqld.hpc.example?tls=0',
])('%s is near: identity', (url) => {
  expect(encodingFor(url)).toBe('identity');
});

test.each([
  'libsql://jobs-site.turso.io',
  'https://jobs-site.turso.io',
  'https://sqld.hpc.example',
  'https://172.32.0.1',
  'https://100.64.0.1',
  'https://192.169.0.1',
  'https://[2001:db8::1]',
  'https://[2001:db8::1]:8080',
  'https://10.0.0.1.example',
  'https://internal.example',
])('%s may be far away: gzip', (url) => {
  expect(encodingFor(url)).toBe('gzip');
});

test('every request of a check, a migration, a read, a write and the heartbeat asks for it', async () => {
  const server = await libsqlServer();
  const { url, asked } = await deafProxyTo(server.url);
  await migrateRemote({ url });
  await checkRemote({ url });
  const db = openRemote({ url, mostAtOnce: 16, heartbeat: true });
  await db.read(small(1), within(10_000));
  await db.write('insertJobs', { rows: [oneJob({ jobId: 1n })], tags: [] }, within(10_000));
  const before = asked.length;
  await expect.poll(() => asked.length, { timeout: 10_000 }).toBeGreaterThan(before);
  await db.close(1_000);
  expect(new Set(asked.map(({ headers }) => headers['accept-encoding']))).toEqual(new Set(['identity']));
});
