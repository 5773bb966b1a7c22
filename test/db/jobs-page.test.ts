import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import type { PageStatement } from '../../src/db/statement.ts';
import { parseFilter } from '../../src/http/query/job-filter-query.ts';
import type { User } from '../../src/jobs/roles.ts';
import { visibleTo } from '../../src/jobs/visibility.ts';
import { type JobsListOptions, listBatches } from '../../src/questions/list/batches.ts';
import type { JobsBatch } from '../../src/questions/list/sqlite.ts';
import { jobById, jobForMetrics } from '../../src/questions/one-job/sqlite.ts';
import { type TestDatabase, testDatabase } from '../support/sql.ts';

const admin: User = { name: 'root', roles: new Set(['admin']), projects: [] };
const ada: User = { name: 'ada', roles: new Set(['user']), projects: [] };
const NOW = 10_000;

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
  await db.exec(`
    INSERT INTO job (id, job_id, cluster, subcluster, start_time, hpc_user, project, cluster_partition, array_job_id, duration, walltime,
      job_state, meta_data, resources, num_nodes, num_hwthreads, num_acc, smt, shared, monitoring_status, energy, footprint) VALUES
    (1, 9007199254740993, 'fritz', 'main', 1000, 'ada', 'p', 'multi', 7, 60, 3600, 'completed',
      CAST('{"jobName":"a<b>",' || char(10) || ' "jobScript":"x"}' AS BLOB),
      CAST('[ {"hostname":"f1","hwthreads":[0,1]} ]' AS BLOB), 1, 72, 4, 1, 'none', 3, 0.30000000000000004, '{"flops_any_avg":1.5}'),
    (2, 2, 'fritz', 'main', 2000, 'bob', 'p', '', 0, 5, 0, 'running', 'null', '[{"hostname":"f1"}]', 1, 0, 0, 0, 'single_user', 0, 0, NULL),
    (3, 3, 'al"ex', CAST(x'41ff42' AS TEXT), 2000, 'bob' || char(0, 10, 31) || '"', 'p', NULL, NULL, 5, 0, 'failed', '{broken', 'broken', 1, NULL, NULL, 1,
      'none', 1, 9e999, CAST(x'7b2261223a31322e7d' AS BLOB)),
    (4, 4, 'fritz', 'main', 500, 'ada', 'p', '', 0, 5, 0, 'failed', NULL, CAST('[1,23]' AS BLOB), 1, 0, 0, 1, 'none', 3, 0, '[1]');
    INSERT INTO tag (id, tag_type, tag_name, tag_scope) VALUES (1, 't', 'g', 'global'), (2, 't', 'a', 'admin'), (3, 't', 'mine', 'ada'), (4, 't"', 'x', 'global');
    INSERT INTO jobtag (job_id, tag_id) VALUES (1, 4), (1, 3), (1, 2), (1, 1), (2, 2);`);
});
afterAll(() => db.close());

const options: JobsListOptions = { page: 1, itemsPerPage: 25, nowSec: NOW, withMetadata: false };

interface Asked extends JobsListOptions {
  width: number;
}

function list(user: User, more: Partial<JobsListOptions> = {}, query = '') {
  return listBatches(visibleTo(user, parseFilter(new URLSearchParams(query), NOW)), { ...options, ...more });
}

async function listed(user: User, { width = 1, ...more }: Partial<Asked> = {}, query = '') {
  return await db.batches(list(user, more, query), width);
}

async function jobs(user: User, more: Partial<Asked> = {}) {
  return (await listed(user, more)).flatMap(({ text }): Record<string, unknown>[] => JSON.parse(`[${text}]`));
}

test('a full job has every member of the contract', async () => {
  const job = (await jobs(admin, { withMetadata: true }))[2];
  expect(job).toEqual({
    cluster: 'fritz',
    subCluster: 'main',
    partition: 'multi',
    project: 'p',
    user: 'ada',
    shared: 'none',
    jobState: 'completed',
    tags: [
      { type: 't', name: 'g', scope: 'global', id: 1 },
      { type: 't', name: 'a', scope: 'admin', id: 2 },
      { type: 't"', name: 'x', scope: 'global', id: 4 },
    ],
    resources: [{ hostname: 'f1', hwthreads: [0, 1] }],
    energyFootprint: null,
    footprint: { flops_any_avg: 1.5 },
    metaData: { jobName: 'a<b>', jobScript: 'x' },
    concurrentJobs: { items: null, count: 0 },
    energy: 0.30000000000000004,
    arrayJobId: 7,
    walltime: 3600,
    jobId: Number('9007199254740993'), // JSON.parse rounds it, the text does not; see below
    duration: 60,
    numNodes: 1,
    startTime: 1000,
    smt: 1,
    numAcc: 4,
    numHwthreads: 72,
    monitoringStatus: 3,
    id: 1,
    statistics: null,
  });
});

