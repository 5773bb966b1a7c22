/** POST jobs/: the same list as GET, with its query in the body. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bodyOf, faultIn, job, type TestApp, testApp } from '../support/test-app.ts';

/** 2^53. The ids of the jobs are larger, where JavaScript numbers are not exact. */
const BASE = 9_007_199_254_740_992n;

let service: TestApp;
beforeAll(async () => {
  service = await testApp({
    jobs: [
      job({ jobId: 1, startTime: 101_000, metaData: { jobName: 'sim' } }),
      job({ jobId: 2, startTime: 102_000, user: 'bob' }),
      job({ jobId: 3, startTime: 103_000, jobState: 'running', footprint: { cpu_load_avg: 3 } }),
    ],
  });
  await service.write(`UPDATE job SET job_id = job_id + ${BASE}`);
});
afterAll(() => service.close());

const WHO = ['root', 'admin', 'api'] as const;
const byPost = (body: unknown, path = '/api/jobs/') => service.send('POST', path, body, ...WHO);
const ids = async (body: unknown) => {
  const answer = await byPost(body);
  const listed = [...(await answer.text()).matchAll(/"jobId":(\d+)/g)];
  return listed.map(([, id = '']) => Number(BigInt(id) - BASE));
};

test.each([
  ['{}', ''],
  ['{"state":"running"}', 'state=running'],
  ['{"user":["ada","bob"],"items-per-page":1,"page":2}', 'user=ada&user=bob&items-per-page=1&page=2'],
  ['{"with-metadata":true}', 'with-metadata=true'],
  ['{"with-metadata":false}', 'with-metadata=false'],
  ['{"db-id":[1,"3"]}', 'db-id=1&db-id=3'],
  [
    '{"start-time":"1970-01-02..1970-01-02","zone":"Europe/Berlin"}',
    'start-time=1970-01-02..1970-01-02&zone=Europe/Berlin',
  ],
  ['{"metric.cpu_load_avg":"2.5-"}', 'metric.cpu_load_avg=2.5-'],
  ['{"job-name.contains":"S&I=%"}', 'job-name.contains=S%26I%3D%25'],
])('%s answers what GET answers', async (body, query) => {
  for (const path of ['/api/jobs/', '/userapi/jobs/']) {
    const answer = await byPost(body, path);
    expect(answer.status).toBe(200);
    expect(await answer.text()).toBe(await (await service.get(`${path}?${query}`, ...WHO)).text());
  }
});

test('ids are exact in 64 bits', async () => {
  expect(await ids(`{"job-id":${BASE + 1n}}`)).toEqual([1]);
  expect(await ids(`{"job-id":[${BASE + 3n},"${BASE + 2n}"]}`)).toEqual([3, 2]);
  expect(await ids(`{"job-id":${2n ** 63n - 1n}}`)).toEqual([]);
});

test('takes two thousand ids beside other parameters', async () => {
  const many = Array.from({ length: 2_000 }, (_, at) => BASE + 2n + BigInt(at));
  expect(await ids(`{"job-id":[${many}],"items-per-page":2000,"cluster":"small"}`)).toEqual([3, 2]);
  expect(await ids(`{"job-id":[${many}],"state":"completed"}`)).toEqual([2]);
});

test('shows a user the jobs that GET shows', async () => {
  const answer = await service.send('POST', '/userapi/jobs/', {}, 'bob', 'user', 'api');
  expect(await bodyOf(answer)).toMatchObject({ jobs: [{ user: 'bob' }] });
});

test.each(
  [
    ['{"colour":"red"}', 'invalid query parameter: colour'],
    ['{"State":"running"}', 'invalid query parameter: State'],
    ['{"__proto__":"x"}', 'invalid query parameter: __proto__'],
    ['{"page":0}', 'query parameter "page" must be'],
    ['{"page":[1,2]}', 'query parameter "page" must be given once'],
    ['{"job-id":1.5}', 'query parameter "job-id" must be'],
    ['{"job-id":1e3}', 'query parameter "job-id" must be'],
    ['{"job-id":9223372036854775808}', 'query parameter "job-id" must be'],
    ['{"job-id":[]}', 'job-id: must have at least one value'],
    ['{"job-id":null}', 'job-id.0: must be a text'],
    ['{"job-id":{"a":1}}', 'job-id.0: must be a text'],
    ['{"job-id":[[1]]}', 'more than 2 levels'],
    [`{"user":"${'x'.repeat(50_001)}"}`, 'user.0: must have at most 50000 bytes'],
    [`{"job-id":[${'1,'.repeat(2_000)}1]}`, 'job-id: must have at most 2000 entries'],
    [
      JSON.stringify(Object.fromEntries(Array.from({ length: 101 }, (_, n) => [`metric.m${n}`, '1-']))),
      'at most 100 entries',
    ],
    ['[1]', 'must be an object'],
    ['null', 'must be an object'],
    ['', 'the body is empty'],
  ].map(([body = '', message = '']) => ({ body, shown: body.slice(0, 60), message })),
)('refuses $shown', async ({ body, message }) => {
  const [status, code, error] = await faultIn(await byPost(body));
  expect([status, code]).toEqual([400, 'invalid_request']);
  expect(error).toContain(message);
});

test('its address takes no parameters', async () => {
  expect((await faultIn(await byPost({}, '/api/jobs/?state=running')))[2]).toBe('invalid query parameter: state');
});
