/** The report of a month, as a page and as a command, against SQL over jobs at the edges of months. */

import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { ClusterFileSchema } from '../../src/clusters/cluster-schema.ts';
import { Clusters } from '../../src/clusters/clusters.ts';
import { deriveCluster } from '../../src/clusters/derive-cluster.ts';
import { UsageError } from '../../src/commands/command.ts';
import { reportCommand } from '../../src/commands/report.ts';
import { jobRows } from '../../src/db/job-rows.ts';
import { migrateRemote } from '../../src/db/remote/migrate-remote.ts';
import { openRemote } from '../../src/db/remote/open-remote.ts';
import type { JobFilter } from '../../src/jobs/filter.ts';
import { JOB_STATES } from '../../src/jobs/job-enums.ts';
import { monthOf, monthsLater } from '../../src/jobs/month.ts';
import { timeZone } from '../../src/jobs/time-zone.ts';
import { visibleTo } from '../../src/jobs/visibility.ts';
import { reportText } from '../../src/pages/report/plain-text.ts';
import { reportTables } from '../../src/pages/report/report-tables.ts';
import { JobQuestions } from '../../src/questions/ask.ts';
import { type MonthlyReport, readMonthlyReport } from '../../src/questions/report/monthly-report.ts';
import { HAS_CHROMIUM, openChromium } from '../support/chromium.ts';
import { testFolder } from '../support/folder.ts';
import { libsqlServer } from '../support/libsql-server.ts';
import { follow, type Site, site } from '../support/pages.ts';
import { within } from '../support/pool.ts';
import { smallCluster } from '../support/small-cluster.ts';
import { faultIn, job, NOW, type TestApp, testApp } from '../support/test-app.ts';

const ROOT = { name: 'root', roles: new Set(['admin']), projects: [] };
const BERLIN = timeZone('Europe/Berlin');
const YEAR = { from: secondsOf('2025-01-01T00:00+01:00'), to: secondsOf('2026-01-01T00:00+01:00') };
/** The clocks of Berlin are put forward in March, and back in October. */
const EDGES = {
  '2025-03': { from: secondsOf('2025-03-01T00:00+01:00'), to: secondsOf('2025-04-01T00:00+02:00') },
  '2025-10': { from: secondsOf('2025-10-01T00:00+02:00'), to: secondsOf('2025-11-01T00:00+01:00') },
};

function secondsOf(text: string): number {
  return Date.parse(text) / 1000;
}

/** Returns numbers from 0 to before `end`, the same ones each time. */
function randomNumbers(): (end: number) => number {
  let state = 21;
  return (end) => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor((state / 2 ** 31) * end);
  };
}

const DAY = 86_400;
const JOBS = (() => {
  const below = randomNumbers();
  const edges = [...Object.values(EDGES).flatMap(({ from, to }) => [from, to]), YEAR.from, YEAR.to];
  const some = <Item>(list: readonly Item[]) => list[below(list.length)] as Item;
  return Array.from({ length: 900 }, (_, at) => {
    const duration = below(3) === 0 ? below(3) : below(40 * DAY);
    const edge = some(edges);
    // A third starts near an edge, and a third ends near one.
    const startTime = [edge + below(3) - 1, edge + below(3) - 1 - duration, YEAR.from + below(366 * DAY)][at % 3] ?? 0;
    return job({
      jobId: at + 1,
      ...{ startTime, duration, numNodes: 1 + below(4), numHwthreads: 1 + below(300), numAcc: below(3) },
      ...{ user: `u${below(30)}`, project: `p${below(3)}`, cluster: some(['small', 'other']) },
      jobState: at < 20 ? 'running' : some(JOB_STATES.filter((state) => state !== 'running')),
      submitTime: below(2) === 0 ? 0 : startTime - below(DAY),
    });
  });
})();

let service: TestApp;
beforeAll(async () => {
  service = await testApp({ jobs: JOBS });
}, 60_000);
afterAll(() => service.close());

async function reportOf(month: string, about: MonthlyReport['about'] = {}, nowSec = NOW): Promise<MonthlyReport> {
  const options = { month: monthOf(month, BERLIN, nowSec), about, nowSec };
  return await readMonthlyReport(new JobQuestions(service.db), (all) => visibleTo(ROOT, all), options, within(60_000));
}

/** Asks SQLite itself. `$ran` is true for jobs that ran in the range, `$inside` their seconds in it. */
async function sql(text: string, { from, to }: { from: number; to: number }) {
  const end = `(start_time + iif(job_state = 'running', ${NOW} - start_time, duration))`;
  const select = text
    .replaceAll('$ran', `start_time < ${to} AND (${end} > ${from} OR start_time >= ${from})`)
    .replaceAll('$inside', `max(min(${end}, ${to}) - max(start_time, ${from}), 0)`)
    .replaceAll('$started', `start_time >= ${from} AND start_time < ${to}`)
    .replaceAll(
      '$ended',
      `job_state NOT IN ('running', 'pending', 'suspended') AND ${end} >= ${from} AND ${end} < ${to}`,
    );
  return await service.query(select);
}

