import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { userByName } from '../../src/db/statements/user-by-name.ts';
import { parseFilter } from '../../src/http/query/job-filter-query.ts';
import type { User } from '../../src/jobs/roles.ts';
import { type VisibleJobs, visibleTo } from '../../src/jobs/visibility.ts';
import { countJobs } from '../../src/questions/count/sqlite.ts';
import { jobHistograms } from '../../src/questions/histograms/sqlite.ts';
import { anyJob } from '../../src/questions/job-exists/sqlite.ts';
import { listBatches } from '../../src/questions/list/batches.ts';
import { listedJobs } from '../../src/questions/list/listed-job-rows.ts';
import { metricHistograms } from '../../src/questions/metric-histograms/sqlite.ts';
import { usedNodes } from '../../src/questions/nodes-with-jobs/sqlite.ts';
import { jobById, jobForMetrics } from '../../src/questions/one-job/sqlite.ts';
import { jobStatistics } from '../../src/questions/statistics/sqlite.ts';
import { tagCounts } from '../../src/questions/tag-counts/sqlite.ts';
import { type TestDatabase, testDatabase } from '../support/sql.ts';

const FIRST = 1_600_000_000;
const NOW = FIRST + 22_000 * 100;
const admin: User = { name: 'root', roles: new Set(['admin', 'api']), projects: [] };

function asked(query: string, user = admin): VisibleJobs {
  return visibleTo(user, parseFilter(new URLSearchParams(query), NOW));
}

/** Jobs `from` to `to`, one every 100 s. The indexed columns vary as on a real cluster. */
function insert(from: number, to: number, state: string): string {
  return `WITH RECURSIVE n(i) AS (SELECT ${from} UNION ALL SELECT i + 1 FROM n WHERE i < ${to})
    INSERT INTO job (job_id, cluster, subcluster, start_time, hpc_user, project, cluster_partition, array_job_id, duration,
      walltime, job_state, resources, num_nodes, num_hwthreads, num_acc, shared, energy)
    SELECT i, CASE i % 10 WHEN 0 THEN 'tiny' WHEN 1 THEN 'alex' ELSE 'fritz' END, 'main', ${FIRST} + i * 100, 'user' || (i % 400),
      'proj' || (i % 90), 'p' || (i % 4), CASE WHEN i % 20 = 0 THEN i / 100 ELSE 0 END, i % 80000, 86400, ${state},
      '[{"hostname":"n1"}]', i % 60, 216, i % 5, 'none', i / 100.0 FROM n;`;
}

const CASES = (['lean', 'cc-backend'] as const).flatMap((indexes) =>
  [false, true].map((analyzed) => ({ indexes, analyzed })),
);