test('members that are 0, empty or absent are left out', async () => {
  const job = (await jobs(admin))[1];
  expect(job).toEqual({
    cluster: 'fritz',
    subCluster: 'main',
    project: 'p',
    user: 'bob',
    shared: 'single_user',
    jobState: 'running',
    tags: [{ type: 't', name: 'a', scope: 'admin', id: 2 }],
    resources: [{ hostname: 'f1' }],
    energyFootprint: null,
    footprint: null,
    metaData: null,
    concurrentJobs: { items: null, count: 0 },
    energy: 0,
    jobId: 2,
    duration: 8000, // it has run since 2000, and now is 10,000
    numNodes: 1,
    startTime: 2000,
    id: 2,
    statistics: null,
  });
});

test('what is stored broken reads as null, and the answer is still JSON', async () => {
  const job = (await jobs(admin, { withMetadata: true }))[0];
  expect(job).toMatchObject({
    cluster: 'al"ex',
    subCluster: 'A\ufffdB',
    user: 'bob\0\n\x1f"',
    resources: null,
    footprint: null,
    metaData: null,
    energy: Number.POSITIVE_INFINITY, // 9.0e+999, a JSON number
    id: 3,
  });
});

test('JSON of the wrong type reads as null, six bytes of it are no binary JSON', async () => {
  expect((await jobs(admin))[3]).toMatchObject({ id: 4, resources: [1, 23], footprint: null });
});

test('rows are lines, newest first, of equal starts the higher id first, and end in statistics', async () => {
  const [batch] = await listed(admin, { withMetadata: true });
  const lines = batch?.text.split('\n') ?? [];
  expect(lines.map((line) => /"id":(\d),"statistics":null},?$/.exec(line)?.[1])).toEqual(['3', '2', '1', '4']);
  expect(batch?.text).toContain('"jobId":9007199254740993,');
});

test('archived jobs are named with their place in the batch', async () => {
  const [batch] = await listed(admin);
  expect(batch?.more).toEqual({
    last: { startTime: 500n, id: 4n },
    following: { ids: '', rows: 0 },
    archived: [
      { index: 2, cluster: 'fritz', jobId: 9007199254740993n, startTime: 1000n },
      { index: 3, cluster: 'fritz', jobId: 4n, startTime: 500n },
    ],
  });
});

test('a user sees own jobs and no tags of others', async () => {
  const own = await jobs(ada);
  expect(own.map(({ id }) => id)).toEqual([1, 4]);
  expect(own[0]?.tags).toEqual([
    { type: 't', name: 'g', scope: 'global', id: 1 },
    { type: 't', name: 'mine', scope: 'ada', id: 3 },
    { type: 't"', name: 'x', scope: 'global', id: 4 },
  ]);
  expect(own[1]).not.toHaveProperty('tags');
});

test('a tag the caller may not read matches nothing', async () => {
  expect(await listed(ada, {}, 'tag=2')).toMatchObject([{ rows: 0, text: '', more: { last: null, archived: [] } }]);
  expect(await listed(admin, {}, 'tag=2')).toMatchObject([{ rows: 2 }]);
});

const idsIn = (text: string) => [...text.matchAll(/"id":(\d+),"statistics"/g)].map(([, id]) => Number(id));

/** Adds 1,230 jobs of a separate cluster while `use` runs. */
async function withBigCluster(use: () => Promise<void>): Promise<void> {
  await db.exec(`BEGIN; WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1230)
    INSERT INTO job (job_id, cluster, subcluster, start_time, hpc_user, project, duration, walltime, job_state, resources, num_nodes, shared)
    SELECT i, 'big', 'main', i % 3, 'eve', 'p', 1, 1, 'completed', '[]', 1, 'none' FROM n; COMMIT;`);
  await use();
  await db.exec("DELETE FROM job WHERE cluster = 'big'");
}

test.each([1, 2])(
  'pages of any size come in batches of 500 following a smaller first one, each row once, %i at a time',
  async (width) => {
    await withBigCluster(async () => {
      const sizes = async (more: Partial<JobsListOptions>) =>
        (await listed(admin, { ...more, width }, 'cluster=big')).map(({ rows }) => rows);
      expect(await sizes({ itemsPerPage: 2 ** 53 - 1 })).toEqual([100, 500, 500, 130]);
      expect(await sizes({ itemsPerPage: 1200 })).toEqual([100, 500, 500, 100]);
      expect(await sizes({ itemsPerPage: 1000 })).toEqual([100, 500, 400]);
      expect(await sizes({ itemsPerPage: 1000, page: 2 })).toEqual([100, 130]);
      expect(await sizes({ itemsPerPage: 1000, page: 3 })).toEqual([0]);
      expect(await sizes({ itemsPerPage: 250, withMetadata: true })).toEqual([25, 225]);
      const all = await listed(admin, { itemsPerPage: 2 ** 53 - 1, width }, 'cluster=big');
      const [ids] = z
        .tuple([z.object({ ids: z.string() })])
        .parse(
          await db.all(
            "SELECT json_group_array(id ORDER BY start_time DESC, id DESC) AS ids FROM job WHERE cluster = 'big'",
          ),
        );
      expect(all.flatMap(({ text }) => idsIn(text))).toEqual(JSON.parse(ids.ids));
    });
  },
);

