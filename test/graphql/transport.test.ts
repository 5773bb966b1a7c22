/** How a request reaches /query, and how its errors come back (contract/graphql.md §1). */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { job, type TestApp, testApp } from '../support/test-app.ts';

const URQL = 'application/graphql-response+json, application/graphql+json, application/json, text/event-stream';
const BIG = 9_007_199_254_740_993n;

let service: TestApp;
beforeAll(async () => {
  service = await testApp({
    jobs: [job({ jobId: BIG, arrayJobId: 2n ** 62n + 1n, footprint: { flops_any_avg: 1.5, mem_max: 2 } })],
    settings: { SESSION_KEY: btoa('a session key that all of them have') },
  });
});
afterAll(() => service.close());

async function post(body: unknown, headers: Record<string, string> = {}) {
  return await service.app.request('/query', {
    method: 'POST',
    headers: {
      'X-Auth-Token': await service.token('root', 'admin', 'api'),
      'Content-Type': 'application/json',
      ...headers,
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

interface Errors {
  errors: { message: string; path?: unknown[]; locations?: unknown[]; extensions?: { code: string } }[];
  data: unknown;
}

async function codesOf(answer: Response): Promise<[number, unknown, ...string[]]> {
  const { errors, data } = (await answer.json()) as Errors;
  return [answer.status, data, ...errors.map(({ extensions }) => extensions?.code ?? 'none')];
}

test('an answer has the type that the client prefers', async () => {
  const plain = await post({ query: '{ jobs { count } }' });
  expect([plain.status, plain.headers.get('Content-Type'), await plain.text()]).toEqual([
    200,
    'application/json',
    '{"data":{"jobs":{"count":1}}}',
  ]);
  const urql = await post({ query: '{ jobs { count } }' }, { Accept: URQL });
  expect([urql.status, urql.headers.get('Content-Type')]).toEqual([200, 'application/graphql-response+json']);
});

describe('what cannot be executed', () => {
  test.each([
    ['{ jobs { ', 'GRAPHQL_PARSE_FAILED'],
    ['{ jobs { itemz } }', 'GRAPHQL_VALIDATION_FAILED'],
    ['', 'GRAPHQL_VALIDATION_FAILED'],
    ['query a { __typename } query b { __typename }', 'GRAPHQL_VALIDATION_FAILED'],
    ['{ jobs { count ...gone } }', 'GRAPHQL_VALIDATION_FAILED'],
    ['{ a: jobs { count } a: jobs(filter: []) { count } }', 'GRAPHQL_VALIDATION_FAILED'],
    ['{ a: jobs { x: count x: hasNextPage } }', 'GRAPHQL_VALIDATION_FAILED'],
    ['{ ...a } fragment a on Query { __typename ...a }', 'GRAPHQL_VALIDATION_FAILED'],
    ['subscription { jobs { count } }', 'GRAPHQL_VALIDATION_FAILED'],
    ['{ jobs(filter: [{duration: {from: "x", to: 1}}]) { count } }', 'GRAPHQL_VALIDATION_FAILED'],
  ])('%s', async (query, code) => {
    expect(await codesOf(await post({ query }))).toEqual([422, null, code]);
    expect(await codesOf(await post({ query }, { Accept: URQL }))).toEqual([400, null, code]);
  });

  test('the path of a variable leads to its value', async () => {
    const query = 'query ($f: [JobFilter!], $p: PageRequest) { jobs(filter: $f, page: $p) { count } }';
    const paths = async (variables: unknown) => {
      const { errors } = (await (await post({ query, variables })).json()) as Errors;
      return errors.map(({ path }) => path);
    };
    expect(await paths({ f: [{}, { numAcc: 1 }] })).toEqual([['variable', 'f', 1, 'numAcc']]);
    expect(await paths({ f: { duration: { from: 1.5, to: 2 } } })).toEqual([['variable', 'f', 'duration', 'from']]);
    expect(await paths({ f: [null] })).toEqual([['variable', 'f', 0]]);
    expect(await paths({ f: [{ state: ['done'] }] })).toEqual([['variable', 'f', 0, 'state', 0]]);
    expect(await paths({ p: { page: 1 } })).toEqual([['variable', 'p', 'itemsPerPage']]);
    expect(await paths({ f: [{ duration: { from: 2 ** 63, to: 0 } }] })).toEqual([
      ['variable', 'f', 0, 'duration', 'from'],
    ]);
  });

  test.each([
    ['{ jobs(filter: [{state: [done]}]) { count } }', 26, 'must be one of boot_fail'],
    ['{ jobs(filter: [{startTime: {from: "monday"}}]) { count } }', 36, 'cannot use string as Time: send RFC 3339'],
    ['{ jobs(page: {page: 1, itemsPerPage: 1.5}) { count } }', 38, 'cannot use number as Int'],
  ])('the location of a value in %s', async (query, column, message) => {
    const { errors } = (await (await post({ query })).json()) as Errors;
    expect(errors).toMatchObject([{ message: expect.stringContaining(message), locations: [{ line: 1, column }] }]);
  });

  test('no name is suggested', async () => {
    for (const query of ['{ job { count } }', '{ jobs { cont } }', '{ jobs(filtr: []) { count } }']) {
      expect(await (await post({ query })).text()).not.toContain('Did you mean');
    }
  });

  test.each([
    ['[{"query":"{ __typename }"}]', 400, 'invalid_request'],
    ['{"query":', 400, 'invalid_request'],
    ['{"query":1}', 400, 'invalid_request'],
    ['{"query":"{ __typename }","variables":[]}', 400, 'invalid_request'],
    ['x'.repeat(300_000), 413, 'body_too_large'],
  ])('the body %.30s', async (body, status, code) => {
    expect(await codesOf(await post(body))).toEqual([status, null, code]);
  });

  test('other types and methods', async () => {
    for (const type of ['text/plain', 'multipart/form-data; boundary=x', 'application/x-www-form-urlencoded', '']) {
      expect(await codesOf(await post({ query: '{ __typename }' }, { 'Content-Type': type }))).toEqual([
        400,
        null,
        'invalid_request',
      ]);
    }
    const got = await service.app.request('/query?query={__typename}', {
      headers: { 'X-Auth-Token': await service.token('root', 'admin') },
    });
    expect(await codesOf(got)).toEqual([400, null, 'invalid_request']);
    const withCharset = await post({ query: '{ __typename }' }, { 'Content-Type': 'Application/JSON; charset=utf-8' });
    expect(withCharset.status).toBe(200);
  });

  test('a caller without a token', async () => {
    const answer = await service.app.request('/query', {
      method: 'POST',
      headers: { Accept: 'text/html' },
      body: '{}',
    });
    expect(await codesOf(answer)).toEqual([401, null, 'unauthorized']);
  });

  test('a mutation that another site sends', async () => {
    const query = 'mutation { createTag(type: "a", name: "b", scope: "global") { id } }';
    const foreign = { Origin: 'https://elsewhere.example' };
    expect(await codesOf(await post({ query }, foreign))).toEqual([403, null, 'forbidden']);
    expect((await post({ query: '{ jobs { count } }' }, foreign)).status).toBe(200);
  });
});

describe('limits', () => {
  const repeated = (count: number, piece: (nth: number) => string) =>
    Array.from({ length: count }, (_, nth) => piece(nth)).join(' ');
  const group = 'id name totalJobs totalUsers totalWalltime totalNodes totalCores totalAccs';

  test('5,000 fields, fragments counted at each use', async () => {
    const most = `{ ${repeated(555, (n) => `a${n}: jobsStatistics { ${group} }`)} }`;
    expect(
      await codesOf(
        await post({ query: most.replace(' }', ' a: runningJobs b: shortJobs c: id d: name e: id f: id }') }),
      ),
    ).toEqual([200, null, 'COMPLEXITY_LIMIT_EXCEEDED']);
    const doubled = `{ ...f0 } ${repeated(12, (n) => `fragment f${n} on Query { a${n}: __typename ...f${n + 1} ...f${n + 1} }`)} fragment f12 on Query { x: __typename }`;
    expect(await codesOf(await post({ query: doubled }))).toEqual([200, null, 'COMPLEXITY_LIMIT_EXCEEDED']);
  });

  test.each([
    ['depth', `{ ${'jobs { items { '.repeat(20)} id ${'} }'.repeat(20)} }`],
    ['nested selections', `{ ${'a{'.repeat(10_000)}b${'}'.repeat(10_000)} }`],
    ['nested lists', `{ jobs(filter: ${'['.repeat(10_000)}${']'.repeat(10_000)}) { count } }`],
    ['aliases', `{ ${repeated(10_000, (n) => `a${n}: __typename`)} }`],
    ['circles', '{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }'],
    [
      'doubling fragments',
      `{ ...f0 } ${repeated(90, (n) => `fragment f${n} on Query { ...f${n + 1} ...f${n + 1} }`)} fragment f90 on Query { __typename }`,
    ],
    ['comments', `${'#\n'.repeat(50_000)}{ __typename }`],
    ['a long text', `{ jobs(filter: [{user: {eq: "${'x'.repeat(200_000)}"}}]) { count } }`],
    ['definitions', repeated(200, (n) => `query q${n} { __typename }`)],
  ])('%s', async (_, query) => {
    const [status] = await codesOf(await post({ query }));
    expect([200, 422]).toContain(status);
  });

  test('values of a filter', async () => {
    const query = 'query ($ids: [ID!]) { jobs(filter: [{dbId: $ids}]) { count } }';
    const ids = (count: number) => Array.from({ length: count }, (_, nth) => nth);
    const most = await post({ query, variables: { ids: ids(2_000) } });
    expect(await most.json()).toEqual({ data: { jobs: { count: 1 } } });
    const { errors, data } = (await (await post({ query, variables: { ids: ids(2_001) } })).json()) as Errors;
    expect([data, errors[0]?.path, errors[0]?.extensions?.code]).toEqual([null, ['jobs'], 'invalid_request']);
    expect(errors[0]?.message).toContain('filter.0.dbId');
  });
});

describe('values', () => {
  test('integers have 64 bits, in both directions', async () => {
    const query = 'query ($f: [JobFilter!]) { jobs(filter: $f) { items { jobId arrayJobId } } }';
    const variables = `{"f":[{"arrayJobId":4611686018427387905},{"numNodes":{"from":0,"to":"9223372036854775807"}}]}`;
    const answer = await post(`{"query":${JSON.stringify(query)},"variables":${variables}}`);
    expect(await answer.text()).toBe(`{"data":{"jobs":{"items":[{"jobId":${BIG},"arrayJobId":4611686018427387905}]}}}`);
    const literal = '{ jobs(filter: [{arrayJobId: 4611686018427387904}]) { count } }';
    expect(await (await post({ query: literal })).json()).toEqual({ data: { jobs: { count: 0 } } });
  });

  test('errors of a field come before the data, with their path', async () => {
    const answer = await post({ query: '{ ok: jobs { count } job(id: "99") { id } }' });
    const text = await answer.text();
    expect(text.startsWith('{"errors":[')).toBe(true);
    const { errors, data } = JSON.parse(text) as Errors;
    expect([answer.status, data]).toEqual([200, { ok: { count: 1 }, job: null }]);
    expect(errors.map(({ path, extensions }) => [path, extensions?.code])).toEqual([[['job'], 'not_found']]);
  });

  test('an answer that was cut says so', async () => {
    const one = await testApp({ jobs: [1, 2, 3].map((jobId) => job({ jobId })), settings: { GRAPHQL_MOST_JOBS: '2' } });
    const answer = await one.ask('{ jobs(page: {page: 1, itemsPerPage: -1}) { items { jobId } count hasNextPage } }');
    await one.close();
    expect(await answer.json()).toEqual({
      data: { jobs: { items: [{ jobId: 1 }, { jobId: 2 }], count: 3, hasNextPage: true } },
      extensions: { cut: { jobs: 2, setting: 'GRAPHQL_MOST_JOBS' } },
    });
  });
});

describe('introspection', () => {
  const query = '{ a: __schema { queryType { name } } jobs { count } __type(name: "Job") { name } __typename }';

  test('is off', async () => {
    const { errors, data } = (await (await post({ query })).json()) as Errors;
    expect(data).toEqual({ a: null, jobs: { count: 1 }, __type: null, __typename: 'Query' });
    expect(errors.map(({ path }) => path)).toEqual([['a'], ['__type']]);
  });

  test('is on if a setting says so', async () => {
    const open = await testApp({ settings: { GRAPHQL_INTROSPECTION: 'on' } });
    const answer = await open.app.request('/query', {
      method: 'POST',
      headers: { 'X-Auth-Token': await open.token('ada', 'user'), 'Content-Type': 'application/json' },
      body: JSON.stringify({ query }),
    });
    await open.close();
    expect(((await answer.json()) as Errors).data).toEqual({
      a: { queryType: { name: 'Query' } },
      jobs: { count: 0 },
      __type: { name: 'Job' },
      __typename: 'Query',
    });
  });
});
