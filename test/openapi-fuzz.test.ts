/**
 * Random requests to the whole API, generated from its OpenAPI document, valid and slightly invalid. No request gets a
 * 500, and the document allows every answer.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { FAULTS } from '../src/faults.ts';
import { TEXTS } from './support/random-jobs.ts';
import { job, type TestApp, testApp } from './support/test-app.ts';

interface Schema {
  type?: string | string[];
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  items?: Schema;
  enum?: unknown[];
  anyOf?: Schema[];
  example?: unknown;
}
interface Parameter {
  name: string;
  in: 'path' | 'query';
  required?: boolean;
  schema: Schema;
  example?: unknown;
}
interface Operation {
  parameters?: Parameter[];
  requestBody?: { content: { 'application/json': { schema: Schema } } };
  responses: Record<string, { content?: Record<string, { schema: object }> }>;
}
interface Document {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object> };
}

const RUNS_PER_ROUTE = 40;

let service: TestApp;
let document: Document;
beforeAll(async () => {
  service = await testApp({
    jobs: Array.from({ length: 60 }, (_, number) =>
      job({
        jobId: number,
        startTime: number * 1_000,
        jobState: number % 5 === 0 ? 'running' : 'completed',
        tags: number % 3 === 0 ? [{ type: 'app', name: 'a', scope: 'global' }] : [],
        metaData: { jobName: TEXTS[number % TEXTS.length] ?? '' },
      }),
    ),
    sql: `INSERT INTO hpc_user (username, roles) VALUES ('ada', '["user"]')`,
  });
  document = (await (await service.app.request('/openapi.json')).json()) as Document;
});
afterAll(() => service.close());

test('the example of every parameter is valid', async () => {
  const token = await service.token('ada', 'admin', 'api');
  for (const [path, { get }] of Object.entries(document.paths)) {
    if (get === undefined || path.includes('{')) continue;
    for (const { name, example, schema } of get.parameters ?? []) {
      const value = example ?? schema.example;
      if (value === undefined) continue;
      const asked = `${path}?${new URLSearchParams({ [name]: String(value) })}`;
      const answer = await service.app.request(asked, { headers: { 'X-Auth-Token': token } });
      expect(await answer.text(), asked).not.toContain(`query parameter \\"${name}\\"`);
    }
  }
});

test('a parameter that is missing is named', async () => {
  const token = await service.token('ada', 'admin', 'api');
  let seen = 0;
  for (const [path, { get }] of Object.entries(document.paths)) {
    const [first] = (get?.parameters ?? []).filter((parameter) => parameter.in === 'query' && parameter.required);
    if (first === undefined) continue;
    seen += 1;
    const answer = await service.app.request(path, { headers: { 'X-Auth-Token': token } });
    expect(await answer.json(), path).toMatchObject({ error: `query parameter "${first.name}" is missing` });
  }
  expect(seen).toBeGreaterThan(0);
});

/** Words and numbers for requests: valid ones, ones at a bound, and hostile ones. */
const words = fc.oneof(
  fc.constantFrom(
    'small',
    'main',
    'ada',
    'p1',
    'n01',
    'running',
    'completed',
    'global',
    'admin',
    'app',
    'a',
    'none',
    'none',
  ),
  fc.constantFrom(...TEXTS),
  fc.string({ unit: 'binary', maxLength: 12 }),
);
const NUMBERS = [
  '0',
  '1',
  '5',
  '-1',
  '1000',
  '2147483647',
  '2147483648',
  '9223372036854775807',
  '9223372036854775808',
  '1.5',
  '1e3',
];
const numbers = fc.oneof(fc.constantFrom(...NUMBERS), fc.integer({ min: -5, max: 100_000 }).map(String));
const inQuery = fc.oneof(
  words,
  numbers,
  fc.constantFrom('1-5', '-9', '3-', 'last7d', 'true', 'false', 'user', '1h', 'totalJobs', 'cluster'),
);
/** JSON that no schema describes. */
const anything = fc.oneof(
  { weight: 3, arbitrary: numbers },
  { weight: 3, arbitrary: words.map((word) => JSON.stringify(word)) },
  { weight: 1, arbitrary: fc.constantFrom('null', 'true', '[]', '{}', '[null]', '{"a":[]}', '"', '{') },
);

