import { DOUBLE, type DuckDBConnection, VARCHAR } from '@duckdb/node-api';
import type { DuckDbQuery } from '../questions/duckdb-query.ts';

/** A connection to the DuckDB file of the index. It runs one statement at a time. */
export class IndexConnection {
  readonly #connection: DuckDBConnection;

  constructor(connection: DuckDBConnection) {
    this.#connection = connection;
  }

  /** Runs a statement and returns the number of changed rows. */
  async run(sql: string, parameters: readonly (string | number)[] = []): Promise<number> {
    const result = await this.#connection.run(sql, [...parameters], parameters.map(typeOf));
    return result.rowsChanged;
  }

  /** All rows of a query. 64-bit integers are bigint. */
  async rows({ sql, parameters }: DuckDbQuery): Promise<Record<string, unknown>[]> {
    const reader = await this.#connection.runAndReadAll(sql, [...parameters], parameters.map(typeOf));
    return reader.getRowObjectsJS();
  }

  /** Runs `work` in one transaction. */
  async transaction<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      await this.run('BEGIN');
      const result = await work();
      await this.run('COMMIT');
      return result;
    } catch (error) {
      await this.#rollBack();
      throw error;
    }
  }

  /** Repeated interrupts may also hit the rollback. Without a completed rollback, all later statements would fail. */
  async #rollBack(): Promise<void> {
    for (;;) {
      try {
        await this.run('ROLLBACK');
        return;
      } catch (error) {
        if (!isInterrupt(error)) return; // there is no transaction: the failed commit ended it
      }
    }
  }

  /** Stops the running statement, which fails with `INTERRUPT`. */
  interrupt(): void {
    this.#connection.interrupt();
  }

  close(): void {
    this.#connection.closeSync();
  }
}

/** Types are explicit, because a whole number would be bound as an integer. */
function typeOf(value: string | number) {
  return typeof value === 'number' ? DOUBLE : VARCHAR;
}

function isInterrupt(error: unknown): boolean {
  return error instanceof Error && /^INTERRUPT Error/i.test(error.message);
}
