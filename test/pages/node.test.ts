import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { ClusterFileSchema } from '../../src/clusters/cluster-schema.ts';
import { Clusters } from '../../src/clusters/clusters.ts';
import { deriveCluster } from '../../src/clusters/derive-cluster.ts';
import { jobBars } from '../../src/pages/node/job-bars.ts';
import { statesOf } from '../../src/pages/node/state-changes.ts';
import { HAS_CHROMIUM, openChromium } from '../support/chromium.ts';
import { follow, type Site, site } from '../support/pages.ts';
import { smallCluster } from '../support/small-cluster.ts';
import { job, NOW, type TestApp, testApp } from '../support/test-app.ts';

const DAY = 86_400;
const on = (...hosts: string[]) => ({ resources: hosts.map((hostname) => ({ hostname })), numNodes: hosts.length });
const JOBS = [
  job({ jobId: 1, ...on('n01') }), // ran from 2 h to 1 h ago
  job({
    jobId: 2,
    ...on('n01', 'n02'),
    jobState: 'running',
    startTime: NOW - 1800,
    duration: 0,
    user: 'bob',
    project: 'p2',
  }),
  job({ jobId: 3, ...on('n01'), jobState: 'failed', startTime: NOW - 2 * DAY, user: 'bob', project: 'p2' }),
  job({ jobId: 4, ...on('n02'), startTime: NOW - 2 * DAY }),
  job({ jobId: 5, ...on('n01'), jobState: 'failed', startTime: NOW - 40 * DAY }),
  job({ jobId: 6, ...on('big1'), subCluster: 'big', jobState: 'failed' }),
  job({ jobId: 7, ...on('n01'), cluster: 'gone' }),
  job({ jobId: 8, ...on('n03'), startTime: NOW - 31 * DAY, duration: 2 * DAY }), // still ran 30 days ago
];
// 40 h and 1 h before NOW.
const STATES = `INSERT INTO node (id, hostname, cluster, subcluster) VALUES (1, 'n01', 'small', 'main'), (2, 'old', 'small', 'main');
  INSERT INTO node_state (time_stamp, node_state, health_state, node_id) VALUES (${NOW - 30 * DAY}, 'mixed', 'full', 1),
    (${NOW - 144_000}, 'idle', 'full', 1), (${NOW - 7200}, 'idle', 'full', 1), (${NOW - 3600}, 'down', 'failed', 1), (${NOW - 60}, 'down', 'full', 2);`;

describe('who may open the page of a node', () => {
  let service: TestApp;
  beforeAll(async () => {
    service = await testApp({ jobs: JOBS, sql: STATES });
  });
  afterAll(() => service.close());

  test.each([
    ['/nodes/small/n10', ['ada', 'user'], 200], // configured
    ['/nodes/small/n11', ['ada', 'user'], 404],
    ['/nodes/gone/n01', ['ada', 'user'], 200], // has a job of ada
    ['/nodes/gone/n01', ['bob', 'user'], 404],
    ['/nodes/small/old', ['root', 'admin'], 200], // has reported a state
    ['/nodes/small/old', ['ada', 'user'], 404],
    ['/nodes/small/n01', ['guest', 'stranger', 'api'], 403],
    ['/nodes/small/n01?at=yesterday', ['root', 'admin'], 400],
    ['/nodes/small/n01?at=253402300799', ['root', 'admin'], 200],
    ['/nodes/small/n01?at=253402300800', ['root', 'admin'], 400],
    ['/nodes/small/n01?at=-1', ['root', 'admin'], 400],
    ['/nodes/small/n01?at=', ['root', 'admin'], 200],
    ['/nodes/small/n01?when=1', ['root', 'admin'], 400],
  ] as const)('%s as %j: %i', async (path, [name, ...roles], status) => {
    expect((await service.get(path, name, ...roles)).status).toBe(status);
  });

  test('nobody without a login', async () => {
    expect((await service.app.request('/nodes/small/n01')).status).toBe(401);
  });
});

test('a node of a cluster with one subcluster is compared with all jobs of the cluster', async () => {
  const file = smallCluster();
  const only = { ...file, subClusters: file.subClusters.slice(0, 1) };
  const clusters = new Clusters([deriveCluster(ClusterFileSchema.parse(only))]);
  const service = await testApp({ jobs: JOBS, service: () => ({ clusters }) });
  onTestFinished(() => service.close());
  const text = await (await service.get('/nodes/small/n01', 'root', 'admin')).text();
  // Jobs 1, 2, 3, 4 and 6 of the last 30 days: 3 and 6 failed.
  expect(text.replaceAll(/<[^>]*>/g, ' ').replaceAll(/\s+/g, ' ')).toContain('all nodes of small 5 2 (40.0 %)');
});

