import { setTimeout as sleep } from 'node:timers/promises';
import type { SqlValue } from '../statement.ts';
import type { Answer } from './answer-rows.ts';
import { bound, bytesOf } from './driver-values.ts';
import { type Driver, openReader } from './libsql.ts';
import { BUSY_TIMEOUT_MS, type ConnectionOptions, START_BUSY_LIMIT_MS } from './pragmas.ts';
import { PreparedStatements } from './prepared-statements.ts';
import { bootstrap } from './set-pragmas.ts';
import { faultOfSqlite, SQLITE, sqliteCode } from './sqlite-faults.ts';

export type ReadOptions = Omit<ConnectionOptions, 'role'>;

/**
 * A connection that reads a local file. It runs one query at a time: its owner (a connection process) sends the next
 * query when the last one has ended. Nothing blocks the JS thread while a query runs, so `interrupt` can be called.
 */
export class ReadConnection {
  /** The pragmas as they were read back. */
  readonly pragmas: Readonly<Record<string, string | number>>;
  readonly #db: Driver;
  readonly #statements: PreparedStatements;
  /** True after an error that makes this connection unusable. */
  #tainted = false;
  #closed = false;

  private constructor(db: Driver, statements: PreparedStatements, pragmas: Record<string, string | number>) {
    this.#db = db;
    this.#statements = statements;
    this.pragmas = pragmas;
  }

  /** Opens the file and sets the pragmas. A writer must have made it a WAL database before. Throws StartupError. */
  static async open(options: ReadOptions): Promise<ReadConnection> {
    const startedAt = performance.now();
    for (;;) {
      try {
        return await ReadConnection.#open(options);
      } catch (error) {
        if (sqliteCode(error) !== SQLITE.BUSY || performance.now() - startedAt > START_BUSY_LIMIT_MS) throw error;
        await sleep(BUSY_TIMEOUT_MS);
      }
    }
  }

  /** Uses a new handle each time, because a handle must not be used again after SQLITE_BUSY. */
  static async #open(options: ReadOptions): Promise<ReadConnection> {
    const db = openReader(options.path);
    const statements = new PreparedStatements(db);
    const all = (sql: string) => statements.use(sql, (statement) => statement.all([]));
    try {
      const pragmas = await bootstrap(all, { ...options, role: 'reader' });
      // Parses the schema before the first request, so that the resting level of a process includes it.
      await all('SELECT max(id) FROM job');
      return new ReadConnection(db, statements, pragmas);
    } catch (error) {
      db.close();
      throw error;
    }
  }

  /** The version of the SQLite that reads. */
  async sqliteVersion(): Promise<string> {
    const [row] = await this.#statements.use('SELECT sqlite_version() AS version', (statement) => statement.all([]));
    return String(row.version);
  }

  /** True if it should be replaced after an error or because of its statements. */
  get needsReplacement(): boolean {
    return this.#tainted || this.#statements.full;
  }

  /** Runs a statement to its end. Throws a Fault. An interrupted query throws `deadline_exceeded`. */
  async query(sql: string, parameters: readonly SqlValue[]): Promise<Answer> {
    try {
      const [row] = await this.#statements.use(sql, (statement) => statement.all(parameters.map(bound)));
      const answer: Answer = { json: bytesOf(row.json) };
      if (row.rows !== undefined) answer.rows = Number(row.rows);
      if (row.more !== undefined) answer.more = bytesOf(row.more);
      return answer;
    } catch (error) {
      const code = sqliteCode(error);
      if (code === SQLITE.BUSY || code === SQLITE.NOMEM || code === SQLITE.IOERR) this.#tainted = true;
      throw faultOfSqlite(error);
    }
  }

  /**
   * Interrupts the running query within 1-2 ms. It has no effect in the tick that started the query, so call it again
   * until the query has ended. After close() it does nothing, because an interrupt would abort the process.
   */
  interrupt(): void {
    if (!this.#closed) this.#db.interrupt();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#db.close();
  }
}
