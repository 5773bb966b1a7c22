import type { Context } from 'hono';
import type { z } from 'zod';
import type { AppEnv } from '../env.ts';
import { receiveBody, sizeInWords } from '../limits/receive-body.ts';
import type { JsonLimits } from './json-reader.ts';
import { LARGE_BODIES, type LargeBody, type LargeBodyName } from './large-bodies.ts';
import { checkedBody, documented } from './lossless-json.ts';

/** What a body may have. BODY_LIMIT_MB bounds the bytes of all. */
export interface BodyLimits extends JsonLimits {
  bytes: number;
}

const KB = 1024;
const MB = 1024 * KB;

/** The bytes of a body that BODY_LIMIT_MB alone bounds. */
export const BODY_LIMIT_BYTES = 1024 * MB;
/** A body of a few fields. */
export const FEW_FIELDS: BodyLimits = { bytes: 16 * KB, values: 200, depth: 4 };
/** A body that is a list of some hundred names. */
export const NAMES: BodyLimits = { bytes: 64 * KB, values: 2_001, depth: 4 };

/** Greater ones are taken apart elsewhere where there is a process for it: 16 KB of empty objects take a schema 10 ms. */
const ON_THIS_THREAD: Omit<BodyLimits, 'depth'> = { bytes: 16 * KB, values: 5_000 };
/** What a body that must be small may have: it is always taken apart here. */
const SMALL: Omit<BodyLimits, 'depth'> = { bytes: 64 * KB, values: 5_000 };
/** Values of a body that has to be taken apart on the thread of all requests, as in a Worker: some 50 ms. */
const MOST_VALUES_HERE = 250_000;

/** A body of a route: what the document says of it, and the only way to read it. */
export interface JsonBody<Value> {
  /** For `request.body` of the route. */
  readonly document: ReturnType<typeof documentOf>;
  /** The body of this request. Throws body_too_large, or invalid_request naming the field or the limit. */
  read(c: Context<AppEnv>): Promise<Value>;
}

/** A small body. */
export function jsonBody<Schema extends z.ZodType>(
  description: string,
  schema: Schema,
  limits: BodyLimits,
): JsonBody<z.output<Schema>> {
  if (limits.bytes > SMALL.bytes || limits.values > SMALL.values) {
    throw new Error(`${description}: a body of this size belongs into LARGE_BODIES, see largeJsonBody`);
  }
  return {
    document: documentOf(description, schema, limits),
    read: (c) => receiveBody(c, limits.bytes, async (bytes) => checkedBody(decoder.decode(bytes), schema, limits)),
  };
}

/** A body that may be too large for the thread on which all requests are answered. */
export function largeJsonBody<Name extends LargeBodyName>(
  description: string,
  name: Name,
  limits: BodyLimits,
): JsonBody<z.output<(typeof LARGE_BODIES)[Name]>> {
  type Value = z.output<(typeof LARGE_BODIES)[Name]>;
  return {
    document: documentOf(description, LARGE_BODIES[name], limits),
    read: (c) =>
      receiveBody(c, limits.bytes, async (bytes) => {
        const { takeApart } = c.var.service;
        const here = { ...limits, values: Math.min(limits.values, MOST_VALUES_HERE) };
        if (bytes.byteLength <= ON_THIS_THREAD.bytes || takeApart === undefined) {
          return (await partsOf({ name, bytes, limits: here })) as Value;
        }
        const value = (await takeApart({ name, bytes, limits }, c.var.deadline)) as Value;
        await nextTurn(); // receiving sixteen megabytes is enough for one turn of the event loop; sending them on is another's
        return value;
      }),
  };
}

const decoder = new TextDecoder();

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/** Takes a large body apart in this process. Invalid UTF-8 reads as U+FFFD. */
export async function partsOf({ name, bytes, limits }: LargeBody): Promise<unknown> {
  return checkedBody(decoder.decode(bytes), LARGE_BODIES[name], limits);
}

/**
 * A body for the documentation: its own `read` checks it, whatever its Content-Type, which the library would look at. The plain schema is
 * what keeps the library from checking it too.
 */
function documentOf(description: string, schema: z.ZodType, limits: BodyLimits) {
  const plain = documented(schema) as { type: 'object' };
  const { bytes, values, depth } = limits;
  const most = bytes === BODY_LIMIT_BYTES ? 'BODY_LIMIT_MB' : sizeInWords(bytes);
  return {
    description: `${description}. At most ${most}, ${values} values and ${depth} levels of nesting`,
    required: true,
    content: { 'application/json': { schema: plain } },
    'x-limits': { bytes, values, depth },
  };
}