describe.skipIf(!HAS_CHROMIUM)('the page of a node', () => {
  let browser: Browser;
  let pages: Site;
  beforeAll(async () => {
    browser = await openChromium();
    pages = await site(browser, { jobs: JOBS, sql: STATES });
  }, 60_000);
  afterAll(async () => {
    await pages?.close();
    await browser?.close();
  });

  test('shows its jobs, their failures and its states', async () => {
    const { page, texts, complaints } = await pages.visit('sue');
    await page.goto('/jobs/2');
    await follow(page, page.getByRole('link', { name: 'n01', exact: true }));
    expect(await page.locator('h1').innerText()).toBe('Node n01 small, main');
    expect(await texts('[aria-label="Jobs on this node"] tbody td:first-child')).toEqual(['2', '1', '3']);
    expect(await page.locator('svg.bars title').allTextContents()).toEqual([
      'Job 3, failed, 1h',
      'Job 1, completed, 1h',
      'Job 2, running, 30m',
    ]);
    // Jobs 1, 2 and 3 against those and 4: 8 started before.
    expect(await texts('[aria-label="Failed jobs"] tbody tr')).toEqual([
      'this node 3 1 (33.3 %)',
      'all nodes of main 4 1 (25.0 %)',
    ]);
    expect(await texts('[aria-label=States] tbody td:not(.when)')).toEqual(['Down', 'Failed', 'Idle', 'Full']);
    expect(complaints).toEqual([]);
  });

  test('shows who was on it at a time', async () => {
    const { page, texts } = await pages.visit('root', { timezoneId: 'America/New_York' });
    await page.goto('/nodes/small/n01');
    await page.locator('input[name=at]').fill('2027-01-13T03:30'); // 08:30 UTC, half an hour into job 3
    await follow(page, page.getByRole('button', { name: 'Show' }));
    expect(new URL(page.url()).search).toBe(`?at=${NOW - 2 * DAY + 1800}`);
    expect(await texts('[aria-label="Jobs at this time"] tbody td:first-child')).toEqual(['3']);
    expect(await page.locator('input[name=at]').inputValue()).toBe('2027-01-13T03:30');
    await page.goto('/nodes/small/n01?at=2027-01-13T09:30Z');
    expect(await texts('#at ~ .note')).toEqual(['No job that you may see ran on this node at 2027-01-13 04:30.']);
  });

  test('shows jobs that began earlier, and those that the visitor may see', async () => {
    const { page, texts } = await pages.visit('ada');
    await page.goto('/nodes/small/n03');
    expect(await texts('[aria-label="Jobs on this node"] tbody td:first-child')).toEqual(['8']);
    await page.goto('/nodes/small/n01');
    expect(await texts('[aria-label="Jobs on this node"] tbody td:first-child')).toEqual(['1']);
    expect(await texts('[aria-label="Failed jobs"] tbody tr')).toEqual([
      'this node 1 0 (0.0 %)',
      'all nodes of main 2 0 (0.0 %)',
    ]);
    expect(await page.locator('[aria-label=States]').count()).toBe(0);
  });

  test.each(['light', 'dark'] as const)('is for everybody, %s', async (colorScheme) => {
    const { page, axe, overflow } = await pages.visit('root', { colorScheme, viewport: { width: 360, height: 700 } });
    await page.goto(`/nodes/small/n01?at=${NOW - 60}`);
    expect([await axe(), await overflow()]).toEqual([[], 0]);
    await page.setViewportSize({ width: 1000, height: 800 });
    expect([await axe(), await overflow()]).toEqual([[], 0]);
    if (process.env['SHOTS'])
      await page.screenshot({ path: `${process.env['SHOTS']}/node-${colorScheme}.png`, fullPage: true });
  });
});

describe('the bars of jobs', () => {
  const listed = (jobId: number, startTime: number, duration: number) => ({ jobId, startTime, duration });
  const lanesOf = (jobs: readonly { jobId: number; startTime: number; duration: number }[]) => {
    const drawn = jobBars(jobs as never, { from: 0, to: 1000, length: '30 days' }).toString();
    return [...drawn.matchAll(/x="([\d.]+)" y="(\d+)" width="([\d.]+)"/g)].map(([, x, y, width]) =>
      [x, y, width].map(Number),
    );
  };

  test('have a row of their own while others run, and a free one afterwards', () => {
    // The range is as wide as the drawing. Rows are 10 high.
    expect(lanesOf([listed(1, 0, 100), listed(2, 50, 100), listed(3, 100, 50), listed(4, 160, 10)])).toEqual([
      [0, 1, 100],
      [50, 11, 100],
      [100, 1, 50],
      [160, 1, 10],
    ]);
  });

  test('are cut at both ends', () => {
    expect(lanesOf([listed(1, -500, 600), listed(2, 900, 600)])).toEqual([
      [0, 1, 100],
      [900, 1, 100],
    ]);
  });
});

describe('the states of a node', () => {
  const history = (state: string, ...times: number[]) => ({ state, times, counts: times.map(() => 1) });

  test('are those that differ from the ones before, newest first', () => {
    const scheduler = [history('down', 3, 4), history('idle', 1, 2, 5)];
    const health = [history('failed', 2, 3), history('full', 1, 4, 5)];
    expect(statesOf({ scheduler, health }, 10)).toEqual([
      { since: 5, scheduler: 'idle', health: 'full' },
      { since: 4, scheduler: 'down', health: 'full' },
      { since: 3, scheduler: 'down', health: 'failed' },
      { since: 2, scheduler: 'idle', health: 'failed' },
      { since: 1, scheduler: 'idle', health: 'full' },
    ]);
    expect(statesOf({ scheduler, health }, 2)).toHaveLength(2);
    expect(statesOf({ scheduler: [], health: [] }, 2)).toEqual([]);
  });
});
