import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from '@libsql/client/web';
import { StartupError } from '../../startup-error.ts';
import { BASE, FOLDER, type Migrated, migrationNames, OF_CC_BACKEND, RECORD } from '../schema/migration-files.ts';
import { checkMigrations, checkVersion } from '../schema/schema-version.ts';
import { faultOfRemote } from './remote-faults.ts';
import { clientOf, type RemoteServer } from './server.ts';

/** Time limit of one migration. Those of a new database take milliseconds. */
const LIMIT_MS = 30_000;

/**
 * Applies all missing migrations to the database of a libSQL server. It creates the tables in an empty database and
 * adopts a database of cc-backend unchanged. Each migration is one transaction that includes its record, so two runs at
 * the same time are safe. Throws StartupError.
 */
export async function migrateRemote(server: RemoteServer): Promise<Migrated> {
  return await asking(server, async (client) => {
    const made = !(await has(client, 'job'));
    if (!made) await checkVersions(client);
    const adopts = !made && !(await has(client, 'ccjobs_migrations'));
    const keepsBase = adopts || (await client.execute(OF_CC_BACKEND)).rows.length > 0;
    const applied: string[] = [];
    for (const name of await migrationNames()) {
      const sql = keepsBase && BASE.includes(name) ? '' : await readFile(join(FOLDER, name), 'utf8');
      if (await apply(client, name, sql)) applied.push(name);
    }
    return { made, applied: applied.filter((name) => !(keepsBase && BASE.includes(name))) };
  });
}

/** Pragmas that the server reports but does not let clients set (measured: SQL_PARSE_ERROR). */
const READABLE = [
  'hard_heap_limit',
  'soft_heap_limit',
  'cache_size',
  'temp_store',
  'synchronous',
  'foreign_keys',
  'trusted_schema',
];

/** Checks that the server has a job database, without changes. Returns the server's pragmas. Throws StartupError. */
export async function checkRemote(server: RemoteServer): Promise<Record<string, number>> {
  return await asking(server, async (client) => {
    await checkVersions(client);
    const applied = await appliedIn(client);
    const missing = (await migrationNames()).filter((name) => !BASE.includes(name) && !applied.includes(name));
    if (missing.length === 0) return await pragmasOf(client);
    throw new StartupError(
      `the libSQL server lacks tables of cc-jobs (${missing.join(', ')}): run 'cc-jobs migrate' with this DB_URL`,
    );
  });
}

async function asking<Result>(server: RemoteServer, work: (client: Client) => Promise<Result>): Promise<Result> {
  const client = clientOf(server, () => AbortSignal.timeout(LIMIT_MS));
  try {
    return await work(client);
  } catch (error) {
    if (error instanceof StartupError) throw error;
    throw new StartupError(`${addressOf(server)}: ${faultOfRemote(error).message}`, { cause: error });
  } finally {
    client.close();
  }
}

/** The address without a path or a query, which may contain a token. */
function addressOf({ url }: RemoteServer): string {
  const { protocol, host } = new URL(url);
  return `${protocol}//${host}`;
}

async function appliedIn(client: Client): Promise<string[]> {
  if (!(await has(client, 'ccjobs_migrations'))) return [];
  return (await client.execute('SELECT name FROM ccjobs_migrations')).rows.map(({ name }) => String(name));
}

async function checkVersions(client: Client): Promise<void> {
  if (!(await has(client, 'schema_migrations')) || !(await has(client, 'job'))) {
    throw new StartupError("the libSQL server of DB_URL has no job database: create one with 'cc-jobs migrate'");
  }
  const { rows } = await client.execute('SELECT version, CAST(dirty AS INTEGER) AS dirty FROM schema_migrations');
  const [row] = rows;
  checkVersion('the database of DB_URL', Number(row?.['version'] ?? Number.NaN), Number(row?.['dirty'] ?? 0) !== 0);
  checkMigrations('the database of DB_URL', await appliedIn(client), await migrationNames());
  const { rows: keys } = await client.execute('PRAGMA foreign_keys');
  if (Number(keys[0]?.['foreign_keys']) !== 1) {
    throw new StartupError(
      'the libSQL server of DB_URL does not enforce foreign keys, which cc-jobs requires to delete jobs',
    );
  }
}

async function pragmasOf(client: Client): Promise<Record<string, number>> {
  const values: Record<string, number> = {};
  for (const name of READABLE) {
    const { rows } = await client.execute(`PRAGMA ${name}`);
    values[name] = Number(rows[0]?.[0]);
  }
  return values;
}

async function apply(client: Client, name: string, sql: string): Promise<boolean> {
  const tx = await client.transaction('write');
  try {
    await tx.execute(RECORD);
    const { rows } = await tx.execute({ sql: 'SELECT 1 FROM ccjobs_migrations WHERE name = ?', args: [name] });
    if (rows.length > 0) return false;
    if (sql !== '') await tx.executeMultiple(sql);
    await tx.execute({ sql: 'INSERT INTO ccjobs_migrations (name, applied_at) VALUES (?, unixepoch())', args: [name] });
    await tx.commit();
    return true;
  } finally {
    tx.close();
  }
}

async function has(client: Client, table: string): Promise<boolean> {
  const { rows } = await client.execute({
    sql: "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?",
    args: [table],
  });
  return rows.length > 0;
}
