import { z } from 'zod';
import { Fault } from '../../faults.ts';
import { BOUNDS, type BoundName } from '../../jobs/input-bounds.ts';
import { type JsonLimits, JsonNumber, readJson } from './json-parser.ts';

/** Reads a value as a schema does. Returns undefined if the schema refuses it. */
type Read<Value> = (value: unknown) => Value | undefined;
/**
 * The readers of schemas without fields. They read a list of a million numbers a hundred times faster than the schemas.
 */
const READS = new WeakMap<z.ZodType, Read<unknown>>();

/** The message about a value of another type, or about one that is missing. */
function mustBe(type: string): z.core.$ZodErrorMap {
  return ({ input }) => (input === undefined ? 'is missing' : `must be ${type}`);
}

/** A schema of a single value. `read` returns undefined for an invalid one. */
export function scalar<Value>(read: Read<Value>, type: string, documentation: Record<string, string>) {
  const schema = z
    .custom<unknown>((value) => read(value) !== undefined, { error: mustBe(type), abort: true })
    .transform((value) => read(value) as Value)
    .meta(documentation);
  READS.set(schema, read);
  return schema;
}

/** Reads whole numbers within the bounds, written without a fraction or exponent. */
function readWhole(least: bigint, most: bigint): Read<number | bigint> {
  const [leastNumber, mostNumber] = [Number(least), Number(most)];
  return (value) => {
    if (typeof value === 'number') return value >= leastNumber && value <= mostNumber ? value : undefined;
    if (!(value instanceof JsonNumber) || !/^-?\d{1,19}$/.test(value.source)) return undefined;
    const exactly = BigInt(value.source);
    if (exactly < least || exactly > most) return undefined;
    return Number.isSafeInteger(Number(exactly)) ? Number(exactly) : exactly;
  };
}

/** A 64-bit integer, written without a fraction or exponent. It is a number if that is exact, otherwise a bigint. */
export const int64 = scalar(readWhole(-(2n ** 63n), 2n ** 63n - 1n), 'a 64-bit integer', {
  type: 'integer',
  format: 'int64',
});
/** A 32-bit integer, written without a fraction or exponent. */
export const int32 = scalar(
  readWhole(-(2n ** 31n), 2n ** 31n - 1n) as Read<number>, // within 32 bits, never a bigint
  'a 32-bit integer',
  { type: 'integer', format: 'int32' },
);
/** A text that its route cuts to a bound. A lone surrogate, which UTF-8 cannot encode, reads as U+FFFD. */
export const anyText = scalar((value) => (typeof value === 'string' ? value.toWellFormed() : undefined), 'a string', {
  type: 'string',
});

/** A text that is refused if it exceeds a bound. */
export function textWithin(name: BoundName) {
  const { most, unit } = BOUNDS[name];
  const fits = (value: string) => lengthIn(unit, value, most) <= most;
  const schema = anyText
    .refine(fits, `must have at most ${most} ${unit}`)
    .meta({ type: 'string', ...(unit === 'characters' ? { maxLength: most } : {}) });
  READS.set(schema, (value) => (typeof value === 'string' && fits(value) ? value.toWellFormed() : undefined));
  return schema;
}

/** A text without a bound of its own. */
export const text = textWithin('text');

function lengthIn(unit: string, value: string, most: number): number {
  // A UTF-16 unit has at most 3 bytes, so short texts need no encoding.
  return unit === 'bytes' && value.length * 3 > most ? new TextEncoder().encode(value).length : value.length;
}

/** Any finite number. */
export const decimal = scalar(
  (value) => {
    const number = value instanceof JsonNumber ? Number(value.source) : value;
    return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
  },
  'a number',
  { type: 'number' },
);

/**
 * An object whose field names match in any case; the last one wins. Any other field is refused, as the contract
 * requires with "strictly".
 */
export function strictFields<Shape extends z.ZodRawShape>(shape: Shape) {
  const names = new Map(Object.keys(shape).map((name) => [name.toLowerCase(), name]));
  return z.preprocess((value) => {
    if (value instanceof JsonNumber) return Number(value.source); // not a JSON object with a field `source`
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, member]) => [names.get(name.toLowerCase()) ?? name, member]),
    );
  }, z.strictObject(shape));
}

/** Returns a request body, checked by a schema. Throws invalid_request with the field or the limit. */
export function checkedBody<Schema extends z.ZodType>(
  text: string,
  schema: Schema,
  limits: JsonLimits,
): z.output<Schema> {
  return checkedValue(readJson(text, limits), schema);
}

