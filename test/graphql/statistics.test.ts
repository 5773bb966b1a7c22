/** Statistics by /query (contract/graphql.md §6). */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bodyOf, job, NOW, type TestApp, testApp } from '../support/test-app.ts';

let service: TestApp;
beforeAll(async () => {
  service = await testApp({
    jobs: [
      job({ jobId: 1, user: 'ada', duration: 3_600, numNodes: 2, footprint: { mem_used_max: 8 } }),
      job({ jobId: 2, user: 'ada', duration: 60, footprint: { mem_used_max: 2 } }),
      job({ jobId: 3, user: 'bob', jobState: 'running', startTime: NOW - 7_200, duration: 0 }),
    ],
    sql: `INSERT INTO hpc_user (username, name) VALUES ('ada', 'Ada L.')`,
  });
});
afterAll(() => service.close());

interface Answer {
  data: { jobsStatistics: Record<string, unknown>[] } | null;
  errors?: { message: string; extensions: { code: string } }[];
}

const ask = async (args: string, fields: string, ...who: string[]) =>
  await bodyOf<Answer>(await service.ask(`{ jobsStatistics${args} { ${fields} } }`, null, ...(who as [string])));
const rows = async (args: string, fields: string, ...who: string[]) =>
  (await ask(args, fields, ...who)).data?.jobsStatistics;

test('totals of all jobs, and of the jobs of the caller', async () => {
  const fields = 'id name totalJobs totalUsers totalNodes totalWalltime runningJobs shortJobs';
  expect(await rows('', fields)).toEqual([
    { id: '', name: '', totalJobs: 3, totalUsers: 2, totalNodes: 4, totalWalltime: 3, runningJobs: 1, shortJobs: 2 },
  ]);
  expect(await rows('', 'totalJobs runningJobs', 'ada', 'user')).toEqual([{ totalJobs: 2, runningJobs: 0 }]);
});

test('groups, their names, their order and their pages', async () => {
  expect(await rows('(groupBy: USER)', 'id name totalJobs')).toEqual([
    { id: 'ada', name: 'Ada L.', totalJobs: 2 },
    { id: 'bob', name: '', totalJobs: 1 },
  ]);
  expect(await rows('(groupBy: USER, sortBy: TOTALWALLTIME)', 'id')).toEqual([{ id: 'bob' }, { id: 'ada' }]);
  const page = (number: number, size: number) =>
    rows(`(groupBy: USER, page: {page: ${number}, itemsPerPage: ${size}})`, 'id');
  expect([await page(1, 1), await page(2, 1), await page(3, 1), await page(0, 1), await page(1, -1)]).toEqual([
    [{ id: 'ada' }],
    [{ id: 'bob' }],
    [],
    [{ id: 'ada' }],
    [{ id: 'ada' }, { id: 'bob' }],
  ]);
  // In cc-backend these two alone do not group.
  expect(await rows('(groupBy: USER)', 'runningJobs shortJobs')).toEqual([
    { runningJobs: 0, shortJobs: 1 },
    { runningJobs: 1, shortJobs: 1 },
  ]);
});

test('histograms of jobs and of metrics', async () => {
  const [{ histDuration, ...others } = {}] =
    (await rows('(numDurationBins: "12h")', 'histDuration { value count } histNumNodes { value count }')) ?? [];
  expect((histDuration as object[]).slice(0, 2)).toEqual([
    { value: 43_200, count: 3 },
    { value: 86_400, count: 0 },
  ]);
  expect(others).toEqual({
    histNumNodes: [
      { value: 1, count: 2 },
      { value: 2, count: 1 },
    ],
  });
  expect(
    ((await rows('(numDurationBins: "a week")', 'histDuration { value }')) ?? [])[0]?.['histDuration'],
  ).toHaveLength(24);
  const metrics = 'histMetrics { metric stat data { bin count } }';
  const [first] = (await rows('(metrics: ["mem_used", "x)"], numMetricBins: 2)', metrics)) ?? [];
  expect(first).toMatchObject({ histMetrics: [{ metric: 'mem_used', stat: 'max' }] });
  expect(await rows('(filter: [{state: ["running"]}], metrics: ["mem_used"])', metrics)).toEqual([{ histMetrics: [] }]);
});

test('what @include and @skip leave out is not asked for', async () => {
  const left = 'id histDuration @include(if: false) { count } histNumAccs @skip(if: true) { count }';
  expect(await rows('(groupBy: USER)', left)).toEqual([{ id: 'ada' }, { id: 'bob' }]);
});

test.each([
  ['(groupBy: USER)', 'histDuration { count }', 'histograms cannot be grouped'],
  ['(metrics: ["mem_used"], numMetricBins: 0)', 'histMetrics { metric }', 'numMetricBins'],
  ['(metrics: ["a", "b", "c"], numMetricBins: 10000)', 'histMetrics { metric }', '20000 bins'],
  ['(groupBy: USER, page: {page: 1, itemsPerPage: 0})', 'id', 'itemsPerPage'],
])('%s { %s } is an error of the field', async (args, fields, text) => {
  const { data, errors } = await ask(args, fields);
  expect([data, errors?.[0]?.extensions.code]).toEqual([null, 'invalid_request']);
  expect(errors?.[0]?.message).toContain(text);
});

test('whose names are hidden, cannot be grouped by users', async () => {
  // Such an account sees all jobs as a machine does, and the names of some.
  expect((await ask('(groupBy: USER)', 'id', 'ada', 'user')).data).toEqual({ jobsStatistics: [{ id: 'ada' }] });
});