const SUMS = `COUNT(*) AS totalJobs, SUM($inside * num_nodes) AS totalNodeSeconds,
  SUM($inside * num_hwthreads) AS totalCoreSeconds, SUM($inside * num_acc) AS totalAccSeconds`;
const sumsOf = ({ totalJobs, totalNodeSeconds, totalCoreSeconds, totalAccSeconds }: Sums) => ({
  ...{ totalJobs, totalNodeSeconds, totalCoreSeconds, totalAccSeconds },
});
type Sums = Partial<Record<'totalJobs' | 'totalNodeSeconds' | 'totalCoreSeconds' | 'totalAccSeconds', unknown>>;

describe.each(Object.entries(EDGES))('the report of %s', (month, range) => {
  test('has the seconds inside the month, of all jobs and by group', async () => {
    const { totals = expect.fail('no job'), tables, days } = await reportOf(month);
    expect([sumsOf(totals)]).toEqual(await sql(`SELECT ${SUMS} FROM job WHERE $ran`, range));
    for (const { by, groups } of tables) {
      const column = by === 'user' ? 'hpc_user' : by;
      const all = await sql(
        `SELECT ${column} AS id, ${SUMS} FROM job WHERE $ran GROUP BY 1
        ORDER BY SUM($inside * num_hwthreads) / 3600 DESC, 1 LIMIT 20`,
        range,
      );
      expect(groups.map((group) => ({ id: group.id, ...sumsOf(group) }))).toEqual(all);
    }
    expect(tables.map(({ by, groups }) => [by, groups.length])).toEqual([
      ['cluster', 2],
      ['project', 3],
      ['user', 20],
    ]);
    expect(days.length).toBe(31);
    expect(days.reduce((sum, { coreSeconds }) => sum + Number(coreSeconds), 0)).toBe(totals.totalCoreSeconds);
  });

  test('has waits of jobs that started, and states of jobs that ended', async () => {
    const { wait, states, days, unused } = await reportOf(month);
    const waits = await sql(
      `SELECT start_time - submit_time AS wait FROM job
      WHERE $started AND submit_time > 0 AND submit_time <= start_time ORDER BY 1`,
      range,
    );
    const rank = (p: number) => waits[Math.ceil((p / 100) * waits.length) - 1]?.['wait'];
    expect(wait?.values).toEqual([
      { p: 50, value: rank(50) },
      { p: 90, value: rank(90) },
    ]);
    const ended = await sql(
      'SELECT job_state AS id, COUNT(*) AS jobs FROM job WHERE $ended GROUP BY 1 ORDER BY 1',
      range,
    );
    expect(states.map(({ id, totalJobs }) => ({ id, jobs: totalJobs }))).toEqual(ended);
    expect(unused?.totalJobs).toBe(ended.reduce((sum, { jobs }) => sum + Number(jobs), 0));
    const [{ jobs } = {}] = await sql('SELECT COUNT(*) AS jobs FROM job WHERE $started', range);
    expect(days.reduce((sum, { started }) => sum + started, 0)).toBe(jobs);
  });
});

test('twelve months add up to the year, also of a project', async () => {
  for (const project of [undefined, 'p1']) {
    const months = Array.from({ length: 12 }, (_, at) => monthsLater('2025-01', at));
    const reports = await Promise.all(months.map((month) => reportOf(month, { project })));
    const where = project === undefined ? '$ran' : `$ran AND project = '${project}'`;
    const [year = {}] = await sql(`SELECT ${SUMS} FROM job WHERE ${where}`, YEAR);
    for (const sum of ['totalNodeSeconds', 'totalCoreSeconds', 'totalAccSeconds'] as const)
      expect(reports.reduce((all, { totals }) => all + Number(totals?.[sum]), 0)).toBe(year[sum]);
  }
});

test('others are those without a row, and a finished month does not depend on the time', async () => {
  const shown = await reportOf('2025-10');
  const { tables } = reportTables(shown, false);
  const users = tables.find(({ title }) => title.startsWith('User'))?.rows ?? [];
  expect(users.at(-1)?.[0]).toBe('(others)');
  const numbers = users.map((row) => row.slice(1).map((text) => Number(text.replaceAll(',', ''))));
  const secondsOfAll = [2, 4, 6].map((at) => numbers.reduce((sum, row) => sum + (row[at] ?? 0), 0));
  const { totalNodeSeconds, totalCoreSeconds, totalAccSeconds } = shown.totals ?? {};
  expect(secondsOfAll).toEqual([totalNodeSeconds, totalCoreSeconds, totalAccSeconds]);
  expect(reportTables(await reportOf('2025-10', {}, NOW + 1e7), false)).toEqual(reportTables(shown, false));
});

