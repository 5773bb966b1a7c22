import { migrateRemote } from '../../src/db/remote/migrate-remote.ts';
import { openRemote } from '../../src/db/remote/open-remote.ts';
import { libsqlServer } from '../support/libsql-server.ts';
import { testPool, testReplica } from '../support/pool.ts';
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
  return (await testReplica(url, { intervalMs: 200 })).db;
});