/** Checks a body that has already been read, such as a form. Throws invalid_request with the field. */
export function checkedValue<Schema extends z.ZodType>(value: unknown, schema: Schema): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  // The cause is left out: it lists every problem and would fill the log.
  throw new Fault('invalid_request', `parsing request body failed: ${explain(parsed.error)}`, { about: jobIn(value) });
}

/** Returns the job in a refused body, if the body has one. */
function jobIn(body: unknown): Record<string, string> {
  if (typeof body !== 'object' || body === null) return {};
  const texts = Object.entries(body).flatMap(([name, member]) => {
    const field = JOB_KEY.find((known) => known.toLowerCase() === name.toLowerCase());
    const value = member instanceof JsonNumber ? member.source : member;
    return field !== undefined && (typeof value === 'string' || typeof value === 'number')
      ? [[field, String(value).slice(0, LONGEST_KEY)] as const]
      : [];
  });
  return Object.fromEntries(texts);
}

const JOB_KEY = ['jobId', 'cluster'];
const LONGEST_KEY = 100;

/** A list. Only the first invalid member is reported, since there may be a million. */
export function listOf<Item extends z.ZodType>(item: Item, bound: BoundName = 'list') {
  const { most } = BOUNDS[bound];
  const read = READS.get(item);
  return z
    .array(z.unknown(), { error: mustBe('an array') })
    .transform((members, context): z.output<Item>[] => {
      if (members.length > most) return tooMany(context, `must have at most ${most} entries`);
      // Replaced in place, to hold a list of a million numbers only once.
      for (let at = 0; at < members.length; at += 1) {
        const known = read?.(members[at]);
        if (known !== undefined) {
          members[at] = known;
          continue;
        }
        const parsed = item.safeParse(members[at]);
        if (!parsed.success) return refused(context, at, parsed.error);
        members[at] = parsed.data;
      }
      return members as z.output<Item>[];
    })
    .meta({ type: 'array', items: documented(item), maxItems: most });
}

/**
 * An object of values of one kind. Only the first invalid member is reported. The bound `metaKey` applies to its keys.
 */
export function mapOf<Value extends z.ZodType>(value: Value, bound: BoundName) {
  const { most } = BOUNDS[bound];
  return z
    .custom<object>(
      (map) => typeof map === 'object' && map !== null && !Array.isArray(map) && !(map instanceof JsonNumber),
      {
        error: mustBe('an object'),
        abort: true,
      },
    )
    .transform((map, context): Record<string, z.output<Value>> => {
      const members = Object.entries(map);
      if (members.length > most) return tooMany(context, `must have at most ${most} entries`);
      if (members.some(([key]) => key.length > BOUNDS.metaKey.most)) {
        return tooMany(context, `has a key longer than ${BOUNDS.metaKey.most} characters`);
      }
      const entries: [string, z.output<Value>][] = [];
      for (const [key, member] of members) {
        const parsed = value.safeParse(member);
        if (!parsed.success) return refused(context, key, parsed.error);
        entries.push([key.toWellFormed(), parsed.data]);
      }
      return Object.fromEntries(entries);
    })
    .meta({ type: 'object', additionalProperties: documented(value), maxProperties: most });
}

function tooMany(context: z.RefinementCtx, message: string): never {
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
}

/** Reports an issue as `custom`, since zod continues after an unknown key, with a value that is not a list. */
function refused(context: z.RefinementCtx, at: string | number, error: z.ZodError): never {
  const [issue] = error.issues;
  if (issue !== undefined) context.addIssue({ code: 'custom', message: meant(issue), path: [at, ...issue.path] });
  return z.NEVER;
}

/** Returns a schema of this file as JSON Schema, for the documentation. */
export function documented(schema: z.ZodType): object {
  const { $schema: _, ...plain } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return plain;
}

/** Returns the first problem of a ZodError with its path. */
export function explain(error: z.ZodError): string {
  const [issue] = error.issues;
  if (issue === undefined) return 'invalid';
  const place = issue.path.join('.').slice(0, 200);
  return place === '' ? meant(issue) : `${place}: ${meant(issue)}`;
}

function meant(issue: z.core.$ZodIssue): string {
  if (issue.code !== 'unrecognized_keys') return issue.message;
  return `unknown field ${issue.keys.map((key) => key.slice(0, 200)).join(', ')}`.slice(0, 2_000);
}
