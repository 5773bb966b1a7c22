import { join } from 'node:path';
import { createClient } from '@libsql/client/web';
import type { Database } from '../../src/db/port.ts';
import { migrateRemote } from '../../src/db/remote/migrate-remote.ts';
import { openRemote } from '../../src/db/remote/open-remote.ts';
import { startLibsqlServer } from '../../src/dev/servers/libsql-server.ts';
import { makeFolder, removeFolder } from './folder.ts';
import { openInProcess } from './in-process.ts';
import { migratedFile } from './migrated-file.ts';
import { openSqlite } from './sqlite.ts';

/** A new database for several tests. The caller must `close` it. */
export interface SharedDatabase {
  db: Database;
  /** Runs SQL as another program would. */
  exec(sql: string): Promise<void>;
  close(): Promise<void>;
}

/** For describe.each: the port on a file, and on a libSQL server. */
export const BOTH_DATABASES: [name: string, open: () => Promise<SharedDatabase>][] = [
  ['a file', onFile],
  ['a libSQL server', onServer],
];

async function onFile(): Promise<SharedDatabase> {
  const folder = makeFolder();
  const path = join(folder, 'job.db');
  await migratedFile(path);
  const db = await openInProcess(path);
  return {
    db,
    async exec(sql) {
      const connection = openSqlite(path, 1_000);
      await connection.exec(sql);
      connection.close();
    },
    async close() {
      await db.close(1_000);
      removeFolder(folder);
    },
  };
}

async function onServer(): Promise<SharedDatabase> {
  const folder = makeFolder();
  const server = await startLibsqlServer({ folder: join(folder, 'sqld') });
  const { url } = server;
  await migrateRemote({ url });
  const db = openRemote({ url, mostAtOnce: 16, heartbeat: false });
  return {
    db,
    async exec(sql) {
      const client = createClient({ url });
      await client.executeMultiple(sql);
      client.close();
    },
    async close() {
      await db.close(500);
      await server.kill();
      removeFolder(folder);
    },
  };
}
