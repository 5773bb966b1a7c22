import { z } from 'zod';
import { Fault } from '../faults.ts';

/** Of ES2026, and in every runtime we have; TypeScript's libraries do not know them yet. */
interface ExactJson {
  parse(text: string, reviver: (key: string, value: unknown, context: { source?: string }) => unknown): unknown;
  rawJSON(text: string): object;
}
const exact = JSON as unknown as ExactJson;

/** A number of a request as it was written: only so can 2^53 + 1 be told from 2^53, and 1.0 from 1. */
export class JsonNumber {
  readonly source: string;

  constructor(source: string) {
    this.source = source;
  }
}

/**
 * The one JSON value of a text, its numbers as JsonNumber. Throws invalid_request for anything else, blanks around it
 * aside. Of a key given twice the last one counts.
 */
export function parseExactJson(text: string): unknown {
  if (text.trim() === '') throw new Fault('invalid_request', 'parsing request body failed: it is empty');
  try {
    return exact.parse(text, (_, value, { source }) => (typeof value === 'number' ? numberOf(value, source) : value));
  } catch (cause) {
    // A body nested too deep for the stack is a RangeError: it is no JSON we take either.
    const reason = cause instanceof SyntaxError ? cause.message : 'it is nested too deeply';
    throw new Fault('invalid_request', `parsing request body failed: ${reason}`, { cause });
  }
}

function numberOf(value: number, source: string | undefined): JsonNumber {
  return new JsonNumber(source ?? String(value));
}

/** JSON text in which bigints are whole numbers; what is no finite number reads as null. Ends with a line feed. */
export function exactJson(value: unknown): string {
  return `${JSON.stringify(value, (_, member: unknown) => (typeof member === 'bigint' ? exact.rawJSON(String(member)) : member))}\n`;
}

function wholeOf(bits: 32 | 64) {
  const limit = 2n ** BigInt(bits - 1);
  const message = `must be a whole number of ${bits} bits`;
  return z
    .instanceof(JsonNumber, { error: message })
    .refine(({ source }) => /^-?\d{1,19}$/.test(source), { error: message, abort: true })
    .transform(({ source }) => BigInt(source))
    .refine((value) => value < limit && value >= -limit, message);
}

/** A 64-bit integer, written without fraction and exponent: a number where that is exact, else a bigint. */
export const int64 = wholeOf(64)
  .transform((value) => (Number.isSafeInteger(Number(value)) ? Number(value) : value))
  .meta({ type: 'integer', format: 'int64' });
/** A 32-bit integer, written without fraction and exponent. */
export const int32 = wholeOf(32).transform(Number).meta({ type: 'integer', format: 'int32' });
/** Any text; a lone surrogate, which neither UTF-8 nor the database can hold, reads as U+FFFD. */
export const text = z
  .string({ error: 'must be a text' })
  .transform((value) => value.toWellFormed())
  .meta({ type: 'string' });
/** Any finite number. */
export const decimal = z
  .instanceof(JsonNumber, { error: 'must be a number' })
  .transform(({ source }) => Number(source))
  .refine(Number.isFinite, 'must be a number')
  .meta({ type: 'number' });

/**
 * An object of which the field names match in any case (the last one counts) and every other field is refused, as the
 * contract decodes "strictly".
 */
export function strictFields<Shape extends z.ZodRawShape>(shape: Shape) {
  const names = new Map(Object.keys(shape).map((name) => [name.toLowerCase(), name]));
  return z.preprocess((value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof JsonNumber)
      return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, member]) => [names.get(name.toLowerCase()) ?? name, member]),
    );
  }, z.strictObject(shape));
}

/** A request body that a schema has checked. Throws invalid_request naming the field. */
export function checkedBody<Schema extends z.ZodType>(text: string, schema: Schema): z.output<Schema> {
  const parsed = schema.safeParse(parseExactJson(text));
  if (parsed.success) return parsed.data;
  throw new Fault('invalid_request', `parsing request body failed: ${explain(parsed.error)}`, { cause: parsed.error });
}

/** The first problem of a ZodError with the place it is at. */
export function explain(error: z.ZodError): string {
  const [issue] = error.issues;
  if (issue === undefined) return 'invalid';
  if (issue.code === 'unrecognized_keys')
    return `unknown field ${issue.keys.map((key) => key.slice(0, 200)).join(', ')}`;
  const place = issue.path.join('.').slice(0, 200);
  return place === '' ? issue.message : `${place}: ${issue.message}`;
}
