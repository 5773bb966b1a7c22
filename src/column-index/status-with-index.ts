import type { Database } from '../db/port.ts';
import type { IndexClient } from './index-client.ts';

/** A database whose status and close() include its column index. */
export function withIndex(db: Database, index: IndexClient): Database {
  return {
    ...callsOf(db),
    status() {
      const status = db.status();
      return { ...status, processes: [...status.processes, ...index.processes()], columns: index.status() };
    },
    async close(graceMs) {
      await index.close(); // first: the last process to close the file empties its log
      await db.close(graceMs);
    },
  };
}

/** A database without its configured index. The status gives the reason. */
export function withoutIndex(db: Database, reason: string): Database {
  return {
    ...callsOf(db),
    status: () => ({ ...db.status(), columns: { state: 'off', reason } }),
    close: (graceMs) => db.close(graceMs),
  };
}

function callsOf(db: Database): Omit<Database, 'status' | 'close'> {
  return {
    read: (statement, deadline) => db.read(statement, deadline),
    readPage: (statement, deadline) => db.readPage(statement, deadline),
    write: (name, input, deadline) => db.write(name, input, deadline),
    maintain: (task, deadline) => db.maintain(task, deadline),
    idleReaders: () => db.idleReaders(),
  };
}
