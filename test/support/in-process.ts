import { answerManyRows, answerPage } from '../../src/db/driver/answer-rows.ts';
import { bytesOf } from '../../src/db/driver/driver-values.ts';
import { faultOfSqlite } from '../../src/db/driver/sqlite-faults.ts';
import { utf8Of } from '../../src/db/driver/utf8.ts';
import { WriteConnection } from '../../src/db/driver/write-connection.ts';
import type { Database } from '../../src/db/port.ts';
import type { SqlValue } from '../../src/db/statement.ts';
import type { WriteInput, WriteName, WriteOutput } from '../../src/db/writes/all-writes.ts';
import type { Deadline } from '../../src/deadline.ts';
import { testConnection } from './connection-settings.ts';

/**
 * The database port on one connection in this process. It is the writer of the service, and also reads. For tests of
 * single statements and writes, where separate processes would take a quarter of a second each. Its reads cannot be
 * interrupted. Tests that open the file at the same time must use `Sqlite`, too: two SQLite libraries in one process
 * break each other's locks.
 */
export async function openInProcess(path: string): Promise<Database> {
  const connection = await WriteConnection.open({ path, settings: testConnection({ softHeapMb: 0, hardHeapMb: 0 }) });
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const mine = last.then(work);
    last = mine.catch(() => {});
    return mine;
  };
  const query = (sql: string, parameters: readonly SqlValue[], deadline: Deadline) =>
    inTurn(async () => {
      deadline.resume(); // after a write of the same request
      deadline.signal.throwIfAborted();
      try {
        const [row = {}] = connection.db.all(sql, parameters);
        const { json, rows, more } = row;
        return {
          json: bytesOf(json),
          ...(rows === undefined ? {} : { rows: Number(rows) }),
          ...(more === undefined ? {} : { more: bytesOf(more) }),
        };
      } catch (error) {
        throw faultOfSqlite(error);
      }
    });
  return {
    async read({ sql, parameters, row }, deadline) {
      return await answerManyRows(await query(sql, parameters, deadline), row, deadline);
    },
    async readPage(statement, deadline) {
      return answerPage(await query(statement.sql, statement.parameters, deadline), statement, utf8Of);
    },
    write<Name extends WriteName>(name: Name, input: WriteInput<Name>, deadline: Deadline) {
      deadline.resume(); // after an earlier write
      const gate = {
        givenUp: () => deadline.expired.aborted,
        locked: () => {},
        began: () => {},
        mayCommit: async () => {
          if (deadline.expired.aborted) return false;
          deadline.suspend();
          return true;
        },
      };
      return inTurn(async () => (await connection.write(name, input, gate)) as WriteOutput<Name>);
    },
    maintain: (task) => inTurn(() => connection.maintain(task)),
    idleReaders: () => 0,
    status: () => ({ alive: true, queued: 0, processes: [], counters: {} }),
    close: () =>
      inTurn(async () => {
        await connection.maintain('checkpoint').catch(() => {}); // the next process to open the file does it
        connection.close();
      }),
  };
}
