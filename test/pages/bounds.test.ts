/**
 * The size of a page is bounded, whatever the database contains. Other programs may store texts and lists of any
 * length.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openSqlite } from '../support/sqlite.ts';
import { job, type TestApp, testApp } from '../support/test-app.ts';

const LONG = 8_000_000;
/** Limit for an uncompressed page. 100 ordinary jobs take about 150 KB. */
const LIMIT_BYTES = 600_000;

let service: TestApp;
let headers: Record<string, string>;
beforeAll(async () => {
  const long = 'x'.repeat(100_000);
  const resources = Array.from({ length: 10_000 }, (_, at) => ({ hostname: `n${at}${'h'.repeat(200)}` }));
  service = await testApp({
    settings: { AUTH: 'none', JWT_PUBLIC_KEY: undefined },
    jobs: [
      job({
        numNodes: 10_000,
        resources,
        metaData: {
          jobName: long,
          jobScript: '\n<&'.repeat(1_400_000),
          [long]: 'x',
          ...Object.fromEntries(Array.from({ length: 5_000 }, (_, at) => [`key ${at}`, 'x'.repeat(400)])),
        },
        footprint: Object.fromEntries(Array.from({ length: 5_000 }, (_, at) => [`m${at}_avg`, at])),
        project: long,
        partition: long,
      }),
      ...Array.from({ length: 60 }, (_, at) => job({ jobId: at + 2, user: `${at}${long}`, cluster: `c${at}` })),
    ],
    sql: `INSERT INTO tag (id, tag_type, tag_name, tag_scope) VALUES (1, 'own', printf('%.*c', ${LONG}, '&'), 'global');
      WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
        INSERT INTO tag (id, tag_type, tag_name, tag_scope) SELECT i, 'own', 'n' || i || printf('%.*c', 1000, '<'), 'global' FROM n`,
    fill: async () => {},
  });
  headers = { Host: 'localhost', Accept: 'text/html' };
  const [file] = await service.query('SELECT file AS path FROM pragma_database_list LIMIT 1');
  const driver = openSqlite(String(file?.['path']));
  await driver.exec(
    'INSERT INTO jobtag (job_id, tag_id) SELECT 1, id FROM tag; INSERT INTO jobtag (job_id, tag_id) SELECT id, 1 FROM job WHERE id > 1',
  );
  driver.close();
}, 60_000);
afterAll(() => service.close());

test.each([
  '/',
  '/jobs',
  '/jobs?items-per-page=100',
  '/jobs?tag=1',
  '/jobs/1',
  '/statistics',
  '/statistics?group-by=project',
  '/timeline?group-by=user&top=50&range=last7d&bucket=day',
  '/find?q=x',
  '/find?q=5x',
  '/users/ada',
  '/partitions',
  '/report',
  '/saved-filters',
  '/unusual',
  '/nodes/small/n01',
])('%s', async (path) => {
  const answer = await service.app.request(`http://localhost${path}`, { headers });
  const text = await answer.text();
  expect(answer.status, text.slice(0, 2000)).toBe(200);
  expect(text.length).toBeGreaterThan(1_000);
  expect(new TextEncoder().encode(text).length).toBeLessThan(LIMIT_BYTES);
});

// 16 KiB, the longest address that Node accepts.
test('many conditions in an address do not multiply', async () => {
  const address = (count: number) =>
    `http://localhost/jobs?${Array.from({ length: count }, (_, at) => `user=${at}${'u'.repeat(150)}`).join('&')}`;
  const answer = await service.app.request(address(100), { headers });
  const text = await answer.text();
  expect(answer.status, text.slice(0, 2000)).toBe(200);
  expect(text.length).toBeLessThan(LIMIT_BYTES);
  expect((await service.app.request(address(101), { headers })).status).toBe(400);
});

test('the page of a job says where all of it is', async () => {
  const text = await (await service.app.request('http://localhost/jobs/1', { headers })).text();
  expect(text).toContain('4,200,000 characters: <a href="/api/jobs/1">full record of the job</a>');
  expect(text).toContain('and 9,500 more: <a href="/api/jobs/1">full record of the job</a>');
});

test('the page of a job has every digit of its numbers', async () => {
  await service.query('UPDATE job SET array_job_id = 9007199254740993 WHERE id = 2');
  const answer = await service.app.request('/jobs/2', { headers });
  expect(await answer.text()).toContain('9007199254740993'); // as a double it is …992
});