const fileUrl = () => `file:${join(service.archiveRoot, '../job.db')}`;

async function run(...args: string[]) {
  return await runOn(fileUrl(), args);
}

async function runOn(url: string, args: string[], signal = new AbortController().signal) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const env = { DB_URL: url };
  const code = await reportCommand.run(args, { env, stdin: new PassThrough(), stdout, stderr, signal });
  return { code, out: String(stdout.read() ?? ''), err: String(stderr.read() ?? '') };
}

describe('cc-jobs report', () => {
  const MONTH = ['--month', '2025-10', '--zone', 'Europe/Berlin'];

  test('writes the same text as often as it is asked', async () => {
    const { code, out } = await run(...MONTH);
    const { totals } = await reportOf('2025-10');
    expect([code, out]).toEqual([0, reportText(reportTables(await reportOf('2025-10'), false))]);
    expect(out).toContain('The month has 745 hours in the time zone Europe/Berlin.');
    expect(out).toContain(Number(totals?.totalCoreSeconds).toLocaleString('en'));
    expect(await run(...MONTH)).toEqual({ code, out, err: '' });
  });

  test('stops at a signal', async () => {
    const stopped = await runOn(fileUrl(), MONTH, AbortSignal.abort());
    expect(stopped).toEqual({ code: 1, out: '', err: 'stopped: there is no report\n' });
  });

  test('reads a libSQL server, too', async () => {
    const { url } = await libsqlServer();
    await migrateRemote({ url });
    const db = openRemote({ url, mostAtOnce: 1, heartbeat: false });
    await db.write('insertJobs', jobRows(JOBS), within(30_000));
    await db.close(1_000);
    expect(await runOn(url, MONTH)).toEqual(await run(...MONTH));
  });

  test('writes a page that needs nothing else, to a file of its owner', async () => {
    const file = join(testFolder(), 'report.html');
    expect(await run(...MONTH, '--project', '<p1>&"', '--html', '--output', file)).toEqual({
      code: 0,
      out: '',
      err: 'no job of project <p1>&" ran in 2025-10\n',
    });
    const text = readFileSync(file, 'utf8');
    expect(text).toContain('<h1><bdi>Report of 2025-10: project &lt;p1&gt;&amp;&quot;</bdi></h1>');
    expect(text).toContain('No job ran in it.');
    expect(text).toContain('size: A4');
    expect(text).not.toMatch(/<script|<link|src=|href=|url\(/);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test('says that no job matches, and that a cluster is not configured', async () => {
    const said = async (...names: string[]) => (await run(...MONTH, ...names)).err;
    expect(await said('--cluster', 'nix', '--user', 'u1')).toBe('no job of cluster nix and user u1 ran in 2025-10\n');
    const clusters = [{ name: 'small', config: JSON.stringify(smallCluster()) }];
    await service.db.write('publishClusters', { clusters }, within(10_000));
    expect(await said('--cluster', 'nix')).toBe(
      'no job of cluster nix ran in 2025-10: cluster nix is not configured, only small\n',
    );
    expect(await said('--cluster', 'other')).toBe(''); // it is not configured, and has jobs
    await service.db.write('publishClusters', { clusters: [] }, within(10_000));
  });

  test.each([
    [[], '--month is required, such as --month 2026-10'],
    [['--month', '2026-13'], '--month must be a month from 1970 on, such as 2026-10'],
    [['--month', 'October'], '--month must be a month from 1970 on, such as 2026-10'],
    [['--month', '9999-12'], '--month must be a month that has begun: 9999-12 has not'],
    [[...MONTH, '--zone', 'Berlin'], '--zone must be the name of a time zone, such as Europe/Berlin'],
    [[...MONTH, '--html', '--text'], 'use either --text or --html'],
    [[...MONTH, 'october'], "Unexpected argument 'october'"],
  ])('refuses %j', async (args, message) => {
    const error = await run(...args).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UsageError);
    expect((error as UsageError).message).toContain(message);
  });
});

describe('GET /report', () => {
  test.each([
    ['root', 'admin', '/report?month=2025-10', 'all jobs', undefined],
    ['u1', 'user', '/report?month=2025-10', 'all jobs', "hpc_user = 'u1'"],
    ['u1', 'user', '/report?month=2025-10&user=u2&project=', 'user u2', 'false'],
    ['sue', 'support', '/report?month=2025-10&project=p2&zone=', 'project p2', "project = 'p2'"],
  ])('shows %s with the role %s the jobs to be seen of %s', async (name, role, path, about, where = 'true') => {
    const answer = await service.get(path, name, role);
    const text = await answer.text();
    expect([answer.status, text.match(/<h1><bdi>(.*?)</)?.[1]]).toEqual([200, `Report of 2025-10: ${about}`]);
    const range = { from: secondsOf('2025-10-01T00:00Z'), to: secondsOf('2025-11-01T00:00Z') };
    const [row] = await sql(`SELECT COUNT(*) AS jobs FROM job WHERE $ran AND ${where}`, range);
    expect(text).toContain(`<bdi>Jobs that ran</bdi></th><td class="num">${row?.['jobs']}</td>`);
    expect(text.includes('Only jobs that you may see are counted.')).toBe(role === 'user');
  });

  test('shows managers the jobs of their projects', async () => {
    const user = { name: 'max', roles: new Set(['manager']), projects: ['p1'] };
    const options = { month: monthOf('2025-10', BERLIN, NOW), about: {}, nowSec: NOW };
    const visible = (all: JobFilter) => visibleTo(user, all);
    const { totals } = await readMonthlyReport(new JobQuestions(service.db), visible, options, within(60_000));
    const [row] = await sql("SELECT COUNT(*) AS jobs FROM job WHERE $ran AND project = 'p1'", EDGES['2025-10']);
    expect(totals?.totalJobs).toBe(row?.['jobs']);
  });

  test('leaves out what was not used where its metric is restricted', async () => {
    const [title, file] = ['Asked for and not used', smallCluster()];
    const metricConfig = file.metricConfig.map((metric) => ({ ...metric, restrict: metric.name === 'cpu_load' }));
    const clusters = new Clusters([deriveCluster(ClusterFileSchema.parse({ ...file, metricConfig }))]);
    const restricted = await testApp({ jobs: [job()], service: () => ({ clusters }) });
    onTestFinished(() => restricted.close());
    const path = '/report?month=2027-01';
    expect(await (await restricted.get(path, 'ada', 'user')).text()).not.toContain(title);
    expect(await (await restricted.get(path, 'root', 'admin')).text()).toContain(title);
    expect(await (await service.get(path, 'ada', 'user')).text()).toContain(title);
  });

  test('is of the last month, and says of this one that it has not ended', async () => {
    const last = await (await service.get('/report', 'root', 'admin')).text();
    expect(last).toContain('Report of 2026-12'); // NOW is in January 2027
    expect(last).not.toContain('has not ended');
    expect(last).toContain('href="/report?month=2027-01"');
    const current = await (await service.get('/report?month=2027-01', 'root', 'admin')).text();
    expect(current).toContain('This month has not ended. Its figures will change.');
    expect(current).not.toContain('month=2027-02');
  });

  test.each([
    ['month=2025-1', 'query parameter "month" must be a month from 1970 on, such as 2026-10'],
    ['month=2027-02', 'query parameter "month" must be a month that has begun: 2027-02 has not'],
    ['zone=x', 'query parameter "zone" must be the name of a time zone, such as Europe/Berlin'],
    ['user=a&user=b', 'query parameter "user" must be given once'],
    ['state=failed', 'invalid query parameter: state'],
  ])('refuses %s', async (query, message) => {
    const answer = await service.get(`/report?${query}`, 'root', 'admin');
    expect(await faultIn(answer)).toEqual([400, 'invalid_request', message]);
  });

  test('refuses visitors without a login, and roles that see no jobs', async () => {
    expect((await service.app.request('/report')).status).toBe(401);
    expect((await service.get('/report', 'guest', 'stranger', 'api')).status).toBe(403);
  });
});

describe.skipIf(!HAS_CHROMIUM)('the page of a report', () => {
  let browser: Browser;
  let pages: Site;
  beforeAll(async () => {
    browser = await openChromium();
    pages = await site(browser, { jobs: [job({ startTime: NOW - 40 * DAY })] });
  }, 60_000);
  afterAll(async () => {
    await pages?.close();
    await browser?.close();
  });

  test('leads from a project to another month, is for everybody, and prints without the menu', async () => {
    const { page, texts, axe, overflow, complaints } = await pages.visit('root', {
      viewport: { width: 360, height: 700 },
    });
    await page.goto('/projects/p1');
    await follow(page, page.getByRole('link', { name: 'Monthly report' }));
    expect(await texts('h1')).toEqual(['Report of 2026-12: project p1']);
    await page.getByLabel('Project').fill('p2');
    await follow(page, page.getByRole('button', { name: 'Show' }));
    expect(await texts('h1')).toEqual(['Report of 2026-12: project p2']);
    expect([await axe(), await overflow()]).toEqual([[], 0]);
    await page.emulateMedia({ media: 'print' });
    expect(await page.locator('header.top, form.report').filter({ visible: true }).count()).toBe(0);
    expect(complaints).toEqual([]);
  });
});
