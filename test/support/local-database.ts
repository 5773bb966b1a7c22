import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Database } from '../../src/db/port.ts';
import { testFolder } from './folder.ts';
import { openInProcess } from './in-process.ts';
import { migratedFile } from './migrated-file.ts';
import { openSqlite } from './sqlite.ts';

export interface LocalDatabase {
  db: Database;
  path: string;
  /** Queries the file on a separate connection. */
  query(sql: string): Promise<object[]>;
}

/** A new database in a folder of the test. Returns its path. */
export async function databaseFile(): Promise<string> {
  const path = join(testFolder(), 'job.db');
  await migratedFile(path);
  return path;
}

/** The port on a file in this process. Without a path, or if it does not exist, it is created. Closed after the test. */
export async function localDatabase(path = join(testFolder(), 'job.db')): Promise<LocalDatabase> {
  await migratedFile(path);
  const db = await openInProcess(path);
  onTestFinished(() => db.close(1000));
  return {
    db,
    path,
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
