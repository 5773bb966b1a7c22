import { setTimeout as sleep } from 'node:timers/promises';
import type { SqlValue } from '../statement.ts';
import type { Answer } from './answer-rows.ts';
import { bootstrap } from './bootstrap.ts';
import { type Driver, openReader } from './driver.ts';
import { bound, bytesOf } from './driver-values.ts';
import { BUSY_TIMEOUT_MS, type ConnectionOptions, START_BUSY_LIMIT_MS } from './pragmas.ts';
import { PreparedStatements } from './prepared-statements.ts';
import { faultOfSqlite, SQLITE, sqliteCode } from './sqlite-faults.ts';

export type ReadOptions = Omit<ConnectionOptions, 'role'>;

/**
 * One connection that reads a local file, bootstrapped. It does one thing at a time: its owner (a connection process) sends the next
 * query when the last has ended. Nothing blocks the JS thread while a query runs, so `interrupt` can be called.
 */
export class ReadConnection {
  /** The bootstrap as it was read back, by pragma name. */
  readonly pragmas: Readonly<Record<string, string | number>>;
  readonly #db: Driver;
  readonly #statements: PreparedStatements;
  /** True once an error was seen after which this connection must not be used. */
  #tainted = false;
  #closed = false;

  private constructor(db: Driver, statements: PreparedStatements, pragmas: Record<string, string | number>) {
    this.#db = db;
    this.#statements = statements;
    this.pragmas = pragmas;
  }

  /** Opens the file and applies the bootstrap. The file must have been made a WAL database: a writer does that. Throws StartupError. */
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

  /** With a new handle each time: after SQLITE_BUSY none may be used again. */
  static async #open(options: ReadOptions): Promise<ReadConnection> {
    const db = openReader(options.path);
    const statements = new PreparedStatements(db);
    const all = (sql: string) => statements.use(sql, (statement) => statement.all([]));
    try {
      const pragmas = await bootstrap(all, { ...options, role: 'reader' });
      // Parses the schema before the first request: the resting level of a process is what it needs to serve.
      await all('SELECT max(id) FROM job');
      return new ReadConnection(db, statements, pragmas);
    } catch (error) {
      db.close();
      throw error;
    }
  }

  /** The version of SQLite that reads. */
  async sqliteVersion(): Promise<string> {
    const [row] = await this.#statements.use('SELECT sqlite_version() AS version', (statement) => statement.all([]));
    return String(row.version);
  }

  /** True once it should be replaced: after an error, or because of what it has gathered. */
  get needsReplacement(): boolean {
    return this.#tainted || this.#statements.full;
  }

  /** Runs a statement to its end. Throws a Fault; an interrupted query is `deadline_exceeded`. */
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
   * Stops the query that runs, within 1-2 ms. It has no effect in the tick that started the query, so it is called again
   * until the query has ended. Never after close(): that aborts the process.
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
