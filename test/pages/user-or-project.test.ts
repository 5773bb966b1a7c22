import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { monthBars, shownMonths } from '../../src/pages/month-bars.ts';
import { HAS_CHROMIUM, openChromium } from '../support/chromium.ts';
import { follow, type Site, site } from '../support/pages.ts';
import { job, NOW, type TestApp, testApp } from '../support/test-app.ts';

const DAY = 86_400;
// NOW is in January 2027, and 60 days before in November 2026.
const JOBS = [
  job({ jobId: 1, submitTime: NOW - 7260 }),
  job({
    jobId: 2,
    project: 'p2',
    jobState: 'failed',
    submitTime: NOW - DAY - 600,
    startTime: NOW - DAY,
    duration: 7200,
    numNodes: 2,
    numHwthreads: 8,
  }),
  job({ jobId: 3, jobState: 'running', startTime: NOW - 3600, duration: 0 }),
  job({ jobId: 4, jobState: 'timeout', startTime: NOW - 60 * DAY, duration: 36_000, partition: 'long' }),
  job({ jobId: 5, user: 'bob', project: 'p2', startTime: NOW - 2 * DAY, footprint: { cpu_load_avg: 1 } }),
  job({ jobId: 6, user: 'a/b ü', project: '..' }),
];

describe('who may open the page of a user or a project', () => {
  let service: TestApp;
  beforeAll(async () => {
    service = await testApp({ jobs: JOBS });
  });
  afterAll(() => service.close());

  test.each([
    ['/users/ada', ['ada', 'user'], 200],
    ['/users/bob', ['ada', 'user'], 404],
    ['/users/ada', ['root', 'admin'], 200],
    ['/users/ada', ['sue', 'support'], 200],
    ['/users/ada', ['guest', 'stranger', 'api'], 403],
    ['/users/zed', ['root', 'admin'], 404],
    ['/users/new', ['new', 'user'], 200], // the own page, without jobs
    ['/projects/p1', ['ada', 'user'], 200], // with the own jobs
    ['/projects/p1', ['bob', 'user'], 404],
    ['/projects/p2', ['root', 'admin'], 200],
    ['/users/a%2Fb%20%C3%BC', ['root', 'admin'], 200],
    [`/users/${'x'.repeat(256)}`, ['root', 'admin'], 404],
    ['/users/ada?page=2', ['root', 'admin'], 400],
  ] as const)('%s as %j: %i', async (path, [name, ...roles], status) => {
    expect((await service.get(path, name, ...roles)).status).toBe(status);
  });

  test('nobody without a login', async () => {
    expect((await service.app.request('/users/ada')).status).toBe(401);
    expect((await service.app.request('/projects/p1')).status).toBe(401);
  });

  test('has only visible jobs in its figures', async () => {
    const text = await (await service.get('/projects/p2', 'bob', 'user')).text();
    expect(text).toMatch(/Last 30 days<\/th><td class="num"><a [^>]*>1<\/a>/);
    expect(text).not.toContain('ada');
  });

  test('a name that an address cannot contain is no link', async () => {
    const list = await (await service.get('/jobs', 'root', 'admin')).text();
    expect(list).toContain('href="/users/a%2Fb%20%C3%BC"');
    expect(list).not.toContain('/projects/..');
    expect(list).toContain('href="/jobs?project=.."');
  });
});

