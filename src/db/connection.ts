import { setTimeout as sleep } from 'node:timers/promises';
import { BadStart } from '../bad-start.ts';
import { Fault } from '../faults.ts';
import type { Answer } from './answer-rows.ts';
import { type Driver, openDriver, readOnlyUri } from './driver.ts';
import { bound, bytesOf } from './driver-values.ts';
import { type Maintenance, maintain } from './maintenance.ts';
import { migrate } from './migrate.ts';
import { BUSY_TIMEOUT_MS, type ConnectionOptions, PRAGMAS, START_BUSY_LIMIT_MS } from './pragmas.ts';
import { PreparedStatements } from './prepared-statements.ts';
import { checkFile } from './schema-check.ts';
import { faultOfSqlite, SQLITE, sqliteCode } from './sqlite-faults.ts';
import type { SqlValue } from './statement.ts';
import { runWrite, type WriteGate } from './write-transaction.ts';
import type { WriteName } from './writes/index.ts';

/**
 * One connection to a local file, bootstrapped. It does one thing at a time: whoever holds it (a connection process) sends
 * the next query when the last has ended. Nothing blocks the JS thread while a query runs, so `interrupt` can be called.
 */
export class Connection {
  /** The bootstrap as it was read back, by pragma name. */
  readonly pragmas: Readonly<Record<string, string | number>>;
  readonly #db: Driver;
  readonly #statements: PreparedStatements;
  /** True once an error was seen after which this connection must not be used (lost writes after BUSY, no memory). */
  #tainted = false;
  #closed = false;

  private constructor(db: Driver, statements: PreparedStatements, pragmas: Record<string, string | number>) {
    this.#db = db;
    this.#statements = statements;
    this.pragmas = pragmas;
  }

  /**
   * Checks the file without changing it, opens it and applies the bootstrap; a writer brings our own tables up to date before.
   * Throws BadStart.
   */
  static async open(options: ConnectionOptions): Promise<Connection> {
    if (!options.isReplica) await checkFile(options.path);
    if (options.role === 'writer') await migrate(options.path);
    const startedAt = performance.now();
    for (;;) {
      try {
        return await Connection.#open(options);
      } catch (error) {
        if (sqliteCode(error) !== SQLITE.BUSY || performance.now() - startedAt > START_BUSY_LIMIT_MS) throw error;
        await sleep(BUSY_TIMEOUT_MS);
      }
    }
  }

  /** With a new handle each time: after SQLITE_BUSY none may be used again. */
  static async #open(options: ConnectionOptions): Promise<Connection> {
    const db = openDriver(options.isReplica ? readOnlyUri(options.path) : options.path);
    const statements = new PreparedStatements(db);
    try {
      const pragmas = await bootstrap(statements, options);
      // Parses the schema before the first request: the resting level of a process is what it needs to serve.
      await statements.use('SELECT max(id) FROM job', (statement) => statement.all([]));
      return new Connection(db, statements, pragmas);
    } catch (error) {
      db.close();
      throw error;
    }
  }

  /** True once it should be replaced: after an error, or because of what it has gathered. */
  get worn(): boolean {
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
      this.#note(error);
      throw faultOfSqlite(error);
    }
  }

  /** Runs a named write as one transaction; `gate` is asked before it commits (write-transaction.ts). */
  async write(name: WriteName, input: unknown, gate: WriteGate): Promise<unknown> {
    try {
      return await runWrite(this.#db, this.#statements, { name, input, gate });
    } catch (error) {
      this.#note(error);
      throw faultOfSqlite(error);
    }
  }

  /** What a file wants from time to time (maintenance.ts). */
  async maintain(task: Maintenance): Promise<Record<string, number>> {
    try {
      return await maintain(this.#statements, task);
    } catch (error) {
      this.#note(error);
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

  #note(error: unknown): void {
    const code = error instanceof Fault ? sqliteCode(error.cause) : sqliteCode(error);
    if (code === SQLITE.BUSY || code === SQLITE.NOMEM || code === SQLITE.IOERR) this.#tainted = true;
  }
}

async function bootstrap(
  statements: PreparedStatements,
  options: ConnectionOptions,
): Promise<Record<string, string | number>> {
  const pragmas: Record<string, string | number> = {};
  for (const { name, value, roles } of PRAGMAS) {
    if (!roles.includes(options.role)) continue;
    const wanted = value(options);
    // Values are numbers and words of our own table; a pragma takes no parameters.
    await statements.use(`PRAGMA ${name} = ${wanted}`, (statement) => statement.all([]));
    const [row] = await statements.use(`PRAGMA ${name}`, (statement) => statement.all([]));
    const found: unknown = Object.values(row ?? {})[0];
    if (found !== wanted) {
      throw new BadStart(`${options.path}: PRAGMA ${name} = ${wanted} did not take: the database says ${found}`);
    }
    pragmas[name] = wanted;
  }
  return pragmas;
}
