/** A column index of a file, asked through the port as the service asks it. */
import { ColumnIndex } from '../../src/columns/index.ts';
import { withColumns } from '../../src/columns/with-columns.ts';
import { within } from '../../src/db/deadline.ts';
import type { Database } from '../../src/db/port.ts';
import type { Statement } from '../../src/db/statement.ts';
import { openPool } from '../../src/pool/pool.ts';

/** DuckDB's memory_limit, and what its process may take: as `auto` sizes it. */
export const INDEX_MB = 350;
export const PROCESS_MB = INDEX_MB + 250;
const LIMIT_MS = 600_000;
const CONNECTION = { cacheMb: 4, softHeapMb: 256, hardHeapMb: 512, baseMb: 44, growthMb: 600 };
const log = { info: () => {}, warn: (fields: object, message: string) => console.error(message, fields) };

export interface Indexed {
  /** Jobs in the index. */
  rows: number;
  /** Milliseconds until the answer. Throws if it was the SQL that answered. */
  ask(statement: Statement<unknown>): Promise<number>;
  peakMb(): number;
  close(): Promise<void>;
}

/** The port over connection processes, without an index. */
export async function sqlOf(path: string, tempDir: string): Promise<Database> {
  const more = { maxReaders: 1, queueLimit: 16, maxIdleMs: 600_000 };
  return await openPool({ path, tempDir, ...more, connection: CONNECTION, log });
}

/** Waits for the build, if there is one to wait for. */
export async function opened(path: string, tempDir: string): Promise<Indexed> {
  const index = new ColumnIndex({
    ...{ databasePath: path, path: `${path}.columns`, memoryMb: INDEX_MB },
    ...{ tempDir, spillMb: 2_048, queueLimit: 16, log },
  });
  let peakMb = 0;
  const watching = setInterval(() => {
    peakMb = Math.max(peakMb, index.processes()[0]?.rssMb ?? 0);
  }, 20);
  watching.unref();
  while (index.state.name === 'building') await new Promise((resolve) => setTimeout(resolve, 10));
  if (index.state.name !== 'ready') throw new Error(`the index is ${JSON.stringify(index.state)}`);
  const { rows } = index.state;
  const both = withColumns(await sqlOf(path, tempDir), index);
  return {
    rows,
    async ask(statement) {
      const before = index.status().answers;
      const ms = await timed(both, statement);
      if (index.status().answers !== before + 1) throw new Error(`the index did not answer ${statement.name}`);
      return ms;
    },
    peakMb: () => peakMb,
    async close() {
      clearInterval(watching);
      await both.close(1_000);
    },
  };
}

/** Milliseconds of one read. */
export async function timed(db: Database, statement: Statement<unknown>): Promise<number> {
  const startedAt = performance.now();
  await within(LIMIT_MS, (deadline) => db.read(statement, deadline));
  return performance.now() - startedAt;
}
