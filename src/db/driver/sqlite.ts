import { resolve } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { StartupError } from '../../startup-error.ts';
import type { SqlValue } from '../statement.ts';
import { bound } from './driver-values.ts';

/**
 * The first SQLite whose checkpoints do not lose commits. Before it, from 3.7.0 on, a checkpoint of one process that races with a
 * commit of another which resets the log may mark frames as copied that were not (https://www.sqlite.org/wal.html#walresetbug). libsql
 * 0.5.29 has 3.45.1, so it reads only (driver.ts).
 */
const LEAST_VERSION = [3, 51, 3] as const;

/** Statements kept prepared; a longer text is a list of values that hardly comes again. */
const KEPT = 64;
const KEPT_CHARACTERS = 16_384;

export interface SqliteOptions {
  /** How long a statement waits for a lock, ms. */
  busyTimeoutMs?: number;
  readOnly?: boolean;
}

type Row = Record<string, unknown>;

/**
 * A connection of the SQLite that Node brings along: every program of ours that may write to a local file, or checkpoint it, does so
 * through this. It works on the JS thread and cannot be interrupted. No process may hold a libsql connection to the same file as well: two
 * libraries of SQLite in one process take away each other's locks (https://www.sqlite.org/howtocorrupt.html, 2.2).
 */
export class Sqlite {
  readonly #db: DatabaseSync;
  /** The least recently used first. */
  readonly #statements = new Map<string, StatementSync>();

  /** Opens a file, making it unless `readOnly`; `path` may be a `file:` URI. Throws StartupError where Node's SQLite is too old. */
  constructor(path: string, { busyTimeoutMs = 0, readOnly = false }: SqliteOptions = {}) {
    checkSqliteVersion();
    // Files of others may have views and triggers with texts in double quotes, as libsql and the sqlite3 shell allow.
    const options = { timeout: busyTimeoutMs, readOnly, enableDoubleQuotedStringLiterals: true };
    this.#db = new DatabaseSync(path, options);
  }

  /** True between BEGIN and the end of the transaction, which SQLite may have rolled back by itself. */
  get inTransaction(): boolean {
    return this.#db.isTransaction;
  }

  /** Runs one or more statements without parameters. */
  exec(sql: string): void {
    this.#db.exec(sql);
  }

  /** All rows of a statement, whose text is not one of `lists`. BLOBs are Uint8Array; an integer beyond 2^53 throws: read it as TEXT. */
  all(sql: string, parameters: readonly SqlValue[] = []): Row[] {
    return this.#prepared(sql).all(...parameters.map(bound));
  }

  /** The rows of a query one after another, as lists of values with integers as BigInt. What is not UTF-8 in a text becomes U+FFFD. */
  lists(sql: string, parameters: readonly SqlValue[] = []): Iterable<SqlValue[]> {
    const statement = this.#prepared(sql);
    statement.setReturnArrays(true);
    statement.setReadBigInts(true);
    const rows: Iterable<unknown> = statement.iterate(...parameters.map(bound)); // typed as objects
    return rows as Iterable<SqlValue[]>;
  }

  /** Runs a statement once for each row of parameters. Returns how many rows all of them changed. */
  runEach(sql: string, rows: readonly (readonly SqlValue[])[]): number {
    const statement = this.#prepared(sql);
    let changes = 0;
    for (const row of rows) changes += Number(statement.run(...row.map(bound)).changes);
    return changes;
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

/** The SQLite that writes, such as `3.53.4`. Throws StartupError for a Node whose SQLite may lose commits. */
export function checkSqliteVersion(version: string | undefined = process.versions['sqlite']): string {
  const parts = (version ?? '0').split('.').map(Number);
  const order = LEAST_VERSION.map((least, at) => Math.sign((parts[at] ?? 0) - least)).find((sign) => sign !== 0) ?? 0;
  if (version !== undefined && order >= 0) return version;
  throw new StartupError(
    `Node ${process.version} includes SQLite ${version}, which can lose commits when two programs use one file: ` +
      `use a Node.js with SQLite ${LEAST_VERSION.join('.')} or later (Node 24.21 has 3.53.4)`,
  );
}

/** A file that this connection cannot write to, whatever it is asked. `more`: further parameters of the URI. */
export function readOnlyUri(path: string, more = ''): string {
  return `file:${encodeURI(resolve(path)).replace(/[?#]/g, encodeURIComponent)}?mode=ro${more}`;
}
