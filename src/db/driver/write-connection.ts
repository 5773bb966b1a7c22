import { setTimeout as sleep } from 'node:timers/promises';
import { Fault } from '../../faults.ts';
import { type Maintenance, maintain } from '../maintenance.ts';
import { migrate } from '../schema/migrate.ts';
import { checkFile } from '../schema/schema-check.ts';
import type { WriteName } from '../writes/all-writes.ts';
import { checkSqliteVersion, Sqlite } from './node-sqlite.ts';
import { BUSY_TIMEOUT_MS, type ConnectionOptions, START_BUSY_LIMIT_MS, TEMP_STORE } from './pragmas.ts';
import { bootstrap } from './set-pragmas.ts';
import { faultOfSqlite, SQLITE, sqliteCode } from './sqlite-faults.ts';
import { runWrite, type WriteGate } from './write-transaction.ts';

export type WriteOptions = Omit<ConnectionOptions, 'role'>;

/** Writes that sort a whole table. What does not fit into the page cache goes to a file. */
const SORTING: ReadonlySet<WriteName> = new Set(['createIndex']);

/** A connection that writes to a local file. A service or a command has one. It runs one write at a time. */
export class WriteConnection {
  /** The pragmas as they were read back. */
  readonly pragmas: Readonly<Record<string, string | number>>;
  /** The version of the SQLite that writes. */
  readonly sqlite = checkSqliteVersion();
  /** For tests that read what they have written. */
  readonly db: Sqlite;
  /** True after an error that makes this connection unusable. */
  needsReplacement = false;
  #closed = false;

  private constructor(db: Sqlite, pragmas: Record<string, string | number>) {
    this.db = db;
    this.pragmas = pragmas;
  }

  /** Checks the file without changing it, migrates our tables, opens it and sets the pragmas. Throws StartupError. */
  static async open(options: WriteOptions): Promise<WriteConnection> {
    await checkFile(options.path);
    await migrate(options.path);
    const startedAt = performance.now();
    for (;;) {
      const db = new Sqlite(options.path);
      try {
        const pragmas = await bootstrap((sql) => db.all(sql), { ...options, role: 'writer' });
        db.all('SELECT CAST(max(id) AS TEXT) FROM job'); // parses the schema before the first request
        return new WriteConnection(db, pragmas);
      } catch (error) {
        db.close();
        if (sqliteCode(error) !== SQLITE.BUSY || performance.now() - startedAt > START_BUSY_LIMIT_MS) throw error;
        await sleep(BUSY_TIMEOUT_MS);
      }
    }
  }

  /** Runs a named write as one transaction. `gate` is asked before the commit (write-transaction.ts). */
  async write(name: WriteName, input: unknown, gate: WriteGate): Promise<unknown> {
    const sorts = SORTING.has(name);
    try {
      if (sorts) this.db.exec(`PRAGMA temp_store = ${TEMP_STORE.file}`);
      return await runWrite(this.db, { name, input, gate });
    } catch (error) {
      throw this.#noted(error);
    } finally {
      if (sorts) this.db.exec(`PRAGMA temp_store = ${TEMP_STORE.memory}`);
    }
  }

  /** Runs a maintenance task (maintenance.ts). It cannot be interrupted. */
  async maintain(task: Maintenance): Promise<Record<string, number>> {
    try {
      return maintain(this.db, task);
    } catch (error) {
      throw this.#noted(error);
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.db.close();
  }

  #noted(error: unknown): Fault {
    const code = sqliteCode(error instanceof Fault ? error.cause : error);
    if (code === SQLITE.NOMEM || code === SQLITE.IOERR) this.needsReplacement = true;
    return faultOfSqlite(error);
  }
}
