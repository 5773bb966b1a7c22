import type { RawBuilder } from 'kysely';
import { sqlBuilder } from '../../db/schema/tables.ts';
import type { SqlValue } from '../../db/statement.ts';

/** A query of SQLite. */
export interface SqliteQuery {
  readonly sql: string;
  readonly parameters: readonly SqlValue[];
}

export function compiled(query: RawBuilder<unknown>): SqliteQuery {
  const { sql: text, parameters } = query.compile(sqlBuilder);
  return { sql: text, parameters: parameters as readonly SqlValue[] };
}
