/** Replicas that the libSQL server itself offers (docs/scaling.md): a service uses the one next to it. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import { checkRemote, migrateRemote } from '../../../src/db/remote/migrate-remote.ts';
import { openRemote } from '../../../src/db/remote/open-remote.ts';
import { freePort } from '../../../src/dev/servers/free-port.ts';
import { startLibsqlServer } from '../../../src/dev/servers/libsql-server.ts';
import { visibleTo } from '../../../src/jobs/visibility.ts';
import { countJobs } from '../../../src/questions/count/sqlite.ts';
import { testFolder } from '../../support/folder.ts';
import { oneJob } from '../../support/one-job.ts';
import { within } from '../../support/pool.ts';

const ALL = visibleTo({ name: 'root', roles: new Set(['admin', 'api']), projects: [] });

function opened(url: string) {
  const db = openRemote({ url, mostAtOnce: 16, heartbeat: true });
  onTestFinished(() => db.close(200));
  return {
    db,
    count: async () => (await db.read(countJobs(ALL), within(10_000)))[0]?.count,
    insert: (jobId: bigint, ms = 10_000) => db.write('insertJobs', { rows: [oneJob({ jobId })], tags: [] }, within(ms)),
  };
}

/** The jobs in the file of a server. */
function countInFile(folder: string): unknown {
  const file = new DatabaseSync(join(folder, 'dbs/default/data'), { readOnly: true });
  try {
    return file.prepare('SELECT count(*) AS jobs FROM job').get()?.['jobs'];
  } finally {
    file.close();
  }
}

async function started(name: string, flags: readonly string[], folder = join(testFolder(), name)) {
  const server = await startLibsqlServer({ folder, flags });
  onTestFinished(() => server.kill());
  return server;
}

test('a replica passes writes on, has them soon, and is read on while the primary is down', async () => {
  const grpc = `127.0.0.1:${await freePort()}`;
  const folder = join(testFolder(), 'primary');
  const primary = await started('primary', ['--grpc-listen-addr', grpc], folder);
  await migrateRemote({ url: primary.url });
  const replicaFolder = join(testFolder(), 'replica');
  const replica = await started('replica', ['--primary-grpc-url', `http://${grpc}`], replicaFolder);
  await expect
    .poll(() => checkRemote({ url: replica.url }).then(() => 'a job database', String))
    .toBe('a job database');
  const [atPrimary, atReplica] = [opened(primary.url), opened(replica.url)];

  await atReplica.insert(1n);
  expect(await atPrimary.count()).toBe(1);
  await expect.poll(atReplica.count).toBe(1);
  await atPrimary.insert(2n);
  await expect.poll(atReplica.count).toBe(2);

  // The primary may have answered for the replica.
  await expect.poll(() => countInFile(replicaFolder)).toBe(2);
  await primary.stop();
  expect(await atReplica.count()).toBe(2);
  await expect(atReplica.insert(3n, 3_000)).rejects.toMatchObject({
    code: expect.stringMatching(/^(remote_unavailable|deadline_exceeded)$/),
  });
  expect(await atReplica.count()).toBe(2);

  await started('primary', ['--grpc-listen-addr', grpc], folder);
  // A replica that reconnects while its primary starts may answer 404 from then on (docs/scaling.md).
  await replica.stop();
  const again = await started('replica', ['--primary-grpc-url', `http://${grpc}`], replicaFolder);
  const atAgain = opened(again.url);
  const insert = () =>
    atAgain.insert(4n).then(
      () => 'written',
      ({ code }) => code,
    );
  await expect.poll(insert).toBe('written');
  await expect.poll(atAgain.count).toBe(3);
});
