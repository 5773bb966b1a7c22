import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'libsql/promise';
import type { Database } from '../../src/db/port.ts';
import type { SqlValue } from '../../src/db/statement.ts';
import type { Transaction, Write } from '../../src/db/transaction.ts';
import { WRITES } from '../../src/db/writes/index.ts';

const MIGRATIONS = join(import.meta.dirname, '../../migrations');

/** Whole numbers as 64-bit integers: libsql binds a JS number as REAL. */
const bound = (value: SqlValue) => (Number.isInteger(value) ? BigInt(value as number) : value);

function transactionOn(db: Sqlite): Transaction {
  const runEach: Transaction['runEach'] = async (sql, rows) => {
    const statement = await db.prepare(sql);
    let changes = 0;
    for (const row of rows) changes += statement.run(row.map(bound)).changes;
    return changes;
  };
  return {
    run: (sql, parameters = []) => runEach(sql, [parameters]),
    runEach,
    async read({ sql, parameters, row }) {
      const [answer] = await (await db.prepare(sql)).all(parameters.map(bound));
      const rows: unknown[] = JSON.parse(Buffer.from(answer.json).toString('utf8'));
      return rows.map((one) => row.parse(one));
    },
  };
}

/** A new file with the schema, and the writes of the port on a connection of this process. */
export async function localDatabase(path: string): Promise<{ db: Database; query(sql: string): Promise<unknown[]> }> {
  const connection = new Sqlite(path, {});
  await connection.exec('PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON');
  const existing = await (await connection.prepare('SELECT name FROM sqlite_schema')).all();
  if (existing.length === 0) {
    for (const file of readdirSync(MIGRATIONS).sort())
      await connection.exec(readFileSync(join(MIGRATIONS, file), 'utf8'));
  }
  const unused = () => Promise.reject(new Error('not part of this database'));
  const db: Database = {
    read: unused,
    readPage: unused,
    async write(name, input) {
      const write = WRITES[name] as unknown as Write<typeof input, never>;
      await connection.exec('BEGIN IMMEDIATE');
      try {
        const output = await write(transactionOn(connection), input);
        await connection.exec('COMMIT');
        return output;
      } catch (error) {
        await connection.exec('ROLLBACK');
        throw error;
      }
    },
    status: () => ({ alive: true, queued: 0, processes: [], counters: {} }),
    close: async () => connection.close(),
  };
  return { db, query: async (sql) => await (await connection.prepare(sql)).all([]) };
}
