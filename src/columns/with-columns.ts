import type { Deadline } from '../db/deadline.ts';
import type { Database, Page } from '../db/port.ts';
import type { PageStatement, Statement } from '../db/statement.ts';
import type { ColumnIndex } from './index.ts';
import { placeOf } from './places.ts';

/**
 * The database, with what its column index can answer answered by it. The rows go through the same schemas, and every answer is that of
 * the SQL: where the index is not ready, or declines, it is the SQL that answers.
 */
export function withColumns(db: Database, index: ColumnIndex): Database {
  return {
    async read<Row>(statement: Statement<Row>, deadline: Deadline): Promise<Row[]> {
      const { question } = statement;
      const rows = question === undefined ? undefined : await index.ask(question, deadline);
      if (rows === undefined) return await db.read(statement, deadline);
      return rows.map((row) => statement.row.parse(row));
    },
    async readPage<More>(statement: PageStatement<More>, deadline: Deadline): Promise<Page<More>> {
      const { found } = statement;
      const places = found === undefined ? undefined : await index.ask(found.question, deadline);
      if (found === undefined || places === undefined) return await db.readPage(statement, deadline);
      return await db.readPage(found.statement(places.map(placeOf)), deadline);
    },
    write: (name, input, deadline) => db.write(name, input, deadline),
    maintain: (task, deadline) => db.maintain(task, deadline),
    status() {
      const status = db.status();
      return { ...status, processes: [...status.processes, ...index.processes()], columns: index.status() };
    },
    async close(graceMs) {
      await index.close(); // first: who closes the file last empties its log
      await db.close(graceMs);
    },
  };
}

/** The database without an index where one was asked for: its status says why. */
export function withoutColumns(db: Database, reason: string): Database {
  return {
    read: (statement, deadline) => db.read(statement, deadline),
    readPage: (statement, deadline) => db.readPage(statement, deadline),
    write: (name, input, deadline) => db.write(name, input, deadline),
    maintain: (task, deadline) => db.maintain(task, deadline),
    status: () => ({ ...db.status(), columns: { state: 'off', reason } }),
    close: (graceMs) => db.close(graceMs),
  };
}