describe.skipIf(!HAS_CHROMIUM)('the page of a user or a project', () => {
  let browser: Browser;
  let pages: Site;
  beforeAll(async () => {
    browser = await openChromium();
    pages = await site(browser, { jobs: JOBS });
  }, 60_000);
  afterAll(async () => {
    await pages?.close();
    await browser?.close();
  });

  test('shows what a user has used', async () => {
    const { page, texts, complaints } = await pages.visit('ada');
    await page.goto('/');
    await follow(page, page.locator('.who a'));
    expect([new URL(page.url()).pathname, await page.locator('h1').innerText()]).toEqual([
      '/users/ada',
      'User ada Ada A.',
    ]);
    // Node hours 1 + 4 + 1 + 10, core hours 4 + 16 + 4 + 40. Waits of 60 s and 600 s.
    expect(await texts('[aria-label=Totals] tbody tr')).toEqual([
      'At any time 4 1 2 (50.0 %) 16 64 0 1m 10m',
      'Last 30 days 3 1 1 (33.3 %) 6 24 0 1m 10m',
    ]);
    expect(await page.locator('svg.bars rect').count()).toBe(12);
    expect(await page.locator('svg.bars title').last().textContent()).toBe('2027-01: 24 core hours');
    await page.getByText('As a table').click();
    expect(await texts('[aria-label=Month] tbody tr')).toEqual(['2027-01 3 24', '2026-11 1 40']);
    expect(await texts('[aria-label=State] tbody tr')).toEqual([
      'completed 1 4',
      'failed 1 16',
      'running 1 4',
      'timeout 1 40',
    ]);
    expect(await texts('[aria-label=Partition] tbody tr')).toEqual(['long 1 40', '(none) 3 24']);
    expect(await texts('[aria-label=Project] tbody tr')).toEqual(['p1 3 48', 'p2 1 16']);
    expect(await texts('[aria-label="Largest jobs"] tbody td:first-child')).toEqual(['2', '3', '1']);
    expect(await texts('[aria-label="Longest jobs"] tbody td:first-child')).toEqual(['2', '3', '1']);
    expect(complaints).toEqual([]);
  });

  test('leads to the jobs that it counts', async () => {
    const { page, texts } = await pages.visit('root');
    const ids = async () => await texts('table.jobs tbody tr td:first-child');
    await page.goto('/users/ada');
    for (const [link, expected] of [
      [page.locator('[aria-label=Totals] tr:last-child a').nth(2), ['2']],
      [page.locator('[aria-label=State] tr:last-child a'), ['4']],
      [page.locator('[aria-label=Partition] tr:last-child a'), ['3', '1', '2']],
      [page.getByRole('link', { name: 'All jobs' }), ['3', '1', '2', '4']],
    ] as const) {
      await follow(page, link);
      expect(await ids()).toEqual(expected);
      await page.goBack();
    }
    await page.getByText('As a table').click();
    await follow(page, page.locator('[aria-label=Month] tr:last-child a'));
    expect(await ids()).toEqual(['4']);
    await page.goBack();
    await follow(page, page.locator('[aria-label=Project] tr:last-child a').first());
    expect(await page.locator('h1').innerText()).toBe('Project p2');
    expect(await texts('[aria-label=User] tbody tr')).toEqual(['ada 1 16', 'bob 1 4']);
    // A load of 1 on 4 threads for an hour. Nothing is known of the other job.
    expect(await page.getByText('measured core hours').innerText()).toMatch(
      /^Of 4 measured core hours 3 were idle \(75.0 %\)/,
    );
    expect(await texts('[aria-label="Most idle core hours"] tbody tr')).toEqual(['bob 1 4 3 (75.0 %) 0 0 (0.0 %)']);
    await follow(page, page.getByRole('link', { name: 'at most a quarter of their cores' }));
    expect(await ids()).toEqual(['5']);
  });

  test('is reached from lists and jobs, where a link to the filter remains', async () => {
    const { page, texts } = await pages.visit('root');
    await page.goto('/jobs');
    await follow(page, page.getByRole('link', { name: 'bob', exact: true }));
    expect(new URL(page.url()).pathname).toBe('/users/bob');
    await page.goto('/jobs/5');
    await follow(page, page.getByTitle('Only bob'));
    expect(await texts('table.jobs tbody tr td:first-child')).toEqual(['5']);
    await page.goto('/jobs/5');
    await follow(page, page.getByRole('link', { name: 'p2', exact: true }));
    expect(new URL(page.url()).pathname).toBe('/projects/p2');
  });

  test('of a manager has the jobs of the projects', async () => {
    const { page, texts } = await pages.visit('max');
    await page.goto('/users/ada');
    expect(await texts('[aria-label=Project] tbody tr')).toEqual(['p2 1 16']);
    await page.goto('/projects/p1');
    expect(await texts('h1')).toEqual(['Not found']);
    expect(await page.getByRole('searchbox').count()).toBe(1);
  });

  test.each(['light', 'dark'] as const)('is for everybody, %s', async (colorScheme) => {
    const { page, axe, overflow } = await pages.visit('root', { colorScheme, viewport: { width: 360, height: 700 } });
    await page.goto('/projects/p1');
    expect([await axe(), await overflow()]).toEqual([[], 0]);
    await page.setViewportSize({ width: 1000, height: 800 });
    await page.goto('/users/ada');
    expect([await axe(), await overflow()]).toEqual([[], 0]);
    if (process.env['SHOTS']) await page.screenshot({ path: `${process.env['SHOTS']}/user-${colorScheme}.png` });
  });
});

describe('the chart of months', () => {
  test('has the last months with jobs, at least 12 and at most 36', () => {
    expect(shownMonths('2027-01', NOW)).toHaveLength(12);
    expect(shownMonths('2025-11', NOW)).toHaveLength(15);
    const many = shownMonths('1970-01', NOW);
    expect([many.length, many[0], many.at(-1)]).toEqual([36, '2024-02', '2027-01']);
  });

  test('draws no bar without hours', () => {
    expect(monthBars(['2027-01'], new Map()).toString()).toContain('height="0.00"');
  });
});
