/** The answers of the index to one caller are never given to another. */
import { expect, test } from 'vitest';
import type { JobFilter } from '../../src/jobs/filter.ts';
import type { User } from '../../src/jobs/roles.ts';
import { visibleTo } from '../../src/jobs/visibility.ts';
import { indexed, isReady, jobs, withJobs } from '../support/column-index.ts';
import { testPool, within } from '../support/pool.ts';

const user = (name: string, ...roles: string[]): User => ({ name, roles: new Set(roles), projects: [] }) as User;
const CALLERS = [
  user('root', 'admin'),
  user('ada', 'user'),
  user('bob', 'user'),
  user('ad', 'user'),
  user('ADA', 'user'),
];

test('the same question of several callers at once is answered to each for himself', async () => {
  const pool = await testPool();
  await withJobs(pool, jobs(1, 7, "'ada', 1") + jobs(8, 9, "'bob', 1"));
  await withJobs(
    pool,
    `INSERT INTO tag (id, tag_type, tag_name, tag_scope) VALUES (1, 'a', 'public', 'global'), (2, 'a', 'private', 'ada');
     INSERT INTO jobtag (job_id, tag_id) SELECT id, 2 FROM job WHERE job_id <= 3;`,
  );
  const both = indexed(pool);
  await isReady(both);
  const ask = async (filter: JobFilter) => {
    const before = both.index.status().answers;
    const counts = await Promise.all(
      CALLERS.map((caller) => both.questions.count(visibleTo(caller, filter), within(100_000))),
    );
    expect(both.index.status().answers).toBeGreaterThan(before); // answered by the index, not by SQL
    return counts;
  };
  expect(await ask([])).toEqual([9, 7, 2, 0, 0]);
  // Only its owner finds a private tag. Not even an admin does.
  expect(await ask([{ kind: 'tag', ids: [2n] }])).toEqual([0, 3, 0, 0, 0]);
});

test('a question for hundreds of parts of texts is left to the SQL, which hears an interrupt', async () => {
  const pool = await testPool();
  await withJobs(pool, jobs(1, 7));
  const both = indexed(pool);
  await isReady(both);
  const count = async (values: number) => {
    const patterns = Array.from({ length: values }, (_, nth) => `d${nth === 0 ? 'a' : nth}`);
    const filter: JobFilter = [{ kind: 'text', field: 'user', operator: 'contains', values: patterns }];
    const before = both.index.status().answers;
    const jobs = await both.questions.count(visibleTo(user('root', 'admin'), filter), within(100_000));
    return [jobs, both.index.status().answers - before];
  };
  expect(await count(32)).toEqual([7, 1]);
  expect(await count(33)).toEqual([7, 0]);
});