describe.each(CASES)('with the $indexes indexes, analyzed: $analyzed', ({ indexes, analyzed }) => {
  let db: TestDatabase;

  beforeAll(async () => {
    db = await testDatabase(indexes);
    await db.exec(insert(1, 16_000, "CASE i % 10 WHEN 3 THEN 'failed' ELSE 'completed' END"));
    await db.exec(`INSERT INTO tag (tag_type, tag_name) VALUES ('t', 'few'), ('t', 'many');
      INSERT INTO jobtag (job_id, tag_id) SELECT id, 1 FROM job WHERE id % 500 = 0;
      INSERT INTO jobtag (job_id, tag_id) SELECT id, 2 FROM job WHERE id % 3 = 0;`);
    if (analyzed) await db.exec('PRAGMA analysis_limit = 1000; ANALYZE;');
    // Newer than every finished job, and not in the statistics of the planner.
    await db.exec(insert(16_001, 22_000, "'running'"));
  });
  afterAll(() => db.close());

  /** How the list finds its positions: the part of the plan before the rows are read by id. */
  async function pageIdsOf(jobs: VisibleJobs): Promise<string[]> {
    const [statement] = await listBatches(jobs, { page: 40, itemsPerPage: 25, nowSec: NOW, withMetadata: false })(
      undefined,
    );
    if (statement === undefined) throw new Error('there is always a first batch');
    const plan = await db.plan(statement);
    return plan.slice(0, plan.indexOf('SCAN positions'));
  }

  const orderedBy: [query: string, index: RegExp][] = [
    ['', /^SCAN job USING COVERING INDEX jobs_starttime\b/],
    ['start-time=last30d', /^SEARCH job USING COVERING INDEX jobs_starttime\w* \(start_time>\?/],
    ['state=completed', /^SEARCH job USING COVERING INDEX jobs_jobstate_starttime\w* \(job_state=\?\)/],
    ['state=running', /^SEARCH job USING COVERING INDEX jobs_jobstate_starttime\w* \(job_state=\?\)/],
    ['state=completed&state=failed', /^SEARCH job USING COVERING INDEX jobs_jobstate_starttime\w* \(job_state=\?\)/],
    ['cluster=fritz', /^SEARCH job USING COVERING INDEX jobs_cluster_starttime\w* \(cluster=\?\)/],
    ['cluster=fritz&cluster=tiny', /^SEARCH job USING COVERING INDEX jobs_cluster_starttime\w* \(cluster=\?\)/],
    [
      'cluster=fritz&state=completed',
      /^SEARCH job USING COVERING INDEX jobs_cluster_jobstate_starttime\w* \(cluster=\? AND job_state=\?\)/,
    ],
    ['user=user5', /^SEARCH job USING COVERING INDEX jobs_user_starttime\w* \(hpc_user=\?\)/],
    ['user=user5&user=user6', /^SEARCH job USING COVERING INDEX jobs_user_starttime\w* \(hpc_user=\?\)/],
    ['user=user5&state=completed', /^SEARCH job USING INDEX jobs_user_starttime\w* \(hpc_user=\?\)/],
    [
      'cluster=fritz&user=user5',
      /^SEARCH job USING COVERING INDEX jobs_cluster_user_starttime\w* \(cluster=\? AND hpc_user=\?\)/,
    ],
    ['project=proj3', /^SEARCH job USING COVERING INDEX jobs_project_starttime\w* \(project=\?\)/],
    ['project=proj3&state=completed', /^SEARCH job USING INDEX jobs_project_starttime\w* \(project=\?\)/],
    ['array-job-id=7', /^SEARCH job USING COVERING INDEX jobs_arrayjobid_starttime \(array_job_id=\?\)/],
    // Without an index for the condition, the newest jobs are searched first.
    ['user.contains=x', /^SCAN job USING INDEX jobs_starttime\b/],
    ['job-name.contains=x', /^SCAN job USING INDEX jobs_starttime\b/],
    ['node=n1', /^SCAN job USING INDEX jobs_starttime\b/],
    ['metric.flops_any_avg=1-', /^SCAN job USING INDEX jobs_starttime\b/],
  ];

  test.each(orderedBy)('the list of "%s" comes in the order of an index', async (query, index) => {
    const plan = await pageIdsOf(asked(query));
    const access = plan.filter((line) => /^(SCAN|SEARCH) job\b/.test(line));
    expect(access.length).toBeGreaterThan(0);
    for (const line of access) expect(line).toMatch(index);
    expect(plan).not.toContain('USE TEMP B-TREE FOR ORDER BY');
  });

  test.each([
    ['job-id=77', /^SEARCH job USING COVERING INDEX sqlite_autoindex_job_1 \(job_id=\?\)/],
    ['db-id=77', /^SEARCH job USING INTEGER PRIMARY KEY \(rowid=\?\)/],
    ['tag=1', /^SEARCH job USING INTEGER PRIMARY KEY \(rowid=\?\)/],
  ])('the few jobs of "%s" are found and then sorted', async (query, index) => {
    const plan = await pageIdsOf(asked(query));
    expect(plan.find((line) => /^(SCAN|SEARCH) job\b/.test(line))).toMatch(index);
    expect(plan.filter((line) => line.startsWith('SCAN jobtag'))).toEqual([]);
  });

  test('a manager and a user read along the indexes of what they may see', async () => {
    const manager = await pageIdsOf(
      asked('', { name: 'user7', roles: new Set(['manager']), projects: ['proj1', 'proj2'] }),
    );
    expect(
      manager.filter((line) => /^SEARCH job USING (COVERING )?INDEX jobs_(project|user)_starttime/.test(line)),
    ).toHaveLength(3);
    expect(manager).not.toContain('USE TEMP B-TREE FOR ORDER BY');
    const user = await pageIdsOf(asked('', { name: 'user7', roles: new Set(['user']), projects: [] }));
    expect(user.join()).toMatch(/SEARCH job USING COVERING INDEX jobs_user_starttime/);
  });

  test('a following batch starts following the last row', async () => {
    const next = listBatches(asked(''), { page: 1, itemsPerPage: 10_000, nowSec: NOW, withMetadata: false });
    await next(undefined);
    const more = { last: { startTime: BigInt(FIRST), id: 1n }, following: { ids: '', rows: 0 }, archived: [] };
    const [statement] = await next({ bytes: new Uint8Array(), rows: 500, more });
    if (statement === undefined) throw new Error('500 of 10,000 rows are not the end');
    expect(await db.plan(statement)).toContain('SEARCH job USING COVERING INDEX jobs_starttime (start_time<?)');
  });

  test.each([
    ['state=completed', /^SEARCH job USING COVERING INDEX jobs_jobstate_/],
    ['cluster=fritz', /^SEARCH job USING COVERING INDEX jobs_cluster_/],
    ['cluster=fritz&state=completed', /^SEARCH job USING COVERING INDEX jobs_cluster_jobstate_/],
    ['user=user5', /^SEARCH job USING COVERING INDEX jobs_user_/],
    ['user=user5&state=completed', /^SEARCH job USING INDEX jobs_user_/],
    ['project=proj3', /^SEARCH job USING COVERING INDEX jobs_project_/],
    ['job-id=77', /^SEARCH job USING COVERING INDEX sqlite_autoindex_job_1/],
    ['start-time=last30d', /^SEARCH job USING COVERING INDEX jobs_(cluster_)?starttime/],
    ['tag=1', /^SEARCH job USING INTEGER PRIMARY KEY/],
    ['user.contains=x', /^SCAN job USING COVERING INDEX/],
    ['', /^SCAN job USING COVERING INDEX/],
  ])('the count of "%s" reads an index', async (query, index) => {
    const plan = await db.plan(countJobs(asked(query)));
    expect(plan.find((line) => /^(SCAN|SEARCH) job\b/.test(line))).toMatch(index);
  });

  // A cluster may have most of the jobs, so any other selective condition comes first.
  test.each([
    ['job-id=77&job-id=78', /^SEARCH job USING (COVERING )?INDEX sqlite_autoindex_job_1 \(job_id=\?/],
    ['array-job-id=7&array-job-id=8', /^SEARCH job USING INDEX jobs_arrayjobid_starttime \(array_job_id=\?\)/],
    ['array-job-id=7', /^SEARCH job USING INDEX jobs_arrayjobid_starttime \(array_job_id=\?\)/],
    ['project=proj3&project=proj4', /^SEARCH job USING (COVERING )?INDEX jobs_project_\w+ \(project=\?\)/],
    ['tag=1', /^SEARCH job USING INTEGER PRIMARY KEY/],
  ])('"%s" is found by that also within a cluster', async (query, index) => {
    const jobs = asked(`${query}&cluster=fritz`);
    for (const plan of [await db.plan(countJobs(jobs)), await pageIdsOf(jobs)]) {
      const access = plan.filter((line) => /^(SCAN|SEARCH) job\b/.test(line));
      expect(access.length).toBeGreaterThan(0);
      for (const line of access) expect(line).toMatch(index);
    }
  });

  test.each([
    'start-time=last30d',
    'start-time=last30d&cluster=fritz',
    'start-time=last30d&state=completed',
    'start-time=last30d&user=user5',
  ])('statistics and histograms of "%s" read no more than these days', async (query) => {
    const jobs = asked(query);
    const scale = { metric: 'flops_any', stat: 'avg', unit: '', peak: 10 };
    const options = { nowSec: NOW, shortJobSec: 300 };
    const plans = [
      jobStatistics(jobs, options),
      jobStatistics(jobs, { ...options, groupBy: ['user'], sortBy: 'totalJobs' }),
      jobStatistics(jobs, { ...options, groupBy: ['cluster'] }),
      jobHistograms(jobs, { nowSec: NOW, bins: '1h' }),
      metricHistograms({ jobs, scales: [scale], bins: 10 }),
    ].map((statement) => db.plan(statement));
    for (const plan of await Promise.all(plans)) {
      const access = plan.filter((line) => /^(SCAN|SEARCH) job\b/.test(line));
      expect(access).toHaveLength(1);
      expect(access[0]).toMatch(/^SEARCH job USING (COVERING )?INDEX \w+ \(.*start_time>\?/);
    }
  });

  // NOW is the start of the newest job. A week before 1,602,000,000 is 1,601,395,200.
  test.each([
    ['during=1602000000-1602100000', 3],
    ['during=1602000000-1602100000&cluster=fritz', 3],
    ['during=1602000000-1602100000&state=completed', 3],
    ['during=1602000000-1602100000&cluster=fritz&cluster=tiny&state=completed', 3],
    ['during=1602000000-1602100000&node=n1', 3],
    ['end-time=1602000000-1602100000', 2],
    ['end-time=1602000000-1602100000&cluster=fritz&state=failed', 2],
  ])('"%s" reads a week more than these days, long jobs and running ones', async (query, number) => {
    const jobs = asked(query);
    const options = { nowSec: NOW, shortJobSec: 300 };
    const plans = [
      await db.plan(countJobs(jobs)),
      await db.plan(jobStatistics(jobs, { ...options, groupBy: ['user'] })),
      await db.plan(jobStatistics(jobs, { ...options, clip: { from: 1_602_000_000n, to: 1_602_100_000n } })),
      await db.plan(jobHistograms(jobs, { nowSec: NOW, bins: '1h' })),
      await pageIdsOf(jobs),
      await db.plan(listedJobs(jobs, { page: 1, itemsPerPage: 25, column: 'num-nodes', order: 'desc', nowSec: NOW })),
    ];
    for (const plan of plans) {
      // A list then reads each of its jobs by id.
      const access = plan.filter((line) => /^(SCAN|SEARCH) job\b(?!.*rowid=)/.test(line));
      const [among, long, running] = access;
      expect(access).toHaveLength(number);
      expect(among).toMatch(/^SEARCH job USING (COVERING )?INDEX \w+ \(.*start_time>\? AND start_time<\?\)/);
      expect(long).toMatch(
        /^(SCAN|SEARCH) job USING (COVERING )?INDEX (jobs_long_starttime \(start_time<\?\)|jobs_\w*duration\w* \(.*duration>\?)/,
      );
      if (number === 3) expect(running).toMatch(/^SEARCH job USING (COVERING )?INDEX \w+ \(.*job_state=\?/);
    }
  });

  test.each([
    ['during=1602000000-1602100000&user=user5', /\(.*hpc_user=\?/],
    ['during=1602000000-1602100000&job-id=77', /\(job_id=\?/],
    ['during=1602000000-1602100000&start-time=1602000000-', /start_time>\?/],
    ['during=-1602100000&tag=1', /rowid=\?/],
  ])('"%s" is found by what selects fewer', async (query, found) => {
    const jobs = asked(query);
    for (const plan of [await db.plan(countJobs(jobs)), await pageIdsOf(jobs)]) {
      const access = plan.filter((line) => /^(SCAN|SEARCH) job\b/.test(line));
      expect(access).toEqual([expect.stringMatching(found)]);
    }
  });

  test('a single job, used nodes and an account are looked up', async () => {
    for (const statement of [jobById(asked(''), 5, { nowSec: NOW }), jobForMetrics(asked(''), 5)]) {
      expect(await db.plan(statement)).toContain('SEARCH job USING INTEGER PRIMARY KEY (rowid=?)');
    }
    expect((await db.plan(usedNodes(NOW))).join()).toMatch(
      /SEARCH job USING INDEX jobs_jobstate_starttime\w* \(job_state=\? AND start_time<\?\)/,
    );
    expect((await db.plan(userByName('a'))).join()).toMatch(/SEARCH hpc_user USING INDEX/);
  });

  test('tags are counted along the jobs of a user, or without the jobs if all count', async () => {
    const accessOf = async (user: User) =>
      (await db.plan(tagCounts(asked('', user)))).filter((line) => /^(SCAN|SEARCH) (job|jobtag)\b/.test(line));
    const [jobs, tags, ...more] = await accessOf({ name: 'user5', roles: new Set(['user']), projects: [] });
    expect(jobs).toMatch(/^SEARCH job USING (COVERING )?INDEX \w+ \(hpc_user=\?/);
    expect(tags).toMatch(/^SEARCH jobtag USING (COVERING )?INDEX \w+ \(job_id=\?\)/);
    expect(more).toEqual([]);
    expect(await accessOf(admin)).toEqual([expect.stringMatching(/^SCAN jobtag USING COVERING INDEX tags_tagid/)]);
  });

  test.each(['user=user5', 'project=proj5'])('whether there is a job with %s is looked up', async (query) => {
    const [field] = query.split('=');
    const access = (await db.plan(anyJob(asked(query)))).filter((line) => /^(SCAN|SEARCH) job\b/.test(line));
    const index = new RegExp(`^SEARCH job USING COVERING INDEX \\w+ \\((hpc_)?${field}=\\?\\)`);
    expect(access).toEqual([expect.stringMatching(index)]);
  });
});
