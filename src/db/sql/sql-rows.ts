import type { RawBuilder } from 'kysely';
import { z } from 'zod';
import { rowsOf, type Statement } from '../statement.ts';
import { sqlBuilder } from './sql-builder.ts';

const WHOLE = /^-?\d+$/;

/** A statement from raw SQL. The row schema has the columns of the query as keys, in the order of the query. */
export function statementOf<Shape extends z.ZodRawShape>(
  name: string,
  query: RawBuilder<unknown>,
  row: z.ZodObject<Shape>,
): Statement<z.output<z.ZodObject<Shape>>> {
  return rowsOf(name, { compile: () => query.compile(sqlBuilder) }, row);
}

/**
 * A 64-bit integer that the query returns as TEXT, because JSON.parse would round a number above 2^53. Becomes a number
 * if that is exact, or else a bigint.
 */
export const exactWhole = z.string().regex(WHOLE).transform(exact);

/** Does what `exactWhole` does, without a schema, which would be too slow for many rows. */
export function wholeOf(digits: unknown): number | bigint {
  if (typeof digits !== 'string' || !WHOLE.test(digits)) throw new TypeError(`not a whole number: ${String(digits)}`);
  return exact(digits);
}

function exact(digits: string): number | bigint {
  const number = Number(digits);
  return Number.isSafeInteger(number) ? number : BigInt(digits);
}
