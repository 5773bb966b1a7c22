import type { RawBuilder } from 'kysely';
import { z } from 'zod';
import { sqlBuilder } from '../schema/tables.ts';
import { rowsOf, type Statement } from '../statement.ts';

const WHOLE = /^-?\d+$/;

/** A statement from SQL written out; the columns of the query are the keys of the row schema, in the query's order. */
export function statementOf<Shape extends z.ZodRawShape>(
  name: string,
  query: RawBuilder<unknown>,
  row: z.ZodObject<Shape>,
): Statement<z.output<z.ZodObject<Shape>>> {
  return rowsOf(name, { compile: () => query.compile(sqlBuilder) }, row);
}

/**
 * A 64-bit integer that the query answers as TEXT: JSON.parse would round one above 2^53. A number where that is exact,
 * else a bigint.
 */
export const exactWhole = z.string().regex(WHOLE).transform(exact);

/** The same, where a schema takes too long. */
export function wholeOf(digits: unknown): number | bigint {
  if (typeof digits !== 'string' || !WHOLE.test(digits)) throw new TypeError(`not a whole number: ${String(digits)}`);
  return exact(digits);
}

function exact(digits: string): number | bigint {
  const number = Number(digits);
  return Number.isSafeInteger(number) ? number : BigInt(digits);
}
