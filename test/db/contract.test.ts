import { join } from 'node:path';
import { openReplicaPool } from '../../src/connections/replica-pool.ts';
import { migrateRemote } from '../../src/db/remote/migrate-remote.ts';
import { openRemote } from '../../src/db/remote/open-remote.ts';
import { libsqlServer } from '../support/libsql-server.ts';
import { CONNECTION, testFolder, testPool } from '../support/pool.ts';
import { databaseContract } from './contract.ts';

databaseContract('connection processes', async () => (await testPool()).db);

databaseContract('a libSQL server', async () => {
  const { url } = await libsqlServer();
  await migrateRemote({ url });
  return openRemote({ url, mostAtOnce: 16, heartbeat: true });
});

databaseContract('a replica of a libSQL server', async () => {
  const { url } = await libsqlServer();
  await migrateRemote({ url });
  return await openReplicaPool({
    path: join(testFolder(), 'replica.db'),
    syncUrl: url,
    authToken: undefined,
    intervalMs: 200,
    server: openRemote({ url, mostAtOnce: 16, heartbeat: false }),
    maxReaders: 2,
    queueLimit: 16,
    callerLimit: 16,
    maxIdleMs: 600_000,
    tempDir: undefined,
    connection: CONNECTION,
    log: { warn() {} },
  });
});
