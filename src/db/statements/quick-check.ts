import { sql } from 'kysely';
import { z } from 'zod';
import { statementOf } from '../sql/sql-rows.ts';
import type { Statement } from '../statement.ts';

/** The tables of the file, in the order of their creation. */
export function tablesOfFile() {
  return statementOf(
    'tables of the file',
    sql`SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY rowid`,
    z.object({ name: z.string() }),
  );
}

/** The number of jobs in the file. */
export function jobsOfFile() {
  return statementOf('jobs of the file', sql`SELECT count(*) AS jobs FROM job`, z.object({ jobs: z.int() }));
}

/**
 * The problems in the pages of a table and its indexes, at most 100 lines. One line `ok` if there are no problems
 * (https://www.sqlite.org/pragma.html#pragma_quick_check). It reads the whole table, so it runs in the background.
 */
export function quickCheck(table: string): Statement<{ line: string }> {
  const statement = statementOf(
    'quick check',
    sql`SELECT CAST(quick_check AS TEXT) AS line FROM pragma_quick_check(${table})`,
    z.object({ line: z.string() }),
  );
  return { ...statement, isBackground: true };
}
