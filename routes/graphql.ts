import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { Fault } from '../src/faults.ts';
import { visitors } from '../src/http/auth/api-access.ts';
import { largeJsonBody } from '../src/http/json/json-body.ts';
import { answers, apiRoute, resource } from '../src/http/json/responses.ts';
import type { AppEnv } from '../src/http/service.ts';
import { ASKED_BY } from '../src/http/upstream/upstream.ts';

/** A document of the allowed complexity has 100 KB; 2,000 job ids have 20 KB. */
const LIMITS = { bytes: 256 * 1024, values: 20_000, depth: 20 };
const BODY = largeJsonBody('a GraphQL request', 'graphql', LIMITS);

const PATH = '/query';
const GraphqlError = z.looseObject({
  message: z.string(),
  extensions: z.looseObject({ code: z.string().openapi({ example: 'GRAPHQL_VALIDATION_FAILED' }) }).optional(),
});
const Data = z.record(z.string(), z.unknown()).nullable();
/** What clients of cc-backend's front end accept first. Its answers then have this type whatever their status. */
const GRAPHQL_JSON = 'application/graphql-response+json';

/** The form of errors on this path (contract/graphql.md §1). Registered before everything that can refuse a request. */
export function graphqlFaults() {
  return async (c: Context<AppEnv>, next: () => Promise<void>): Promise<void> => {
    c.set(
      'faultBody',
      ({ message, code }) => `${JSON.stringify({ errors: [{ message, extensions: { code } }], data: null })}\n`,
    );
    await next();
  };
}

/** POST /query: GraphQL, as in cc-backend. By token or session. */
export const query = resource();
query.use(PATH, visitors());
query.on(['GET'], PATH, () => {
  throw notSupported();
});
query.openapi(
  apiRoute({
    method: 'post',
    path: PATH,
    summary: 'Ask by GraphQL',
    description:
      'The schema is that of cc-backend: docs/graphql.md. Requires Content-Type application/json. Also by session.',
    request: { body: BODY.document },
    responses: {
      ...answers('data, and errors of fields', z.object({ errors: z.array(GraphqlError).optional(), data: Data })),
      default: {
        description: 'nothing could be executed',
        content: { 'application/json': { schema: z.object({ errors: z.array(GraphqlError), data: z.null() }) } },
      },
    },
  }),
  async (c) => {
    // Any other type could be sent by a form of another site (contract/frontend.md §2).
    if (!/^application\/json\s*(?:;|$)/i.test(c.req.header('Content-Type') ?? '')) throw notSupported();
    if (c.req.header(ASKED_BY) !== undefined) {
      throw new Fault('invalid_request', 'GRAPHQL_UPSTREAM must lead to cc-backend, not to cc-jobs');
    }
    library ??= await import('../src/graphql/answer.ts');
    const { answerQuery } = library;
    const { status, body } = await BODY.use(c, (asked) =>
      c.get('graphqlGate').pass(c.get('deadline'), (place) => answerQuery(c, asked, place)),
    );
    const hasOwnType = (c.req.header('Accept') ?? '').includes(GRAPHQL_JSON);
    return new Response(bodyOf(body), {
      status: hasOwnType && status === 422 ? 400 : status,
      headers: {
        'Content-Type': hasOwnType ? GRAPHQL_JSON : 'application/json',
        'Content-Length': String(body.reduce((sum, { byteLength }) => sum + byteLength, 0)),
      },
    }) as never;
  },
);

/**
 * Loaded at the first request: it takes 0.2 s and 20 MB, which a service without GraphQL does not need. Kept, because
 * `import` looks for the file again each time.
 */
let library: typeof import('../src/graphql/answer.ts') | undefined;

/** One chunk is passed on as it is. Many together would be copied at a stretch. */
function bodyOf(chunks: Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> | undefined {
  if (chunks.length === 1) return chunks[0];
  const rest = chunks.values();
  return new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const { value, done } = rest.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
    },
    { highWaterMark: 0 },
  );
}

function notSupported(): Fault {
  return new Fault('invalid_request', 'transport not supported: POST a body of Content-Type application/json');
}
