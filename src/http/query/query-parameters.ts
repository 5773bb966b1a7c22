import { z } from '@hono/zod-openapi';
import { Fault } from '../../faults.ts';
import { ONCE, oneOf, parameterNamed, positive } from './query-values.ts';

// A query parameter is a schema: it parses the values, has their type, and documents them.

interface Document {
  readonly description: string;
  readonly example?: string;
  readonly enum?: string[];
  readonly pattern?: string;
}

/** A parameter that may be given at most once. `read` throws an invalid_request that describes a valid value. */
export function once<Value, Otherwise>(read: (text: string) => Value, otherwise: Otherwise, document: Document) {
  return z
    .string(ONCE)
    .optional()
    .transform((text, context) => (text === undefined ? otherwise : readValue(read, text, context)))
    .openapi({ type: 'string', ...document });
}

/** A parameter that must be given exactly once. `read` is as for `once`. */
export function required<Value>(read: (text: string) => Value, document: Document) {
  return z
    .string({ error: ({ input }) => (input === undefined ? 'is missing' : ONCE) })
    .transform((text, context) => readValue(read, text, context))
    .openapi({ type: 'string', ...document });
}

/** A parameter that may be repeated. `read` is as for `once` and is not called without a value. */
export function many<Value, Otherwise>(read: (text: string) => Value, otherwise: Otherwise, document: Document) {
  const { description, ...items } = document;
  return anyTexts()
    .transform((texts, context) =>
      texts === undefined ? otherwise : [texts].flat().map((text) => readValue(read, text, context)),
    )
    .openapi({ type: 'array', items: { type: 'string', ...items }, description });
}

/** Accepts any number of any values. */
export function anyTexts() {
  return z.union([z.string(), z.array(z.string())]).optional();
}

/** A switch: on with `true`, off with any other value. */
export function flag(description: string) {
  return once((text) => text === 'true', false, { description, example: 'true' });
}

/** One of some words. */
export function choice<Value extends string, Otherwise extends Value | undefined>(
  values: readonly Value[],
  otherwise: Otherwise,
  description = '',
) {
  return once((text) => oneOf(text, values), otherwise, { description, enum: [...values] });
}

/** A whole number of at least 1. `most` is the maximum; `where` follows it in the message. */
export function count<Otherwise extends number | undefined>(
  otherwise: Otherwise,
  description = '',
  { most, where = '' }: { most: number; where?: string } = { most: Number.MAX_SAFE_INTEGER },
) {
  const read = (text: string) => {
    const value = positive(text);
    if (value <= most) return value;
    throw new Fault('invalid_request', `must be at most ${most}${where}`);
  };
  return once(read, otherwise, { description, example: String(otherwise ?? 1) });
}

function readValue<Value>(read: (text: string) => Value, text: string, context: z.RefinementCtx): Value {
  try {
    return read(text);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    context.addIssue({ code: 'custom', message: error.message });
    return z.NEVER;
  }
}

/** The query of a route or a page without parameters. */
export const NO_QUERY = z.strictObject({});

/**
 * Parses a query string as `c.req.valid('query')` does in a route. Throws invalid_request with the invalid parameter.
 */
export function readQuery<Schema extends z.ZodType>(query: URLSearchParams, schema: Schema): z.output<Schema> {
  const values = [...new Set(query.keys())].map((name) => {
    const all = query.getAll(name);
    return [name, all.length === 1 ? all[0] : all] as const;
  });
  const read = schema.safeParse(Object.fromEntries(values));
  if (read.success) return read.data;
  throw queryFault(read.error);
}

/** Returns a fault with the first invalid parameter. */
export function queryFault({ issues: [issue] }: z.ZodError): Fault {
  if (issue?.code === 'unrecognized_keys') {
    return new Fault('invalid_request', `invalid query parameter: ${issue.keys.join(', ').slice(0, 200)}`);
  }
  return new Fault('invalid_request', `${parameterNamed(issue?.path.join('.') ?? '')} ${issue?.message}`);
}
