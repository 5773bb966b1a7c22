import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { schemaVersion } from '../../src/db/statements/stored-schema-version.ts';
import { userByName } from '../../src/db/statements/user-by-name.ts';
import { jobHistogramsOf, metricHistogramsOf } from '../../src/jobs/histograms.ts';
import { visibleTo } from '../../src/jobs/visibility.ts';
import { jobHistograms } from '../../src/questions/histograms/sqlite.ts';
import { listedJobs } from '../../src/questions/list/listed-job-rows.ts';
import { metricHistograms } from '../../src/questions/metric-histograms/sqlite.ts';
import { usedNodes } from '../../src/questions/nodes-with-jobs/sqlite.ts';
import { jobById } from '../../src/questions/one-job/sqlite.ts';
import { jobStatistics } from '../../src/questions/statistics/sqlite.ts';
import { type TestDatabase, testDatabase } from '../support/sql.ts';

const all = visibleTo({ name: 'root', roles: new Set(['admin']), projects: [] });
const options = { nowSec: 10_000, shortJobSec: 300 };

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
  await db.exec(`
    INSERT INTO job (job_id, cluster, subcluster, start_time, hpc_user, project, duration, walltime, job_state, resources, num_nodes,
      num_hwthreads, num_acc, shared, footprint) VALUES
    (1, 'a', 'm', 1000, 'ada', 'p', 5000, 1, 'completed', '[{"hostname":"n1"}]', 2, 10, 0, 'none', '{"load_avg":0,"mem_max":100}'),
    (2, 'a', 'm', 2000, 'ada', 'p', 299, 1, 'failed', '[{"hostname":"n1"}]', 1, NULL, 3, 'none', CAST('{"load_avg":50}' AS BLOB)),
    (3, 'b', 'm', 9000, 'bob', 'p', 0, 1, 'running', '[{"hostname":"n2"},{"hostname":"n1"}]', 4, 20, NULL, 'none', '{"load_avg":100,"mem_max":101}'),
    (4, 'b', 'm', 9500, 'bob', 'p', 0, 1, 'running', '[{"hostname":"n2"},{"hostname":"N3"}]', 1, 1, 1, 'none', '{"load_avg":"50"}');
    INSERT INTO hpc_user (username, name, roles, projects) VALUES
      ('ada', 'Ada L.', CAST('["user","manager"]' AS BLOB), '["p1"]'), ('bob', NULL, 'null', 'broken');`);
});
afterAll(() => db.close());

test('sums over all jobs', async () => {
  // D: 5000, 299, 10000 - 9000 = 1000, 10000 - 9500 = 500; together 6799 s = 1.9 h
  // node seconds: 5000*2 + 299*1 + 1000*4 + 500*1 = 14799 = 4.1 h
  // core seconds: 5000*10 + 0 + 1000*20 + 500*1 = 70500 = 19.6 h
  // accelerator seconds: 0 + 299*3 + 0 + 500*1 = 1397 = 0.4 h
  expect(await db.read(jobStatistics(all, options))).toEqual([
    {
      id: '',
      name: '',
      totalJobs: 4,
      totalUsers: 2,
      runningJobs: 2,
      shortJobs: 3, // 299, and the two running ones with a stored duration of 0
      totalWalltime: 1,
      totalNodes: 8,
      totalNodeHours: 4,
      totalCores: 31,
      totalCoreHours: 19,
      totalAccs: 4,
      totalAccHours: 0,
    },
  ]);
});

test('groups by user carry the name of the account and are sorted', async () => {
  const rows = await db.read(jobStatistics(all, { ...options, groupBy: ['user'], sortBy: 'totalCoreHours' }));
  // ada 50000 s = 13 h, bob 20500 s = 5 h
  expect(rows.map(({ id, name, totalCoreHours }) => [id, name, totalCoreHours])).toEqual([
    ['ada', 'Ada L.', 13],
    ['bob', '', 5],
  ]);
});

test('equal groups come in the order of their keys', async () => {
  const rows = await db.read(jobStatistics(all, { ...options, groupBy: ['cluster'], sortBy: 'totalJobs' }));
  expect(rows.map(({ id }) => id)).toEqual(['a', 'b']);
});

test('sums beyond 2^53 and 2^63 of seconds are exact', async () => {
  const wide = await testDatabase();
  const most = 2n ** 31n - 1n;
  await wide.exec(`INSERT INTO job (job_id, cluster, subcluster, start_time, hpc_user, project, duration, walltime, job_state, resources, num_nodes, num_hwthreads, num_acc, shared)
    VALUES ${[1, 2, 3].map((id) => `(${id}, 'a', 'm', 0, 'u', 'p', ${most}, 1, 'completed', '[]', ${most}, ${2n ** 62n}, 0, 'none')`).join()}`);
  const [row] = await wide.read(jobStatistics(all, options));
  wide.close();
  // Three jobs of (2^31 - 1)^2 node seconds: 13,835,058,042,397,261,827 is above 2^63, but its hours are not.
  expect(row?.totalNodeHours).toBe(Number((3n * most * most) / 3600n));
  expect(row?.totalNodes).toBe(Number(3n * most));
  expect(row?.totalCores).toBe(2n ** 63n - 1n); // 3 * 2^62 does not fit, so the largest number is returned
});

