import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseFilter } from '../../src/http/query/job-filter-query.ts';
import { FIELDS } from '../../src/jobs/fields.ts';
import { ORDERS, type OrderColumn, SORT_COLUMNS, type SortColumn } from '../../src/jobs/list-order.ts';
import type { User } from '../../src/jobs/roles.ts';
import { visibleTo } from '../../src/jobs/visibility.ts';
import { type ListedJob, listedJobs } from '../../src/questions/list/listed-job-rows.ts';
import { type TestDatabase, testDatabase } from '../support/sql.ts';

const admin: User = { name: 'root', roles: new Set(['admin']), projects: [] };
const ada: User = { name: 'ada', roles: new Set(['user']), projects: [] };
const NOW = 10_000;
const JOBS = 60;

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
  // Many equal values in every column. Every fifth job runs, and its stored duration differs from the current one.
  const rows = Array.from({ length: JOBS }, (_, n) => {
    const state = n % 5 === 0 ? 'running' : 'completed';
    const name = n === 7 ? `json_object('jobName', '${'n'.repeat(500)}')` : n === 8 ? `'{broken'` : 'NULL';
    return `(${n + 1}, ${n === 0 ? '9007199254740993' : n}, 'c${n % 2}', 's', ${9_000 + ((n * 7) % 20)}, '${n % 3 ? 'ada' : 'bob'}', 'p', ${(n * 11) % 13}, ${(n * 5) % 9}, '${state}', ${name}, '[]', ${1 + (n % 4)}, ${n % 6 === 0 ? 'NULL' : n % 3}, ${n % 4 === 0 ? 'NULL' : n % 2}, ${n % 6 === 0 ? 0 : 8_990 + (n % 25)}, 1, 'none', 0, ${n === 9 ? '9e999' : (n % 5) / 2}, 'null')`;
  });
  await db.exec(`INSERT INTO job (id, job_id, cluster, subcluster, start_time, hpc_user, project, duration, walltime, job_state, meta_data, resources, num_nodes,
      num_hwthreads, num_acc, submit_time, smt, shared, monitoring_status, energy, footprint) VALUES ${rows.join(',')};
    INSERT INTO tag (id, tag_type, tag_name, tag_scope) VALUES (1, 't', 'g', 'global'), (2, 't"', 'a', 'admin'), (3, 't', 'mine', 'ada');
    INSERT INTO jobtag (job_id, tag_id) VALUES (1, 3), (1, 2), (1, 1);`);
});
afterAll(() => db.close());

const first = { page: 1, itemsPerPage: 100, nowSec: NOW, column: 'start-time', order: 'desc' } as const;
const list = async (user: User, more: Partial<Parameters<typeof listedJobs>[1]> = {}, query = '') =>
  await db.read(listedJobs(visibleTo(user, parseFilter(new URLSearchParams(query), NOW)), { ...first, ...more }));

/** The sort value of each job by its id: the duration until now, the wait, or the column, in which NULL is 0. */
async function valuesOf(by: SortColumn): Promise<ReadonlyMap<number, number>> {
  const value = (() => {
    if (by === 'duration') return `iif(job_state = 'running', ${NOW} - start_time, duration)`;
    if (by === 'wait') return 'iif(submit_time BETWEEN 1 AND start_time, start_time - submit_time, -1)';
    if (by === 'walltime-used') return "iif(job_state <> 'running' AND walltime > 0, duration * 1.0 / walltime, -1)";
    const field = FIELDS[by];
    return 'column' in field ? `ifnull(${field.column}, 0)` : '-1'; // other fractions are unknown without a footprint
  })();
  const rows = (await db.all(`SELECT id, ${value} AS value FROM job`)) as { id: number; value: number }[];
  return new Map(rows.map(({ id, value }) => [id, value]));
}

