import { textOf } from '../../src/db/driver/driver-values.ts';
import { ReadConnection } from '../../src/db/driver/read-connection.ts';
import type { Database } from '../../src/db/port.ts';
import type { SqlValue } from '../../src/db/statement.ts';
import type { Deadline } from '../../src/deadline.ts';
import { testConnection } from '../../test/support/connection-settings.ts';

/** An interrupt in the tick that starts a query is lost, so it is repeated. */
const INTERRUPT_EVERY_MS = 5;
const NO_LIMIT = 0;

/** The read methods of the port, on one connection in this process without heap limits. */
export async function openUnbounded(path: string, cacheMb: number): Promise<Database> {
  const connection = await ReadConnection.open({
    path,
    settings: testConnection({ cacheMb, softHeapMb: NO_LIMIT, hardHeapMb: NO_LIMIT }),
  });
  let last: Promise<unknown> = Promise.resolve();
  const query = (sql: string, parameters: readonly SqlValue[], { signal }: Deadline) => {
    const mine = last.then(async () => {
      signal.throwIfAborted();
      let timer: NodeJS.Timeout | undefined;
      const stop = () => {
        timer = setInterval(() => connection.interrupt(), INTERRUPT_EVERY_MS);
      };
      signal.addEventListener('abort', stop, { once: true });
      try {
        return await connection.query(sql, parameters);
      } finally {
        clearInterval(timer);
        signal.removeEventListener('abort', stop);
      }
    });
    last = mine.catch(() => {});
    return mine;
  };
  return {
    async read({ sql, parameters, row }, deadline) {
      const { json } = await query(sql, parameters, deadline);
      const rows: unknown[] = JSON.parse(textOf(json));
      return rows.map((value) => row.parse(value));
    },
    async readPage({ sql, parameters, more }, deadline) {
      const answer = await query(sql, parameters, deadline);
      const behind: unknown = answer.more === undefined ? undefined : JSON.parse(textOf(answer.more));
      return { bytes: answer.json, rows: answer.rows ?? 0, more: more.parse(behind) };
    },
    write: () => Promise.reject(new Error('this connection only reads')),
    maintain: () => Promise.reject(new Error('this connection only reads')),
    idleReaders: () => 0,
    status: () => ({ alive: true, queued: 0, processes: [], counters: {} }),
    close: async () => connection.close(),
  };
}
