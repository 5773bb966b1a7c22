import { createRoute, OpenAPIHono, type RouteConfig, z } from '@hono/zod-openapi';
import type { TypedResponse } from 'hono';
import type { Deadline } from '../../deadline.ts';
import { inSlices } from '../../event-loop-turns.ts';
import { FAULTS, Fault, type FaultCode } from '../../faults.ts';
import { losslessJson } from '../../lossless-json.ts';
import { NO_QUERY, queryFault } from '../query/query-parameters.ts';
import { parameterNamed } from '../query/query-values.ts';
import type { AppEnv } from '../service.ts';

type Success = 200 | 201;

/** An answer whose body is already text, so that its type has no more detail. The route's schema documents it. */
export type JsonAnswer<Status extends Success = 200> = Response & TypedResponse<never, Status, 'json'>;

/** Returns 200 with JSON text. The length is set, so that small answers are not compressed. */
export function jsonText(text: string): JsonAnswer {
  return jsonBytes(new TextEncoder().encode(text));
}

/** Returns 200 with a body that is already JSON in UTF-8. */
export function jsonBytes(body: Uint8Array<ArrayBuffer>): JsonAnswer {
  return answerOf(body, 'application/json', 200) as JsonAnswer;
}

/** Returns 200 with JSON in several parts. */
export function jsonParts(...parts: Part[]): JsonAnswer {
  return inParts({ 'Content-Type': 'application/json' }, ...parts) as JsonAnswer;
}

type Part = string | readonly Uint8Array[];

/** Returns 200 with a text in several parts. They are sent one by one: joining them would need their memory twice. */
export function inParts(headers: Readonly<Record<string, string>>, ...parts: Part[]): Response {
  const all = parts.flatMap((part) => (typeof part === 'string' ? [new TextEncoder().encode(part)] : part));
  const bytes = all.reduce((sum, { byteLength }) => sum + byteLength, 0);
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const next = all.shift();
        if (next === undefined) controller.close();
        else controller.enqueue(next);
      },
      cancel() {
        all.length = 0;
      },
    },
    { highWaterMark: 0 },
  );
  return new Response(body, { headers: { ...headers, 'Content-Length': String(bytes) } });
}

/** Returns 200 with the message that the contract specifies for a completed write. */
export function message(msg: string): JsonAnswer {
  return jsonText(`${JSON.stringify({ msg })}\n`);
}

/** Returns 201 with a value as JSON. */
export function created(value: unknown): JsonAnswer<201> {
  return answerOf(new TextEncoder().encode(losslessJson(value)), 'application/json', 201) as JsonAnswer<201>;
}

/** Returns 200 with a line of text or an empty body. */
export function plainText(text: string): Response & TypedResponse<never, 200, 'text'> {
  return answerOf(new TextEncoder().encode(text), 'text/plain; charset=utf-8', 200) as Response &
    TypedResponse<never, 200, 'text'>;
}

function answerOf(body: Uint8Array<ArrayBuffer>, contentType: string, status: Success): Response {
  const headers = { 'Content-Type': contentType, 'Content-Length': String(body.length) };
  return new Response(body, { status, headers });
}

/** Returns 200 with a value as JSON. Bigints become whole numbers. */
export function json(value: unknown): JsonAnswer {
  return jsonText(losslessJson(value));
}

const ROWS_AT_ONCE = 256;

/** Returns 200 with thousands of rows as a JSON array between two texts. Throws the deadline's fault. */
export async function jsonRows(
  before: string,
  rows: readonly unknown[],
  after: string,
  deadline: Pick<Deadline, 'signal'>,
): Promise<JsonAnswer> {
  const text = (some: readonly unknown[]) => some.map((row) => losslessJson(row).trimEnd()).join(',');
  if (rows.length <= ROWS_AT_ONCE) return jsonText(`${before}[${text(rows)}]${after}\n`);
  const parts = await rowParts(rows, (some, start) => `${start === 0 ? '' : ','}${text(some)}`, deadline);
  return jsonParts(`${before}[`, parts, `]${after}\n`);
}

/** Encodes thousands of rows. Other requests run between two parts. Throws the deadline's fault. */
export async function rowParts<Row>(
  rows: readonly Row[],
  textOf: (some: readonly Row[], start: number) => string,
  deadline: Pick<Deadline, 'signal'>,
): Promise<Uint8Array[]> {
  const starts = Array.from({ length: Math.ceil(rows.length / ROWS_AT_ONCE) }, (_, nth) => nth * ROWS_AT_ONCE);
  const encoder = new TextEncoder();
  const encoded = (start: number) => encoder.encode(textOf(rows.slice(start, start + ROWS_AT_ONCE), start));
  return await inSlices(starts, encoded, deadline);
}

const codes = Object.keys(FAULTS) as FaultCode[];

/** The body of every error. */
const ErrorBody = z
  .object({
    status: z.string().openapi({ example: 'Gateway Timeout' }),
    error: z.string().openapi({ example: 'the request did not finish within 30000 ms' }),
    code: z.enum(codes as [FaultCode, ...FaultCode[]]).openapi({ example: 'deadline_exceeded' }),
  })
  .openapi('Error');

const ERROR = { description: 'an error', content: { 'application/json': { schema: ErrorBody } } } as const;
type Responses = Parameters<typeof createRoute>[0]['responses'];

/** The `responses` of a route that answers 200 with a body of this schema, or with an error. */
export function answers<Schema extends z.ZodType>(description: string, schema: Schema) {
  return {
    200: { description, content: { 'application/json': { schema } } },
    default: ERROR,
  } as const satisfies Responses;
}

/** The schema of `message`, for `answers`. */
export const MESSAGE = z.object({ msg: z.string() });

/** The `responses` of a route that answers 200 with a line of text, or with an error. */
export function answersText(description: string) {
  return {
    200: { description, content: { 'text/plain': { schema: z.string() } } },
    default: ERROR,
  } as const satisfies Responses;
}

/** The `responses` of a route that answers 201 with a body of this schema, or with an error. */
export function answersCreated<Schema extends z.ZodType>(description: string, schema: Schema) {
  return {
    201: { description, content: { 'application/json': { schema } } },
    default: ERROR,
  } as const satisfies Responses;
}

/**
 * Makes a group of routes. A parameter that does not match its schema is an invalid_request with the parameter's name.
 */
export function resource() {
  return new OpenAPIHono<AppEnv>({
    defaultHook: (result) => {
      if (result.success) return;
      if (result.target === 'query') throw queryFault(result.error);
      const [issue] = result.error.issues;
      throw new Fault('invalid_request', `${parameterNamed(issue?.path.join('.') ?? '', 'path')} ${issue?.message}`);
    },
  });
}

/** Describes a route of the API. It requires a token and refuses query parameters that it does not declare. */
export function apiRoute<Path extends string, Config extends RouteConfig & { path: Path }>(config: Config) {
  const security = [{ token: [] }, { bearer: [] }];
  return createRoute<Path, Config>({ security, ...config, request: { query: NO_QUERY, ...config.request } });
}

const INT64_LIMIT = 2n ** 63n;

const NOT_AN_ID = 'must be an integer';

/** The database id in a path. */
export const IdParam = z.object({
  id: z
    .string()
    .regex(/^-?\d{1,19}$/, NOT_AN_ID)
    .transform(BigInt)
    .refine((id) => id < INT64_LIMIT && id >= -INT64_LIMIT, NOT_AN_ID)
    .openapi({ type: 'integer', format: 'int64', description: 'database id of the job', example: 1 }),
});
