import { type createRoute, OpenAPIHono, z } from '@hono/zod-openapi';
import type { TypedResponse } from 'hono';
import { FAULTS, Fault, type FaultCode } from '../faults.ts';
import type { AppEnv } from './env.ts';
import { exactJson, explain } from './exact-json.ts';

/** An answer whose body is text already, so that no type can say more; the route's schema documents it. */
export type JsonAnswer = Response & TypedResponse<never, 200, 'json'>;

/** 200 with JSON text. Its length is known, by which small answers escape compression. */
export function jsonText(text: string): JsonAnswer {
  return jsonBytes(new TextEncoder().encode(text));
}

/** 200 with a body that is JSON already, as UTF-8. */
export function jsonBytes(body: Uint8Array<ArrayBuffer>): JsonAnswer {
  const headers = { 'Content-Type': 'application/json', 'Content-Length': String(body.length) };
  return new Response(body, { headers }) as JsonAnswer;
}

/** 200 with a value as JSON, its bigints as whole numbers. */
export function json(value: unknown): JsonAnswer {
  return jsonText(exactJson(value));
}

const codes = Object.keys(FAULTS) as FaultCode[];

/** The body of every error. */
const ErrorBody = z
  .object({
    status: z.string().openapi({ example: 'Gateway Timeout' }),
    error: z.string().openapi({ example: 'the request did not end within 30000 ms' }),
    code: z.enum(codes as [FaultCode, ...FaultCode[]]).openapi({ example: 'deadline_exceeded' }),
  })
  .openapi('Error');

/** The `responses` of a route that answers 200 with this, or with the one error. */
export function answers<Schema extends z.ZodType>(description: string, schema: Schema) {
  return {
    200: { description, content: { 'application/json': { schema } } },
    default: { description: 'an error', content: { 'application/json': { schema: ErrorBody } } },
  } as const satisfies Parameters<typeof createRoute>[0]['responses'];
}

/** A group of routes; a parameter that does not fit its schema is an invalid_request that names it. */
export function resource() {
  return new OpenAPIHono<AppEnv>({
    defaultHook: (result) => {
      if (result.success) return;
      const [issue] = result.error.issues;
      const what = result.target === 'query' ? 'query parameter' : 'path parameter';
      const message =
        issue?.code === 'unrecognized_keys'
          ? `invalid ${what}: ${issue.keys.join(', ').slice(0, 200)}`
          : `${what} ${explain(result.error)}`;
      throw new Fault('invalid_request', message, { cause: result.error });
    },
  });
}

/** The query of a route that takes no parameter, or none but those of `shape`. */
export function onlyQuery<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.strictObject(shape);
}

const INT64_LIMIT = 2n ** 63n;

/** The database id in a path. */
export const IdParam = z.object({
  id: z
    .string()
    .regex(/^-?\d{1,19}$/, 'integer expected in path for id')
    .transform(BigInt)
    .refine((id) => id < INT64_LIMIT && id >= -INT64_LIMIT, 'integer expected in path for id')
    .openapi({ type: 'integer', format: 'int64', description: 'database id of the job', example: 1 }),
});

/** Marks a route as one that wants a token. */
export const WITH_TOKEN = [{ token: [] }, { bearer: [] }];
