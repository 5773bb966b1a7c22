import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { within } from '../../src/deadline.ts';
import { type Grouping, MOST_GROUPS } from '../../src/jobs/groups.ts';
import { EVERY_JOB } from '../../src/jobs/visibility.ts';
import { JobQuestions } from '../../src/questions/ask.ts';
import { csvObjects } from '../support/csv.ts';
import { bodyOf, faultIn, job, NOW, type TestApp, testApp } from '../support/test-app.ts';

const at = (date: string) => Date.parse(date) / 1000;
const start = at('2026-10-31T23:30Z'); // 1 November in Berlin

let service: TestApp;
beforeAll(async () => {
  service = await testApp({
    jobs: [
      job({ jobId: 1, user: 'ada', startTime: start, numNodes: 2, metaData: { jobName: 'train_001' } }),
      job({ jobId: 2, user: 'ada', startTime: start + 3600, numNodes: 3, metaData: { jobName: 'train-17' } }),
      job({ jobId: 3, user: 'bob', startTime: start + 86_400, jobState: 'failed', metaData: { jobName: '2026' } }),
    ],
    sql: "INSERT INTO hpc_user (username, name) VALUES ('ada', 'Ada L.')",
  });
  await service.write(`INSERT INTO tag (id, tag_type, tag_name, tag_scope)
      VALUES (1, 'app', 'lammps', 'global'), (2, 'x', 'secret', 'bob');
    INSERT INTO jobtag (job_id, tag_id) VALUES (1, 1), (1, 2), (2, 2)`);
});
afterAll(() => service.close());

const statistics = async (query: string) =>
  (await bodyOf<{ statistics: Record<string, unknown>[] }>(await service.get(`/api/statistics/jobs?${query}`)))
    .statistics;
const jobsBy = async (query: string) =>
  Object.fromEntries((await statistics(`group-by=${query}`)).map(({ id, totalJobs }) => [id, totalJobs]));

describe('group-by', () => {
  test.each([
    ['state', { completed: 2, failed: 1 }],
    ['size', { '1': 1, '2-3': 2 }],
    ['name-family', { '': 1, train: 2 }],
    ['node', { 'small/n01': 3 }],
    ['tag', { '': 2, '1': 1 }],
    ['month', { '2026-10': 1, '2026-11': 2 }],
    ['month&zone=Europe/Berlin', { '2026-11': 3 }],
    ['week', { '2026-W44': 3 }],
    ['day', { '2026-10-31': 1, '2026-11-01': 2 }],
    ['day&zone=Europe/Berlin', { '2026-11-01': 2, '2026-11-02': 1 }],
    ['hour', { '0': 1, '23': 2 }],
    ['weekday', { '6': 1, '7': 2 }],
  ])('%s', async (query, expected) => {
    expect(await jobsBy(query)).toEqual(expected);
  });

  test('names tags, and has no tag that the caller may not read', async () => {
    expect((await statistics('group-by=tag')).map(({ id, name }) => [id, name])).toEqual([
      ['', ''],
      ['1', 'app: lammps'],
    ]);
  });

  test('two groups has a row for each pair, and the names of both', async () => {
    const shown = (await statistics('group-by=month,user')).map(({ id, name, id2, name2, totalJobs }) => [
      ...[id, name, id2, name2, totalJobs],
    ]);
    expect(shown).toEqual([
      ['2026-10', '', 'ada', 'Ada L.', 1],
      ['2026-11', '', 'ada', 'Ada L.', 1],
      ['2026-11', '', 'bob', '', 1],
    ]);
    const csv = await (await service.get('/api/statistics/jobs.csv?group-by=user,month&sort-by=totalJobs')).text();
    expect(csvObjects(csv)).toMatchObject([
      { id: 'ada', name: 'Ada L.', id2: '2026-10', name2: '', totalJobs: '1' },
      { id: 'ada', id2: '2026-11' },
      { id: 'bob', id2: '2026-11' },
    ]);
  });

  test('percentiles and the overview have the same groups', async () => {
    const asked = 'group-by=state,weekday&zone=Europe/Berlin';
    const ids = [
      { id: 'completed', id2: '7' },
      { id: 'failed', id2: '1' },
    ];
    const percentiles = await service.get(`/api/statistics/percentiles?of=num-nodes&p=100&${asked}`);
    expect((await bodyOf<{ percentiles: object[] }>(percentiles)).percentiles).toMatchObject([
      { ...ids[0], jobs: 2, values: [{ p: 100, value: 3 }] },
      { ...ids[1], jobs: 1, values: [{ p: 100, value: 1 }] },
    ]);
    const csv = await (await service.get(`/api/statistics/percentiles.csv?of=num-nodes&p=100&${asked}`)).text();
    expect(csvObjects(csv)).toMatchObject([{ ...ids[0], p100: '3' }, ids[1]]);
    const overview = await bodyOf<{ groups: object[] }>(await service.get(`/api/statistics/overview?${asked}`));
    expect(overview.groups).toMatchObject(ids);
  });

  test.each([
    ['colour', 'must be one of user, project'],
    ['user,colour', 'must be one of'],
    ['user,user', 'must name different groups'],
    ['user,month,state', 'must name at most 2 groups'],
    ['', 'must be one of'],
    ['user,', 'must be one of'],
    ['month&zone=Mars/Olympus', '"zone" must be the name of a time zone'],
    [`day&items-per-page=${MOST_GROUPS + 1}`, `"items-per-page" must be at most ${MOST_GROUPS}`],
  ])('refuses %s', async (query, message) => {
    const [status, code, error] = await faultIn(await service.get(`/api/statistics/jobs?group-by=${query}`));
    expect([status, code]).toEqual([400, 'invalid_request']);
    expect(error).toContain(message);
  });
});

describe('too many groups', () => {
  test('are refused, with what to do, unless a page is requested', async () => {
    const hosts = Array.from({ length: MOST_GROUPS + 1 }, (_, nth) => ({ hostname: `h${nth}` }));
    const many = await testApp({ jobs: [job({ jobId: 1, resources: hosts })] });
    const [status, code, error] = await faultIn(await many.get('/api/statistics/jobs?group-by=node'));
    expect([status, code]).toEqual([400, 'invalid_request']);
    expect(error).toContain(`more than ${MOST_GROUPS} groups: narrow the filter, or request pages`);
    expect((await many.get('/api/statistics/jobs?group-by=node&page=2')).status).toBe(200);
    await many.close();
  });

  test('are refused by every question', async () => {
    const questions = new JobQuestions(service.db);
    const asked = (groups: Grouping) => {
      const common = { nowSec: NOW, shortJobSec: 300 };
      const percentiles = { of: 'duration', percentiles: [50], ...common, ...groups } as const;
      return [
        within(20_000, (deadline) => questions.statistics(EVERY_JOB, { ...common, ...groups }, deadline)),
        within(20_000, (deadline) => questions.percentiles(EVERY_JOB, percentiles, deadline)),
        within(20_000, (deadline) => questions.overview(EVERY_JOB, { ...common, statistics: [groups] }, deadline)),
      ];
    };
    for (const answer of asked({ groupBy: ['hour'], most: 1 }))
      await expect(answer).rejects.toThrow(/more than 1 groups/);
    for (const answer of asked({ groupBy: ['hour'], most: 2 })) await answer;
    for (const answer of asked({ groupBy: ['hour'], most: 1, page: { page: 1, itemsPerPage: 2 } })) await answer;
  });
});
