import { z } from '@hono/zod-openapi';
import { Fault } from '../../faults.ts';
import { oneOf, positive, single } from './query-values.ts';

/** A parameter of a query string: its documentation, and the only reader of its values. */
export interface QueryParameter<Value> {
  readonly document: z.ZodType;
  /** `values` come in the order sent; there are none where it was not sent. Throws invalid_request that names the parameter. */
  readonly read: (name: string, values: readonly string[]) => Value;
}

/** The parameters of a route or a page by their names. */
export type QueryShape = Readonly<Record<string, QueryParameter<unknown>>>;
export type QueryOf<Shape extends QueryShape> = { readonly [Name in keyof Shape]: ReturnType<Shape[Name]['read']> };

/** What a query string says of the parameters of a shape. Throws invalid_request that names the first one that is wrong. */
export function readQuery<Shape extends QueryShape>(query: URLSearchParams, shape: Shape): QueryOf<Shape> {
  const values = Object.entries(shape).map(([name, { read }]) => [name, read(name, query.getAll(name))]);
  return Object.fromEntries(values) as QueryOf<Shape>;
}

/** One of some words. */
export function choice<Value extends string, Otherwise extends Value | undefined>(
  values: readonly Value[],
  otherwise: Otherwise,
  description = '',
): QueryParameter<Value | Otherwise> {
  return {
    document: z
      .string()
      .optional()
      .openapi({ enum: [...values], description }),
    read: (name, given) => (given.length === 0 ? otherwise : oneOf(name, single(name, given), values)),
  };
}

/** A whole number from 1 on. `limit`: up to where. */
export function count<Otherwise extends number | undefined>(
  otherwise: Otherwise,
  description = '',
  { most, where = '' }: { most: number; where?: string } = { most: Number.MAX_SAFE_INTEGER },
): QueryParameter<number | Otherwise> {
  return {
    document: once(description, String(otherwise ?? 1)),
    read: (name, given) => {
      const value = given.length === 0 ? otherwise : positive(name, single(name, given));
      if (value === undefined || value <= most) return value;
      throw new Fault('invalid_request', `query parameter ${name} must be at most ${most}${where}`);
    },
  };
}

/** The documentation of a parameter that may be repeated. */
export function many(description: string) {
  return z
    .union([z.string(), z.array(z.string())])
    .optional()
    .openapi({ type: 'array', items: { type: 'string' }, description });
}

/** The same of one that is given once. */
export function once(description: string, example: string) {
  return z.string().optional().openapi({ description, example });
}