/** JSON text that mostly conforms to a schema. */
function bodyOf(schema: Schema, depth = 0): fc.Arbitrary<string> {
  const { anyOf, properties, items, additionalProperties } = schema;
  if (anyOf !== undefined) return fc.oneof(...anyOf.map((one) => bodyOf(one, depth)));
  const meant = () => {
    const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
    if (type === 'integer' || type === 'number') return numbers;
    if (type === 'string') return words.map((word) => JSON.stringify(word));
    if (type === 'array')
      return fc.array(bodyOf(items ?? {}, depth + 1), { maxLength: 3 }).map((members) => `[${members.join()}]`);
    if (type !== 'object' || depth > 4) return anything;
    const known = Object.entries(properties ?? {}).map(([name, one]) =>
      fc.option(
        bodyOf(one, depth + 1).map((text) => `${JSON.stringify(name)}:${text}`),
        { freq: 2 },
      ),
    );
    const values = typeof additionalProperties === 'object' ? bodyOf(additionalProperties, depth + 1) : anything;
    const more = fc.option(
      fc.tuple(words, values).map(([name, text]) => `${JSON.stringify(name)}:${text}`),
      { freq: properties === undefined ? 1 : 12 },
    );
    return fc.tuple(...known, more).map((members) => `{${members.filter((member) => member !== null).join()}}`);
  };
  return fc.oneof({ weight: 12, arbitrary: meant() }, { weight: 1, arbitrary: anything });
}

interface Asked {
  target: string;
  body: string | undefined;
  roles: string[];
}

function requests(path: string, { parameters = [], requestBody }: Operation): fc.Arbitrary<Asked> {
  const inPath = fc.oneof(
    numbers,
    numbers,
    words.filter((word) => word !== '' && word !== '.' && word !== '..'),
    fc.constant('ada'),
  );
  const filled = fc.array(inPath, { minLength: 3, maxLength: 3 }).map((values) => {
    let at = 0;
    return path.replaceAll(/\{\w+\}/g, () => encodeURIComponent((values[at++] ?? '').toWellFormed()));
  });
  const names = [...parameters.filter((one) => one.in === 'query').map(({ name }) => name), 'unknown'];
  const query = fc.array(fc.tuple(fc.constantFrom(...names), inQuery), { maxLength: 3 });
  const body =
    requestBody === undefined ? fc.constant(undefined) : bodyOf(requestBody.content['application/json'].schema);
  const roles = fc.constantFrom<string[]>(
    ['api'],
    ['admin', 'api'],
    ['admin', 'api'],
    ['user', 'api'],
    ['manager', 'api'],
    ['user'],
    [],
  );
  return fc.record({ filled, query, body, roles }).map(({ filled: bare, query: pairs, ...rest }) => {
    const text = pairs.map(([name, value]) => `${name}=${encodeURIComponent(value.toWellFormed())}`).join('&');
    return { target: text === '' ? bare : `${bare}?${text}`, ...rest };
  });
}

/** The schema of the answers with this status, or of an error. */
function allowed({ responses }: Operation, status: number): z.ZodType | 'text' {
  const response = responses[status] ?? responses['default'];
  const content = Object.entries(response?.content ?? {})[0];
  if (content === undefined) throw new Error(`the document has no answer with status ${status}`);
  const [type, { schema }] = content;
  if (type !== 'application/json') return 'text';
  const text = JSON.stringify({ ...schema, $defs: document.components.schemas }).replaceAll(
    '#/components/schemas/',
    '#/$defs/',
  );
  return z.fromJSONSchema(JSON.parse(text));
}

test('nothing anybody asks is a 500, and every answer is in the document', async () => {
  const statuses = new Map<number, number>();
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const schemas = new Map<number, z.ZodType | 'text'>();
      await fc.assert(
        fc.asyncProperty(requests(path, operation), async ({ target, body, roles }) => {
          const headers = {
            'X-Auth-Token': await service.token('ada', ...roles),
            'Content-Type': 'application/json',
          };
          const answer = await service.app.request(target, {
            method: method.toUpperCase(),
            headers,
            ...(body === undefined ? {} : { body }),
          });
          const { status } = answer;
          statuses.set(status, (statuses.get(status) ?? 0) + 1);
          const text = await answer.text();
          expect(status, text).not.toBe(500);
          if (!schemas.has(status)) schemas.set(status, allowed(operation, status));
          const schema = schemas.get(status);
          if (schema === 'text' || schema === undefined) return;
          const value: unknown = JSON.parse(text);
          const checked = schema.safeParse(value);
          expect(checked.error?.issues, `${status} ${text.slice(0, 500)}`).toBeUndefined();
          if (status >= 400 && path !== '/query') {
            const { code } = value as { code: keyof typeof FAULTS };
            expect(Object.keys(FAULTS)).toContain(code);
          }
        }),
        { numRuns: RUNS_PER_ROUTE },
      );
    }
  }
  // Not all requests are refused: valid ones succeed.
  expect(statuses.get(200)).toBeGreaterThan(100);
  expect(statuses.get(400)).toBeGreaterThan(100);
});
