/** Every route with a body refuses one byte, one value and one level too many, and states the limit. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TAG_FORM } from '../../routes/pages/job-page.ts';
import { LOGIN_FORM } from '../../routes/pages/login-page.ts';
import { SAVED_FORM } from '../../routes/pages/saved-filters-page.ts';
import { faultIn, job, type TestApp, testApp } from '../support/test-app.ts';
import type { Operation } from '../support/worst-requests.ts';

const BODY_LIMIT_MB = 3;
/** The limit of a body that is parsed on the thread of all requests. */
const MOST_VALUES_HERE = 250_000;

let service: TestApp;
let operations: { method: string; path: string; limits: { bytes: number; values: number; depth: number } }[];
beforeAll(async () => {
  service = await testApp({ jobs: [job()], settings: { BODY_LIMIT_MB: String(BODY_LIMIT_MB) } });
  const { paths } = (await (await service.app.request('/openapi.json')).json()) as {
    paths: Record<string, Record<string, Operation>>;
  };
  operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, { requestBody }]) =>
      requestBody === undefined ? [] : [{ method: method.toUpperCase(), path, limits: requestBody['x-limits'] }],
    ),
  );
});
afterAll(() => service.close());

const send = async (method: string, path: string, body: string) =>
  await faultIn(await service.send(method, path.replace(/\{\w+\}/, '1'), body, 'root', 'admin', 'api'));

test('each says its limits', () => {
  expect(operations.length).toBeGreaterThan(15);
  for (const { limits } of operations) {
    expect(Object.values(limits).every((limit) => Number.isInteger(limit) && limit > 0)).toBe(true);
  }
});

test('a byte too many is a 413, whether its length was said or not', async () => {
  for (const { method, path, limits } of operations) {
    const bytes = Math.min(limits.bytes, BODY_LIMIT_MB * 2 ** 20);
    const [status, code, error] = await send(method, path, ' '.repeat(bytes + 1));
    expect([status, code], `${method} ${path}`).toEqual([413, 'body_too_large']);
    expect(error).toMatch(/^the request body exceeds \d+ [KM]B$/);
    expect((await send(method, path, ' '.repeat(bytes)))[2], `${method} ${path}`).toContain('the body is empty');
  }
});

test('a value or a level too many is a 400 with the limit', async () => {
  for (const { method, path, limits } of operations) {
    const values = Math.min(limits.values, MOST_VALUES_HERE);
    const many = await send(method, path, `[${'1,'.repeat(values - 1)}1]`); // including the list itself
    expect(many, `${method} ${path}`).toEqual([
      400,
      'invalid_request',
      expect.stringContaining(`more than ${values} values`),
    ]);
    const deep = await send(method, path, '['.repeat(limits.depth + 1));
    expect(deep, `${method} ${path}`).toEqual([
      400,
      'invalid_request',
      expect.stringContaining(`more than ${limits.depth} levels`),
    ]);
  }
});

describe.each([
  ['/login', LOGIN_FORM],
  ['/jwt-login', LOGIN_FORM],
  ['/jobs/1/tags', TAG_FORM],
  ['/saved-filters', SAVED_FORM],
])('the form of %s', (path, { limits }) => {
  test('has at most so many bytes and fields', async () => {
    const headers = { 'X-Auth-Token': await service.token('root', 'admin', 'api') };
    const status = async (body: string) =>
      (await service.app.request(path, { method: 'POST', headers, body, redirect: 'manual' })).status;
    expect(await status('x'.repeat(limits.bytes + 1))).toBe(413);
    expect(await status(`a${'&a'.repeat(limits.fields)}`)).toBe(400);
    expect(await status(`do=add&type=a&name=b&scope=root${'&a'.repeat(limits.fields - 4)}`)).toBeLessThan(402);
  });
});
