import { answerPage, answerRows } from './answer-rows.ts';
import { Connection } from './connection.ts';
import type { Deadline } from './deadline.ts';
import { logBytesOf } from './log-bytes.ts';
import { LOG_LIMIT_BYTES } from './maintenance.ts';
import type { Database } from './port.ts';
import type { SqlValue } from './statement.ts';
import { utf8Of } from './utf8.ts';
import type { WriteInput, WriteName, WriteOutput } from './writes/index.ts';

/** A command has the machine to itself; of a bulk load 64 MB hold the inner pages of the one index that is not left out. */
const CACHE_KIB = 64 * 1024;
const SOFT_HEAP_LIMIT_BYTES = 256 * 1024 * 1024;
const HARD_HEAP_LIMIT_BYTES = 512 * 1024 * 1024;
/** An interrupt in the tick that starts a query is lost, so it is repeated. */
const INTERRUPT_EVERY_MS = 5;

/**
 * The port on one connection of this process: for commands that load a file and for tests. The service does not use it: the
 * memory a query took stays with its process. Calls wait for each other.
 */
export async function openInProcess(path: string): Promise<Database> {
  const connection = await Connection.open({
    path,
    role: 'writer',
    cacheKib: CACHE_KIB,
    softHeapLimitBytes: SOFT_HEAP_LIMIT_BYTES,
    hardHeapLimitBytes: HARD_HEAP_LIMIT_BYTES,
  });
  let last: Promise<unknown> = Promise.resolve();
  let emptyLogFrom = LOG_LIMIT_BYTES;
  const boundLog = async () => {
    if (logBytesOf(path) < emptyLogFrom) return;
    const { busy } = await connection.maintain('emptyLog');
    emptyLogFrom = busy === 0 ? LOG_LIMIT_BYTES : logBytesOf(path) + LOG_LIMIT_BYTES;
  };
  const inTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const mine = last.then(work);
    last = mine.catch(() => {});
    return mine;
  };
  const query = (sql: string, parameters: readonly SqlValue[], deadline: Deadline) =>
    inTurn(async () => {
      deadline.resume(); // after a write of the same request
      deadline.signal.throwIfAborted();
      let timer: NodeJS.Timeout | undefined;
      const stop = () => {
        timer = setInterval(() => connection.interrupt(), INTERRUPT_EVERY_MS);
      };
      deadline.signal.addEventListener('abort', stop, { once: true });
      try {
        return await connection.query(sql, parameters);
      } catch (error) {
        deadline.signal.throwIfAborted(); // it was interrupted: the reason is the deadline's
        throw error;
      } finally {
        clearInterval(timer);
        deadline.signal.removeEventListener('abort', stop);
      }
    });
  return {
    async read({ sql, parameters, row }, deadline) {
      return answerRows(await query(sql, parameters, deadline), row);
    },
    async readPage(statement, deadline) {
      return answerPage(await query(statement.sql, statement.parameters, deadline), statement, utf8Of);
    },
    write<Name extends WriteName>(name: Name, input: WriteInput<Name>, deadline: Deadline) {
      deadline.resume(); // after a write before this one
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
      return inTurn(async () => {
        const output = (await connection.write(name, input, gate)) as WriteOutput<Name>;
        await boundLog();
        return output;
      });
    },
    maintain: (task) => inTurn(() => connection.maintain(task)),
    spare: () => 0,
    status: () => ({ alive: true, queued: 0, processes: [], counters: {} }),
    close: () =>
      inTurn(async () => {
        await connection.maintain('checkpoint').catch(() => {}); // the next one to open the file does it
        connection.close();
      }),
  };
}
