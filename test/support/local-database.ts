import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Database } from '../../src/db/port.ts';
import { migrate } from '../../src/db/schema/migrate.ts';
import { testFolder } from './folder.ts';
import { openInProcess } from './in-process.ts';
import { openSqlite } from './sqlite.ts';

export interface LocalDatabase {
  db: Database;
  /** Queries the file on a separate connection. */
  query(sql: string): Promise<object[]>;
}

/** A new database in a folder of the test. Returns its path. */
export async function databaseFile(): Promise<string> {
  const path = join(testFolder(), 'job.db');
  await migrate(path);
  return path;
}

/** The port on a file in this process. The file is created if it does not exist. Closed after the test. */
export async function localDatabase(path: string): Promise<LocalDatabase> {
  await migrate(path);
  const db = await openInProcess(path);
  onTestFinished(() => db.close(1000));
  return {
    db,
    async query(sql) {
      const connection = openSqlite(path);
      try {
        return await (await connection.prepare(sql)).all([]);
      } finally {
        connection.close();
      }
    },
  };
}
