import type { Context } from 'hono';
import type { z } from 'zod';
import { receiveBody, sizeInWords } from '../limits/receive-body.ts';
import type { AppEnv } from '../service.ts';
import { checkedBody, documented } from './body-values.ts';
import type { JsonLimits } from './json-parser.ts';
import { LARGE_BODIES, type LargeBody, type LargeBodyName, MOST_BYTES_HERE, MOST_VALUES_HERE } from './large-bodies.ts';

/** The limits of one body. BODY_LIMIT_MB applies to every body as well. */
export interface BodyLimits extends JsonLimits {
  bytes: number;
}

const KB = 1024;
const MB = 1024 * KB;

/** The `bytes` of a body without its own limit: only BODY_LIMIT_MB applies. */
export const NO_OWN_LIMIT_BYTES = 1024 * MB;
/** For a body of a few fields. */
export const FEW_FIELDS: BodyLimits = { bytes: 16 * KB, values: 200, depth: 4 };
/** For a body that is a list of some hundred names. */
export const NAMES: BodyLimits = { bytes: 64 * KB, values: 2_001, depth: 4 };

/** The limits of a small body, which is always parsed on this thread. */
const SMALL: Omit<BodyLimits, 'depth'> = { bytes: 64 * KB, values: 5_000 };

/** The body of a route: its documentation, and the only way to read it. */
export interface JsonBody<Value> {
  /** For `request.body` of the route. */
  readonly document: ReturnType<typeof documentOf>;
  /** Returns the body of this request. Throws body_too_large, or invalid_request with the field or the limit. */
  read(c: Context<AppEnv>): Promise<Value>;
}

/** A body that may be large. */
export interface LargeJsonBody<Value> extends JsonBody<Value> {
  /** Like `read`, and counts the bytes of the body until `work` has finished. */
  use<Result>(c: Context<AppEnv>, work: (value: Value) => Promise<Result>): Promise<Result>;
}

/** Describes a small body. */
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

/** Describes a body that may be too large for the thread that answers all requests. */
export function largeJsonBody<Name extends LargeBodyName>(
  description: string,
  name: Name,
  limits: BodyLimits,
): LargeJsonBody<z.output<(typeof LARGE_BODIES)[Name]>> {
  type Value = z.output<(typeof LARGE_BODIES)[Name]>;
  const parsed = async (c: Context<AppEnv>, bytes: Uint8Array): Promise<Value> => {
    const { takeApart } = c.get('service');
    const here = { ...limits, values: Math.min(limits.values, MOST_VALUES_HERE) };
    if (bytes.byteLength <= MOST_BYTES_HERE || takeApart === undefined) {
      return (await partsOf({ name, bytes, limits: here })) as Value;
    }
    const value = (await takeApart({ name, bytes, limits }, c.get('deadline'))) as Value;
    await nextTurn(); // the event loop gets a turn between receiving and passing on 16 MB
    return value;
  };
  return {
    document: documentOf(description, LARGE_BODIES[name], limits),
    read: (c) => receiveBody(c, limits.bytes, (bytes) => parsed(c, bytes)),
    use: (c, work) => receiveBody(c, limits.bytes, async (bytes) => await work(await parsed(c, bytes))),
  };
}

const decoder = new TextDecoder();

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/** Parses a large body in this process. Invalid UTF-8 reads as U+FFFD. */
export async function partsOf({ name, bytes, limits }: LargeBody): Promise<unknown> {
  return checkedBody(decoder.decode(bytes), LARGE_BODIES[name], limits);
}

/**
 * Documents a body. Its own `read` checks it with any Content-Type, unlike the library. The library does not check it a
 * second time because this schema is a plain object.
 */
function documentOf(description: string, schema: z.ZodType, limits: BodyLimits) {
  const plain = documented(schema) as { type: 'object' };
  const { bytes, values, depth } = limits;
  const most = bytes === NO_OWN_LIMIT_BYTES ? 'BODY_LIMIT_MB' : sizeInWords(bytes);
  return {
    description: `${description}. At most ${most}, ${values} values and ${depth} levels of nesting`,
    required: true,
    content: { 'application/json': { schema: plain } },
    'x-limits': { bytes, values, depth },
  };
}
