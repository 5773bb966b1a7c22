/** Job.concurrentJobs (contract/graphql.md §5). Which jobs are concurrent: questions/concurrent-jobs. */
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { dataOf, errorsOf } from '../support/graphql.ts';
import { job, NOW, type TestApp, testApp } from '../support/test-app.ts';

const BIG = 2n ** 53n + 1n;

let service: TestApp;
beforeAll(async () => {
  const sharing = { shared: 'multi_user', startTime: NOW - 7_200, duration: 3_600 } as const;
  service = await testApp({
    jobs: [
      job({ ...sharing, jobId: 101 }),
      job({ ...sharing, jobId: BIG, startTime: NOW - 5_000, user: 'bob', project: 'p2' }),
      job({ ...sharing, jobId: 103, startTime: NOW - 6_000, duration: 0, jobState: 'running' }),
      job({ ...sharing, jobId: 104, resources: [{ hostname: 'n02' }] }),
      job({ ...sharing, jobId: 105, shared: 'none' }),
      job({ ...sharing, jobId: 106, resources: [] }),
    ],
  });
});
afterAll(() => service.close());

const QUERY = 'query ($id: ID!) { job(id: $id) { concurrentJobs { listQuery items { id jobId } count } } }';

async function concurrentOf(id: number, user?: string, ...roles: string[]) {
  return (await dataOf<{ job: { concurrentJobs: unknown } }>(service.ask(QUERY, { id }, user, ...roles))).job
    .concurrentJobs;
}

test('are links to the jobs on its first host, those that have ended first, and to itself', async () => {
  const answer = await service.ask(QUERY, { id: 1 });
  expect(await answer.text()).toBe(
    `{"data":{"job":{"concurrentJobs":{"listQuery":"cluster=small&jobId=101&jobId=105&jobId=${BIG}&jobId=103","items":[{"id":1,"jobId":101},{"id":5,"jobId":105},{"id":2,"jobId":${BIG}},{"id":3,"jobId":103}],"count":4}}}}`,
  );
});

test('are those that the caller may see', async () => {
  expect(await concurrentOf(1, 'ada', 'user')).toEqual({
    listQuery: 'cluster=small&jobId=101&jobId=105&jobId=103',
    items: [
      { id: 1, jobId: 101 },
      { id: 5, jobId: 105 },
      { id: 3, jobId: 103 },
    ],
    count: 3,
  });
});

test('of the jobs of a page, if it has at most 50', async () => {
  const asked =
    '{ jobs(page: {page: 1, itemsPerPage: -1}) { items { ...Links } } } fragment Links on Job { concurrentJobs { count } }';
  const jobsOf = async (on: TestApp) => (await dataOf<{ jobs: { items: object[] } }>(on.ask(asked))).jobs.items;
  const counts = [4, 4, 4, 1, null, null].map((count) => ({ concurrentJobs: count === null ? null : { count } }));
  expect(await jobsOf(service)).toEqual(counts);
  const large = await testApp({ jobs: Array.from({ length: 51 }, (_, nth) => job({ jobId: nth + 1 })) });
  onTestFinished(() => large.close());
  expect(await errorsOf(large.ask(asked))).toEqual([['jobs.items', 'invalid_request']]);
  const page = asked.replace('-1', '50');
  expect(await dataOf(large.ask(page))).toEqual({ jobs: { items: Array(50).fill({ concurrentJobs: null }) } });
  expect(await dataOf(large.ask('{ jobs(page: {page: 1, itemsPerPage: -1}) { count } }'))).toEqual({
    jobs: { count: 51 },
  });
});

test('are null for a job that has its nodes to itself, and for one without hosts', async () => {
  expect(await concurrentOf(5)).toBeNull();
  expect(await concurrentOf(6)).toBeNull();
});
