import { DatabaseSync } from 'node:sqlite';

/** A file opened by another program, with the SQLite that the service uses for writing. */
export interface OtherProgram {
  exec(sql: string): Promise<void>;
  prepare(sql: string): Prepared;
  readonly inTransaction: boolean;
  close(): void;
}

interface Prepared {
  // biome-ignore lint/suspicious/noExplicitAny: rows of any shape, as the driver of libsql types them
  all(parameters?: readonly Value[]): any[];
  // biome-ignore lint/suspicious/noExplicitAny: see above
  get(parameters?: readonly Value[]): any;
  run(parameters?: readonly Value[]): { changes: number };
}

type Value = string | number | bigint | null | Uint8Array;

/** Integers as numbers, rounded beyond 2^53. */
function plain(row: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, typeof value === 'bigint' ? Number(value) : value]),
  );
}

/** Integers are bound as 64-bit integers, as in the service. */
export function openSqlite(path: string, busyTimeoutMs = 0): OtherProgram {
  const db = new DatabaseSync(path, { timeout: busyTimeoutMs, enableDoubleQuotedStringLiterals: true });
  const bound = (values: readonly Value[] = []) =>
    values.map((value) => (typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : value));
  return {
    async exec(sql) {
      db.exec(sql);
    },
    prepare(sql) {
      const statement = db.prepare(sql);
      statement.setReadBigInts(true);
      return {
        all: (values) => statement.all(...bound(values)).map(plain),
        get: (values) => plain(statement.get(...bound(values)) ?? {}),
        run: (values) => ({ changes: Number(statement.run(...bound(values)).changes) }),
      };
    },
    get inTransaction() {
      return db.isTransaction;
    },
    close: () => db.close(),
  };
}