test('of two batches side by side the second knows its rows by their places; what has gone or changed is left out', async () => {
  await withBigCluster(async () => {
    const next = list(admin, { itemsPerPage: 2 ** 53 - 1 }, 'cluster=big&state=completed');
    const readAll = (statements: PageStatement<JobsBatch>[]) => Promise.all(statements.map((one) => db.readPage(one)));
    const [first] = await readAll(await next(undefined, 2));
    const [walked] = await readAll(await next(first, 2));
    expect(walked?.more.following.rows).toBe(500);
    const [gone, changed, ...kept] = walked?.more.following.ids.split(',').map(Number) ?? [];
    await db.exec(`DELETE FROM job WHERE id = ${gone}; UPDATE job SET job_state = 'failed' WHERE id = ${changed}`);
    const side = await readAll(await next(walked, 2));
    expect(side.map(({ rows }) => rows)).toEqual([498, 130]);
    expect(idsIn(side[0]?.text ?? '')).toEqual(kept);
    expect(await next(side.at(-1), 2)).toEqual([]);
  });
});

test('rows that are large come in batches of few', async () => {
  // 60,000 bytes each, so four of them are about 256 KB
  await db.exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 120)
    INSERT INTO job (job_id, cluster, subcluster, start_time, hpc_user, project, duration, walltime, job_state, resources, num_nodes, shared, meta_data)
    SELECT i, 'wide', 'main', i, 'eve', 'p', 1, 1, 'completed', '[]', 1, 'none', json_object('jobScript', printf('%60000s', 'x')) FROM n`);
  const sizes = (await listed(admin, { itemsPerPage: 200, withMetadata: true }, 'cluster=wide')).map(
    ({ rows }) => rows,
  );
  expect(sizes).toEqual([25, ...Array(23).fill(4), 3]);
  await db.exec("DELETE FROM job WHERE cluster = 'wide'");
});

test('one job comes with tags and metadata, and what finds its metric data', async () => {
  const [row] = await db.read(jobById(visibleTo(admin), 1, { nowSec: NOW }));
  expect(row).toMatchObject({
    cluster: 'fritz',
    subcluster: 'main',
    jobId: 9007199254740993n,
    startTime: 1000,
    state: 'completed',
  });
  expect(row).toMatchObject({ monitoringStatus: 3, numNodes: 1, user: 'ada' });
  expect(row?.job).toContain('"jobId":9007199254740993,');
  expect(JSON.parse(row?.job ?? '')).toMatchObject({
    metaData: { jobName: 'a<b>' },
    tags: [{ id: 1 }, { id: 2 }, { id: 4 }],
  });
});

test('of a job for a page only the first of its hosts, entries and characters are read', async () => {
  const long = (letter: string) => letter.repeat(1_000);
  const metaData = JSON.stringify({ jobName: long('n'), [long('k')]: long('v'), more: 'x' });
  const resources = JSON.stringify(['a', 'b', 'c'].map((letter) => ({ hostname: long(letter), hwthreads: [0, 1] })));
  await db.exec(`INSERT INTO job (id, job_id, cluster, subcluster, start_time, hpc_user, project, duration, walltime, job_state,
    resources, num_nodes, shared, meta_data) VALUES (99, 99, 'wide', 'main', 1, 'eve', 'p', 1, 1, 'completed', '${resources}', 3, 'none', '${metaData}')`);
  const brief = { hosts: 2, entries: 1, characters: 10 };
  const [row] = await db.read(jobById(visibleTo(admin), 99, { nowSec: NOW, brief }));
  await db.exec('DELETE FROM job WHERE id = 99');
  // Names are cut at 300 characters. Of other texts, one more character is read, which shows that they are longer.
  const hosts = ['a', 'b'].map((letter) => [letter.repeat(300), 2, 0]);
  expect(JSON.parse(row?.job ?? '')).toMatchObject({
    hosts: { count: 3, first: hosts },
    metadata: { count: 2, first: [['k'.repeat(300), 'v'.repeat(11), 1_000]] },
    jobName: 'n'.repeat(11),
  });
});

test('a job that is not there and one the caller may not see are alike', async () => {
  for (const id of [99, 2, 2n ** 63n - 1n]) {
    expect(await db.read(jobForMetrics(visibleTo(ada), id))).toEqual([]);
    expect(await db.read(jobById(visibleTo(ada), id, { nowSec: NOW }))).toEqual([]);
  }
  expect(await db.read(jobForMetrics(visibleTo(ada), 1))).toHaveLength(1);
});
