import type { Deadline } from '../db/deadline.ts';
import type { Database, Page } from '../db/port.ts';
import type { Found, PageStatement, Statement } from '../db/statement.ts';
import { placeOf } from '../questions/list/duckdb.ts';
import type { ColumnIndex } from './index.ts';

/**
 * The database, with what its column index can answer answered by it. The rows go through the same schemas, and every answer is that of
 * the SQL: where the index is not ready, or declines, it is the SQL that answers.
 */
export function withColumns(db: Database, index: ColumnIndex): Database {
  /** The statement, or the one that reads what the index has found. */
  const found = async <Asked extends { readonly found?: Found<Asked> }>(statement: Asked, deadline: Deadline) => {
    if (statement.found === undefined) return statement;
    const places = await index.ask(statement.found.question, deadline);
    return places === undefined ? statement : statement.found.statement(places.map(placeOf));
  };
  return {
    async read<Row>(statement: Statement<Row>, deadline: Deadline): Promise<Row[]> {
      const { question } = statement;
      const rows = question === undefined ? undefined : await index.ask(question, deadline);
      if (rows !== undefined) return rows.map((row) => statement.row.parse(row));
      return await db.read(await found(statement, deadline), deadline);
    },
    async readPage<More>(statement: PageStatement<More>, deadline: Deadline): Promise<Page<More>> {
      return await db.readPage(await found(statement, deadline), deadline);
    },
    write: (name, input, deadline) => db.write(name, input, deadline),
    maintain: (task, deadline) => db.maintain(task, deadline),
    spare: () => db.spare(),
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
    spare: () => db.spare(),
    status: () => ({ ...db.status(), columns: { state: 'off', reason } }),
    close: (graceMs) => db.close(graceMs),
  };
}
