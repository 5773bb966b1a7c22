import { sql } from 'kysely';
import { z } from 'zod';
import { statementOf } from '../sql/sql-rows.ts';
import type { Statement } from '../statement.ts';

/** The tables of the file that hold rows, in the order in which they were made. */
export function tablesOfFile() {
  return statementOf(
    'tables of the file',
    sql`SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY rowid`,
    z.object({ name: z.string() }),
  );
}

/**
 * What is wrong with the pages of a table and its indexes, at most 100 lines; one line `ok` where nothing is
 * (https://www.sqlite.org/pragma.html#pragma_quick_check). It reads all of the table, so it runs in the background.
 */
export function quickCheck(table: string): Statement<{ line: string }> {
  const statement = statementOf(
    'quick check',
    sql`SELECT CAST(quick_check AS TEXT) AS line FROM pragma_quick_check(${table})`,
    z.object({ line: z.string() }),
  );
  return { ...statement, isBackground: true };
}