describe.each(SORT_COLUMNS)('sorted by %s', (column) => {
  test.each(ORDERS)('%s, equals newest first', async (order) => {
    const jobs = await list(admin, { column, order });
    const values = await valuesOf(column);
    const value = ({ id }: ListedJob) => values.get(Number(id)) ?? Number.NaN;
    const sign = order === 'asc' ? 1 : -1;
    // If sorted by start, ascending, the oldest also comes first among equal values.
    const tie = column === 'start-time' && order === 'asc' ? 1 : -1;
    const sorted = jobs.toSorted(
      (a, b) =>
        (value(a) - value(b)) * sign || // Infinity - Infinity is NaN: equal
        (Number(a.startTime) - Number(b.startTime)) * tie ||
        (Number(a.id) - Number(b.id)) * tie,
    );
    expect(jobs.map(({ id }) => id)).toEqual(sorted.map(({ id }) => id));
    expect(jobs).toHaveLength(JOBS);
  });

  test('pages follow one another', async () => {
    const all = await list(ada, { column }, 'cluster=c0&cluster=c1');
    const pages = await Promise.all(
      [1, 2, 3].map((page) => list(ada, { column, page, itemsPerPage: 17 }, 'cluster=c0&cluster=c1')),
    );
    expect(pages.flat()).toEqual(all.slice(0, 51));
    expect(new Set(all.map(({ user }) => user))).toEqual(new Set(['ada']));
  });
});

describe('orders that no page offers', () => {
  const ids = async (column: OrderColumn, order: 'asc' | 'desc', query = '') =>
    (await list(admin, { column, order }, query)).map(({ id }) => Number(id));

  test('texts by their bytes, equals newest first', async () => {
    const rows = (await db.all('SELECT id, hpc_user AS user, start_time AS start FROM job')) as {
      id: number;
      user: string;
      start: number;
    }[];
    const sorted = rows.toSorted(
      (a, b) => (a.user < b.user ? -1 : Number(a.user > b.user)) || b.start - a.start || b.id - a.id,
    );
    expect(await ids('user', 'asc')).toEqual(sorted.map(({ id }) => id));
  });

  test('states by their names, ids by their numbers', async () => {
    const states = (await list(admin, { column: 'state', order: 'desc' })).map(({ jobState }) => jobState);
    expect(states).toEqual([...states].sort().reverse());
    expect(new Set(states)).toEqual(new Set(['completed', 'running']));
    const all = await ids('db-id', 'asc');
    expect(all).toEqual(Array.from({ length: JOBS }, (_, n) => n + 1));
    expect((await ids('job-id', 'desc'))[0]).toBe(1); // 2^53 + 1
  });

  test('a key of the footprint; jobs without it have the least value', async () => {
    await db.exec(`UPDATE job SET footprint = json_object('flops_any_avg', id % 7) WHERE id % 2 = 0;
      UPDATE job SET footprint = '{broken' WHERE id = 1`);
    const jobs = await ids('metric.flops_any_avg', 'desc');
    const value = (id: number) => (id % 2 === 0 ? id % 7 : -1);
    expect(jobs.map(value)).toEqual(jobs.map(value).toSorted((a, b) => b - a));
    expect(jobs).toHaveLength(JOBS);
    expect((await ids('metric.flops_any_avg', 'asc')).map(value)).toEqual(jobs.map(value).reverse());
    await db.exec("UPDATE job SET footprint = 'null'");
  });

  test('a key that no footprint can have never reaches the SQL', () => {
    expect(() => listedJobs(visibleTo(admin, []), { ...first, column: "metric.x' --" })).toThrow(RangeError);
  });
});

test('a line has no more than fits in one, exactly', async () => {
  const jobs = await list(admin);
  const byId = new Map(jobs.map((job) => [Number(job.id), job]));
  expect(byId.get(8)?.name).toBe('n'.repeat(200));
  expect(byId.get(9)?.name).toBe('');
  expect(byId.get(10)?.energy).toBeNull();
  expect(byId.get(1)).toMatchObject({
    jobId: 9_007_199_254_740_993n,
    duration: NOW - 9_000,
    numHwthreads: 0,
    tags: [
      { type: 't', name: 'g', scope: 'global' },
      { type: 't"', name: 'a', scope: 'admin' },
    ],
  });
  expect(await list(admin, {}, 'state=deadline')).toEqual([]);
});