test('a running job whose start is ahead counts 0 s, not less', async () => {
  const ahead = await testDatabase();
  onTestFinished(() => ahead.close());
  // The clock of its node is an hour ahead. Other programs have stored milliseconds instead of seconds.
  await ahead.exec(`INSERT INTO job (job_id, cluster, subcluster, start_time, hpc_user, project, duration, walltime, job_state, resources, num_nodes, num_hwthreads, num_acc, shared)
    VALUES (1, 'a', 'm', ${options.nowSec + 3600}, 'u', 'p', 0, 1, 'running', '[]', 2, 8, 1, 'none'),
           (2, 'a', 'm', 1795870476000, 'u', 'p', 0, 1, 'running', '[]', 1, 1, 0, 'none'),
           (3, 'a', 'm', ${options.nowSec - 3600}, 'u', 'p', 0, 1, 'running', '[]', 1, 1, 0, 'none')`);
  expect(await ahead.read(jobStatistics(all, options))).toMatchObject([
    { totalJobs: 3, runningJobs: 3, totalWalltime: 1, totalNodeHours: 1, totalCoreHours: 1, totalAccHours: 0 },
  ]);
  const counted = await ahead.read(jobHistograms(all, { bins: '1h', nowSec: options.nowSec }));
  expect(jobHistogramsOf('1h', counted).histDuration.slice(0, 2)).toEqual([
    { value: 3600, count: 2 },
    { value: 7200, count: 1 },
  ]);
  expect(await ahead.read(jobById(all, 1, { nowSec: options.nowSec }))).toMatchObject([
    { job: expect.stringContaining('"duration":0,') },
  ]);
  const sorted = { page: 1, itemsPerPage: 10, column: 'duration', order: 'asc', nowSec: options.nowSec } as const;
  expect(await ahead.read(listedJobs(all, sorted))).toMatchObject([
    { duration: 0 },
    { duration: 0 },
    { duration: 3600 },
  ]);
});

test('no jobs: one row of zeros, and no groups', async () => {
  const none = { ...all, conditions: [{ kind: 'id', field: 'db-id', values: [] }] } as const;
  const [row, ...others] = await db.read(jobStatistics(none, options));
  expect(others).toEqual([]);
  expect(Object.values(row ?? {}).filter((value) => value !== 0)).toEqual(['', '']);
  expect(await db.read(jobStatistics(none, { ...options, groupBy: ['user'] }))).toEqual([]);
});

test('a number that a foreign file stores as text or fraction harms nobody', async () => {
  const foreign = await testDatabase();
  await foreign.exec(`INSERT INTO job (job_id, cluster, subcluster, start_time, hpc_user, project, duration, walltime, job_state, resources, num_nodes, num_hwthreads, num_acc, shared)
    VALUES (1, 'a', 'm', 0, 'u', 'p', 5, 1, 'completed', '[]', 'many', 'abc', 2.5, 'none')`);
  const rows = await foreign.read(jobHistograms(all, { bins: '1h', nowSec: 10_000 }));
  expect(rows.filter(({ histogram }) => histogram !== 'histDuration').map(({ value }) => value)).toEqual([2, 0, 0]);
  expect(await foreign.read(jobById(all, 1, { nowSec: 1 }))).toMatchObject([{ numNodes: 0 }]);
  foreign.close();
});

test('the four histograms', async () => {
  const counted = await db.read(jobHistograms(all, { bins: '1h', nowSec: 10_000 }));
  const { histDuration, histNumNodes, histNumCores, histNumAccs } = jobHistogramsOf('1h', counted);
  // D: 299, 500, 1000 in the first hour, 5000 in the second
  expect(histDuration.slice(0, 3)).toEqual([
    { value: 3600, count: 3 },
    { value: 7200, count: 1 },
    { value: 10_800, count: 0 },
  ]);
  expect(histNumNodes.map(({ value, count }) => [value, count])).toEqual([
    [1, 2],
    [2, 1],
    [4, 1],
  ]);
  expect(histNumCores.map(({ value, count }) => [value, count])).toEqual([
    [0, 1],
    [1, 1],
    [10, 1],
    [20, 1],
  ]);
  expect(histNumAccs.map(({ value, count }) => [value, count])).toEqual([
    [0, 2],
    [1, 1],
    [3, 1],
  ]);
});

test('metric histograms count numbers up to the peak, the peak in the last bin', async () => {
  const scales = [
    { metric: 'load', stat: 'avg', unit: '', peak: 100 },
    { metric: 'mem', stat: 'max', unit: 'GB', peak: 100 },
    { metric: 'mem', stat: '', unit: '', peak: 100 },
  ];
  const histograms = metricHistogramsOf(scales, 4, await db.read(metricHistograms({ jobs: all, scales, bins: 4 })));
  // load 0 -> 1, 50 -> trunc(2) + 1 = 3, 100 -> 4, the text "50" does not count; mem 100 -> 4, 101 exceeds the peak
  expect(histograms.map(({ data }) => data.map(({ count }) => count))).toEqual([
    [1, 0, 1, 1],
    [0, 0, 0, 1],
    [0, 0, 0, 0],
  ]);
});

test('used nodes are those of jobs that run and started before, each once, in byte order', async () => {
  expect(await db.read(usedNodes(9500))).toEqual([{ cluster: 'b', hostnames: ['n1', 'n2'] }]); // strictly before
  expect(await db.read(usedNodes(9501))).toEqual([{ cluster: 'b', hostnames: ['N3', 'n1', 'n2'] }]);
  expect(await db.read(usedNodes(9000))).toEqual([]);
});

test('an account has its roles and projects whatever form they are stored in', async () => {
  expect(await db.read(userByName('ada'))).toEqual([
    { username: 'ada', name: 'Ada L.', email: '', roles: ['user', 'manager'], projects: ['p1'] },
  ]);
  expect(await db.read(userByName('bob'))).toEqual([{ username: 'bob', name: '', email: '', roles: [], projects: [] }]);
  expect(await db.read(userByName("x' OR 1=1 --"))).toEqual([]);
});

test('the schema has a version', async () => {
  expect(await db.read(schemaVersion())).toEqual([{ version: 11, dirty: false }]);
});
