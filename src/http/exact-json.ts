import { z } from 'zod';
import { Fault } from '../faults.ts';
import { BOUNDS, type BoundName } from '../jobs/bounds.ts';

/** Of ES2026, and in every runtime we have; TypeScript's libraries do not know them yet. */
interface ExactJson {
  parse(text: string, reviver: (key: string, value: unknown, context: { source?: string }) => unknown): unknown;
  rawJSON(text: string): object;
}
const exact = JSON as unknown as ExactJson;

/**
 * Values in a body: 20,000 nodes in one report have 300,000. In memory each takes fifty times what it takes in the text, so a body
 * that is within BODY_LIMIT_MB might still take gigabytes.
 */
const MOST_VALUES = 500_000;

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
  if (text.length > MOST_VALUES && countValues(text) > MOST_VALUES) {
    throw new Fault('invalid_request', `parsing request body failed: it has more than ${MOST_VALUES} values`);
  }
  try {
    return exact.parse(text, (_, value, { source }) => (typeof value === 'number' ? numberOf(value, source) : value));
  } catch (cause) {
    // A body nested too deep for the stack is a RangeError: it is no JSON we take either.
    const reason = cause instanceof SyntaxError ? cause.message : 'it is nested too deeply';
    throw new Fault('invalid_request', `parsing request body failed: ${reason}`, { cause });
  }
}

/** Commas and opening brackets, those within texts too: never less than there are values. */
function countValues(text: string): number {
  let count = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x2c || code === 0x5b || code === 0x7b) count += 1;
  }
  return count;
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

/** A text within a bound; a lone surrogate, which neither UTF-8 nor the database can hold, reads as U+FFFD. */
export function textWithin(name: BoundName) {
  const { most, unit } = BOUNDS[name];
  return anyText
    .refine((value) => lengthIn(unit, value, most) <= most, `must have at most ${most} ${unit}`)
    .meta({ type: 'string', ...(unit === 'characters' ? { maxLength: most } : {}) });
}

/** A text that its route cuts to a bound. */
export const anyText = z
  .string({ error: 'must be a text' })
  .transform((value) => value.toWellFormed())
  .meta({ type: 'string' });
/** A text that has no bound of its own. */
export const text = textWithin('text');

function lengthIn(unit: string, value: string, most: number): number {
  // A UTF-16 unit has 3 bytes at most: short texts need no encoding.
  return unit === 'bytes' && value.length * 3 > most ? new TextEncoder().encode(value).length : value.length;
}

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
    if (value instanceof JsonNumber) return Number(value.source); // no object of ours with a field `source`
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, member]) => [names.get(name.toLowerCase()) ?? name, member]),
    );
  }, z.strictObject(shape));
}

/** A request body that a schema has checked. Throws invalid_request naming the field. */
export function checkedBody<Schema extends z.ZodType>(text: string, schema: Schema): z.output<Schema> {
  const parsed = schema.safeParse(parseExactJson(text));
  if (parsed.success) return parsed.data;
  // Without the cause: it lists every place that is wrong, and would fill the log.
  throw new Fault('invalid_request', `parsing request body failed: ${explain(parsed.error)}`);
}

/** A list of which the first wrong member is told, and no other: there may be half a million. */
export function listOf<Item extends z.ZodType>(item: Item, bound: BoundName = 'list') {
  const { most } = BOUNDS[bound];
  return z
    .array(z.unknown(), { error: 'must be a list' })
    .refine((members) => members.length <= most, { error: `must have at most ${most} entries`, abort: true })
    .transform((members, context): z.output<Item>[] => {
      const items: z.output<Item>[] = [];
      for (const [at, member] of members.entries()) {
        const parsed = item.safeParse(member);
        if (!parsed.success) return refused(context, at, parsed.error);
        items.push(parsed.data);
      }
      return items;
    })
    .meta({ type: 'array', items: documented(item) });
}

/** An object of values of one kind, with the same. Keys are texts within the bound of keys of the metadata. */
export function mapOf<Value extends z.ZodType>(value: Value, bound: BoundName) {
  const { most } = BOUNDS[bound];
  return z
    .custom<object>(
      (map) => typeof map === 'object' && map !== null && !Array.isArray(map) && !(map instanceof JsonNumber),
      {
        error: 'must be an object',
        abort: true,
      },
    )
    .refine((map) => Object.keys(map).length <= most, { error: `must have at most ${most} entries`, abort: true })
    .refine((map) => Object.keys(map).every((key) => key.length <= BOUNDS.metaKey.most), {
      error: `has a key of more than ${BOUNDS.metaKey.most} characters`,
      abort: true,
    })
    .transform((map, context): Record<string, z.output<Value>> => {
      const entries: [string, z.output<Value>][] = [];
      for (const [key, member] of Object.entries(map)) {
        const parsed = value.safeParse(member);
        if (!parsed.success) return refused(context, key, parsed.error);
        entries.push([key.toWellFormed(), parsed.data]);
      }
      return Object.fromEntries(entries);
    })
    .meta({ type: 'object', additionalProperties: documented(value) });
}

function refused(context: z.RefinementCtx, at: string | number, error: z.ZodError): never {
  const [issue] = error.issues;
  if (issue !== undefined)
    context.addIssue({ ...issue, path: [at, ...issue.path] } as Parameters<typeof context.addIssue>[0]);
  return z.NEVER;
}

/** A schema of this file for the documentation. */
export function documented(schema: z.ZodType): object {
  const { $schema: _, ...plain } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return plain;
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
