import { afterAll, beforeAll, expect, test } from 'vitest';
import { bodyOf, faultIn, type TestApp, testApp } from '../support/test-app.ts';

let service: TestApp;
beforeAll(async () => {
  service = await testApp();
});
afterAll(() => service.close());

test.each([
  ['/nothing', ''],
  ['/api', ''],
  ['/api/', ''],
  ['/api/nothing', ''],
  ['/api/jobs', '; did you mean /api/jobs/ ?'],
  ['/api//jobs/', ''],
  ['/userapi/clusters/', ''],
  ['/query/', '; did you mean /query ?'],
  ['/healthz/', '; did you mean /healthz ?'],
  ['/api/jobs/17/', '; did you mean /api/jobs/17 ?'],
  [`/api/jobs/${'1'.repeat(300)}/`, ''],
])(
  'an unknown path is a 404 for everybody, with the path that is meant if only its slash is wrong: %s',
  async (path, hint) => {
    const answer = await service.app.request(path);
    expect(answer.status).toBe(404);
    expect(await bodyOf(answer)).toEqual({
      status: 'Resource not found',
      error: `the requested endpoint does not exist${hint}`,
      code: 'not_found',
    });
  },
);

test.each([
  ['PUT', '/api/jobs/start_job', 'GET, HEAD, POST'],
  ['DELETE', '/api/jobs/delete_job', 'GET, HEAD, POST'],
  ['PUT', '/api/jobs/', 'GET, HEAD, POST'],
  ['PATCH', '/userapi/jobs/1', 'GET, HEAD, POST'],
  ['POST', '/healthz', 'GET, HEAD'],
  ['OPTIONS', '/healthz', 'GET, HEAD'],
])('a method that a path does not know is a 405 for everybody: %s %s', async (method, path, allow) => {
  const answer = await service.app.request(path, { method });
  expect(answer.headers.get('Allow')).toBe(allow);
  expect((await faultIn(answer)).slice(0, 2)).toEqual([405, 'method_not_allowed']);
});

test('POST /api/jobs/start_job without its slash is a job with a strange id', async () => {
  const headers = { 'X-Auth-Token': await service.token() };
  const answer = await service.app.request('/api/jobs/start_job', { method: 'POST', headers, body: '[]' });
  const [status, code, error] = await faultIn(answer);
  expect([status, code]).toEqual([400, 'invalid_request']);
  expect(error).toBe('the id in the path must be an integer');
});

test('HEAD is GET without the body', async () => {
  const get = await service.app.request('/healthz');
  const head = await service.app.request('/healthz', { method: 'HEAD' });
  expect([head.status, await head.text()]).toEqual([200, '']);
  expect(head.headers.get('Content-Length')).toBe(get.headers.get('Content-Length'));
});

test.each(['application/ld+json', 'text/html', 'nonsense'])('an Accept of %s gets JSON', async (accept) => {
  const answer = await service.app.request('/healthz', { headers: { Accept: accept } });
  expect([answer.status, answer.headers.get('Content-Type')]).toEqual([200, 'application/json']);
});

test.each([
  '/healthz',
  '/openapi.json',
  '/api/system',
  '/api/clusters/',
  '/api/jobs/',
  '/api/jobs/1',
  '/api/jobs/count',
  '/api/jobs/metrics/1',
  '/api/jobs/used_nodes',
  '/api/statistics/jobs',
  '/api/statistics/histograms',
  '/api/statistics/overview',
  '/userapi/jobs/',
])('an unknown query parameter of %s is refused by its name', async (path) => {
  const known = path.endsWith('used_nodes') ? 'ts=1&' : '';
  const answer = await service.get(`${path}?${known}colour=red`, 'root', 'admin', 'api');
  const [status, code, error] = await faultIn(answer);
  expect([status, code]).toEqual([400, 'invalid_request']);
  expect(error).toContain('colour');
});

test('an unknown query parameter of a POST is refused by its name', async () => {
  const headers = { 'X-Auth-Token': await service.token() };
  const answer = await service.app.request('/api/jobs/1?colour=red', { method: 'POST', headers, body: '[]' });
  expect((await faultIn(answer))[2]).toBe('invalid query parameter: colour');
});
