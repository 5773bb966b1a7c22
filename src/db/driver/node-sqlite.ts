import { resolve } from 'node:path';
import { backup, DatabaseSync, type StatementSync } from 'node:sqlite';
import { StartupError } from '../../startup-error.ts';
import type { SqlValue } from '../statement.ts';
import { bound } from './driver-values.ts';

/**
 * The first SQLite version whose checkpoints do not lose commits. In earlier versions (from 3.7.0), a checkpoint may
 * race with a commit of another process that resets the log, and mark frames as copied that were not
 * (https://www.sqlite.org/wal.html#walresetbug). libsql 0.5.29 contains 3.45.1, so it only reads (libsql.ts).
 */
const LEAST_VERSION = [3, 51, 3] as const;

/** Number of prepared statements to keep. A longer text contains a list of values and is rarely used again. */
const KEPT = 64;
const KEPT_CHARACTERS = 16_384;

export interface SqliteOptions {
  /** Milliseconds that a statement waits for a lock. */
  busyTimeoutMs?: number;
  readOnly?: boolean;
}

type Row = Record<string, unknown>;

/**
 * A connection of Node's SQLite. All programs of cc-jobs that may write to a local file, or checkpoint it, use this
 * class. It works on the JS thread and cannot be interrupted. A process must not also hold a libsql connection to the
 * same file, because two SQLite libraries in one process cancel each other's locks
 * (https://www.sqlite.org/howtocorrupt.html, 2.2).
 */
export class Sqlite {
  readonly #db: DatabaseSync;
  /** In the order of their last use, the oldest first. */
  readonly #statements = new Map<string, StatementSync>();

  /** Opens a file or `file:` URI. Creates the file unless `readOnly`. Throws StartupError if this SQLite is too old. */
  constructor(path: string, { busyTimeoutMs = 0, readOnly = false }: SqliteOptions = {}) {
    checkSqliteVersion();
    // Foreign files may have views and triggers with strings in double quotes, as libsql and the sqlite3 shell allow.
    const options = { timeout: busyTimeoutMs, readOnly, enableDoubleQuotedStringLiterals: true };
    this.#db = new DatabaseSync(path, options);
  }

  /** True between BEGIN and the end of the transaction. SQLite may roll back by itself. */
  get inTransaction(): boolean {
    return this.#db.isTransaction;
  }

  /** Runs one or more statements without parameters. */
  exec(sql: string): void {
    this.#db.exec(sql);
  }

  /**
   * Returns all rows of a statement. Its text must not be used with `lists` as well. BLOBs are Uint8Array. An integer
   * beyond 2^53 throws: read it as TEXT.
   */
  all(sql: string, parameters: readonly SqlValue[] = []): Row[] {
    return this.#prepared(sql).all(...parameters.map(bound));
  }

  /** Yields the rows of a query as arrays of values, with integers as BigInt. Invalid UTF-8 becomes U+FFFD. */
  lists(sql: string, parameters: readonly SqlValue[] = []): Iterable<SqlValue[]> {
    const statement = this.#prepared(sql);
    statement.setReturnArrays(true);
    statement.setReadBigInts(true);
    const rows: Iterable<unknown> = statement.iterate(...parameters.map(bound)); // its type says objects
    return rows as Iterable<SqlValue[]>;
  }

  /** Runs a statement once for each row of parameters. Returns the total number of changed rows. */
  runEach(sql: string, rows: readonly (readonly SqlValue[])[]): number {
    const statement = this.#prepared(sql);
    let changes = 0;
    for (const row of rows) changes += Number(statement.run(...row.map(bound)).changes);
    return changes;
  }

  /**
   * Copies the pages of the database to a file, some at a time on a thread of Node. `afterStep` gets the number of
   * pages that are left and may throw, which ends the copy. Outside of a transaction, a commit of another connection
   * starts the copy again from the first page (https://www.sqlite.org/c3ref/backup_finish.html).
   */
  async copyTo(path: string, pagesPerStep: number, afterStep: (pagesLeft: number) => void): Promise<void> {
    await backup(this.#db, path, {
      rate: pagesPerStep,
      progress: ({ remainingPages }) => afterStep(remainingPages),
    });
  }

  close(): void {
    this.#statements.clear();
    this.#db.close();
  }

  #prepared(sql: string): StatementSync {
    const kept = this.#statements.get(sql);
    const statement = kept ?? this.#db.prepare(sql);
    if (sql.length > KEPT_CHARACTERS) return statement;
    this.#statements.delete(sql);
    this.#statements.set(sql, statement);
    const [oldest] = this.#statements.keys();
    if (this.#statements.size > KEPT && oldest !== undefined) this.#statements.delete(oldest);
    return statement;
  }
}

/** The version of the SQLite that writes, such as `3.53.4`. Throws StartupError if Node's SQLite may lose commits. */
export function checkSqliteVersion(version: string | undefined = process.versions['sqlite']): string {
  const parts = (version ?? '0').split('.').map(Number);
  const order = LEAST_VERSION.map((least, at) => Math.sign((parts[at] ?? 0) - least)).find((sign) => sign !== 0) ?? 0;
  if (version !== undefined && order >= 0) return version;
  throw new StartupError(
    `Node ${process.version} includes SQLite ${version}, which can lose commits when two programs use one file: ` +
      `use a Node.js with SQLite ${LEAST_VERSION.join('.')} or later (Node 24.21 has 3.53.4)`,
  );
}

/** The URI of a file that the connection can only read. `more` contains further URI parameters. */
export function readOnlyUri(path: string, more = ''): string {
  return `file:${encodeURI(resolve(path)).replace(/[?#]/g, encodeURIComponent)}?mode=ro${more}`;
}
