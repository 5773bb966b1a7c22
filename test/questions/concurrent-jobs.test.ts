import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { User } from '../../src/jobs/roles.ts';
import { visibleTo } from '../../src/jobs/visibility.ts';
import { JobQuestions } from '../../src/questions/ask.ts';
import { MOST_LINKS, type SharingJob } from '../../src/questions/concurrent-jobs/question.ts';
import { BOTH_DATABASES, type SharedDatabase } from '../support/both-databases.ts';
import { indexed, isReady } from '../support/column-index.ts';
import { testPool, within } from '../support/pool.ts';
import { openSqlite } from '../support/sqlite.ts';

const NOW = 20_000;
const DAY = 86_400;
const admin: User = { name: 'root', roles: new Set(['admin']), projects: [] };

/** A job of an hour from 10,000 to 13,600: concurrent jobs start before 13,400 and end after 10,200. */
const HOUR: SharingJob = {
  ...{ cluster: 'a b&c', shared: 'multi_user', jobState: 'completed', startTime: 10_000, duration: 3_600 },
  firstHost: 'n1',
};

interface Stored {
  start: number;
  duration: number;
  state?: string;
  hosts?: string;
  user?: string;
  project?: string;
  cluster?: string;
}
/** By database id, which is also the job id. */
const JOBS: Record<number, Stored> = {
  1: { start: 10_000, duration: 3_600 }, // the job itself
  2: { start: 13_399, duration: 10 }, // the last start
  3: { start: 13_400, duration: 10 },
  4: { start: 9_000, duration: 1_201, user: 'bob' }, // the first end: 10,201
  5: { start: 9_000, duration: 1_200 },
  6: { start: 10_200, duration: 0 }, // does not end after 10,200
  7: { start: 10_201, duration: 0, project: 'p2' },
  8: { start: 10_200 - 30 * DAY, duration: 30 * DAY + 1 },
  9: { start: 11_000, duration: 100, hosts: '["n2"]' },
  10: { start: 11_000, duration: 100, hosts: '["n2","n1"]' },
  11: { start: 11_000, duration: 100, cluster: 'b' },
  12: { start: 13_400, duration: 0, state: 'running' }, // a running one may start a second later
  13: { start: 13_401, duration: 0, state: 'running' },
  14: { start: 10_000 - 30 * DAY, duration: 0, state: 'running', user: 'bob' },
  15: { start: 11_000, duration: 100, hosts: '["n1x"]' },
};

const insert = Object.entries(JOBS).map(([id, { start, duration, state = 'completed', hosts = '["n1"]', ...of }]) => {
  const { user = 'ada', project = 'p1', cluster = 'a b&c' } = of;
  const resources = JSON.stringify((JSON.parse(hosts) as string[]).map((hostname) => ({ hostname })));
  return `(${id}, ${id}, '${cluster}', 'm', ${start}, '${user}', '${project}', ${duration}, 1, '${state}', '${resources}', 1, 'multi_user')`;
});
const FIXTURE = `INSERT INTO job (id, job_id, cluster, subcluster, start_time, hpc_user, project, duration, walltime, job_state, resources, num_nodes, shared) VALUES ${insert.join()}`;

/** By start, then by id; then the running ones. */
const ALL_OF_HOUR = [8, 4, 1, 7, 10, 2, 14, 12];

describe.each(BOTH_DATABASES)('on %s', (_, open) => {
  let at: SharedDatabase;
  let questions: JobQuestions;
  beforeAll(async () => {
    at = await open();
    await at.exec(FIXTURE);
    questions = new JobQuestions(at.db);
  });
  afterAll(() => at.close());

  const concurrent = async (job: SharingJob, user = admin) =>
    await questions.concurrent(visibleTo(user), job, NOW, within(20_000));
  const ids = async (job: SharingJob, user = admin) => (await concurrent(job, user))?.items.map(({ id }) => id);

  test('jobs that overlapped it on its first host, ended ones first, and the job itself', async () => {
    expect(await concurrent(HOUR)).toEqual({
      items: ALL_OF_HOUR.map((id) => ({ id, jobId: id })),
      count: 8,
      listQuery: `cluster=a%20b%26c&${ALL_OF_HOUR.map((id) => `jobId=${id}`).join('&')}`,
    });
  });

  test('a running job overlaps until now', async () => {
    // From 19,000 to 20,000: start before 19,800, end after 19,200.
    expect(await ids({ ...HOUR, jobState: 'running', startTime: 19_000, duration: 1_000 })).toEqual([14, 12, 13]);
  });

  test('an exclusive job, a short one and one without hosts have none', async () => {
    expect(await concurrent({ ...HOUR, shared: 'none' })).toBeUndefined();
    expect(await concurrent({ ...HOUR, duration: 600 })).toBeUndefined();
    expect(await concurrent({ ...HOUR, firstHost: undefined })).toBeUndefined();
    expect(await ids({ ...HOUR, duration: 601 })).toEqual([8, 4, 1, 7, 14]); // start before 10,401
  });

  test.each<[string, string[], string[], number[]]>([
    ['ada', ['user'], [], [8, 1, 7, 10, 2, 12]],
    ['bob', ['user'], [], [4, 14]],
    ['eve', ['user'], [], []],
    ['eve', ['manager'], ['p2'], [7]],
    ['bob', ['manager'], ['p2'], [4, 7, 14]],
    ['eve', ['support'], [], ALL_OF_HOUR],
    ['eve', ['api'], [], ALL_OF_HOUR],
  ])('%s as %j of %j sees only what it may', async (name, roles, projects, expected) => {
    expect(await ids(HOUR, { name, roles: new Set(roles), projects })).toEqual(expected);
  });
});

test('the column index finds the same jobs', async () => {
  const pool = await testPool();
  const connection = openSqlite(pool.path);
  await connection.exec(FIXTURE);
  connection.close();
  const both = indexed(pool);
  await isReady(both);
  const found = await both.questions.concurrent(visibleTo(admin), HOUR, NOW, within(20_000));
  expect(found?.items.map(({ id }) => id)).toEqual(ALL_OF_HOUR);
  expect(both.index.status().answers).toBe(1);
});

test('of many jobs the first ones are listed, and all are counted', async () => {
  const pool = await testPool();
  const connection = openSqlite(pool.path);
  await connection.exec(`INSERT INTO job (job_id, cluster, subcluster, start_time, hpc_user, project, duration, walltime, job_state, resources, num_nodes, shared)
    WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 1500)
    SELECT x, 'a b&c', 'm', 10000 + x, 'ada', 'p', 1000, 1, 'completed', '[{"hostname":"n1"}]', 1, 'multi_user' FROM n`);
  connection.close();
  const found = await new JobQuestions(pool.db).concurrent(visibleTo(admin), HOUR, NOW, within(20_000));
  expect([found?.items.length, found?.items[0]?.jobId, found?.count]).toEqual([MOST_LINKS, 1, 1_500]);
});
