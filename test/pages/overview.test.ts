import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HAS_CHROMIUM, openChromium } from '../support/chromium.ts';
import { follow, type Site, site } from '../support/pages.ts';
import { job, NOW } from '../support/test-app.ts';

describe.skipIf(!HAS_CHROMIUM)('the overview', () => {
  let browser: Browser;
  let service: Site;
  beforeAll(async () => {
    browser = await openChromium();
    service = await site(browser, {
      service: () => ({ index: { ask: async () => undefined } }), // the SQL answers
      jobs: [
        job({
          jobId: 1,
          jobState: 'running',
          walltime: 3600,
          numNodes: 2,
          numHwthreads: 4,
          resources: [{ hostname: 'n01' }, { hostname: 'n02' }],
        }),
        job({ jobId: 2, jobState: 'running', user: 'bob', project: 'p2', resources: [{ hostname: 'n02' }] }),
        job({ jobId: 3, jobState: 'failed', startTime: NOW - 3600, duration: 1800 }),
        job({ jobId: 4, jobState: 'timeout', user: 'bob', startTime: NOW - 3 * 86_400, duration: 7200 }),
        job({ jobId: 5, user: 'bob', startTime: NOW - 30 * 86_400 }),
      ],
    });
  }, 60_000);
  afterAll(async () => {
    await service?.close();
    await browser?.close();
  });

  test('shows each cluster now, and lately', async () => {
    const { page, texts, complaints } = await service.visit('root');
    await page.goto('/');
    // Job 1 has 2 nodes, and job 2 has one of them: two of the eleven configured nodes, with 2 threads each.
    expect(await texts('section:has(#now) tbody tr')).toEqual(['small 2 2 / 11 8 / 22']);
    // Within a day: jobs 1, 2 and 3, of ada and bob. Jobs 1 and 2 run for 2 h on 3 nodes, and job 3 ran for half an
    // hour.
    expect(await texts('section:has(#last24h) tbody tr')).toEqual(['small 3 2 6 unknown 1 (33.3 %)']);
    expect(await texts('section:has(#last7d) tbody tr')).toEqual(['small 4 2 8 unknown 2 (50.0 %)']);
    expect(complaints).toEqual([]);
  });

  test('shows the core hours of the last week, and the users with most of them', async () => {
    const { page, texts, complaints } = await service.visit('root');
    await page.addInitScript("Object.defineProperty(Navigator.prototype, 'language', { get: () => 'en-US@posix' })");
    await page.goto('/');
    await page.locator('figure.timeline canvas').waitFor();
    expect(complaints).toEqual([]);
    expect(await texts('.legend li')).toEqual(['small', 'capacity']);
    expect(await page.locator('.legend li:first-child .swatch.series-0').count()).toBe(1);
    // Jobs 1 and 3 of ada: 2 h and half an hour with 4 threads. Jobs 2 and 4 of bob: twice 2 h with 4 threads.
    expect(await texts('section:has(#users) tbody tr')).toEqual(['bob 2 16', 'ada Ada A. 2 10']);
    await follow(page, page.getByRole('link', { name: 'As a table' }));
    expect((await texts('section table.data tbody tr')).length).toBe(168); // NOW is a full hour
  });

  test('shows what is unusual, with and without JavaScript', async () => {
    const { page, texts, complaints, axe, overflow } = await service.visit('root', {
      viewport: { width: 400, height: 800 },
    });
    await page.goto('/');
    await page.locator('ul.unusual li').waitFor();
    const overdue = '1 job is still running 10m or more after the end of its walltime.';
    expect([await texts('ul.unusual li'), await axe(), await overflow(), complaints]).toEqual([[overdue], [], 0, []]);
    await follow(page, page.getByRole('link', { name: overdue }));
    expect(await texts('table.jobs tbody tr td:first-child')).toEqual(['1']);
    const plain = await service.visit('root', { javaScriptEnabled: false });
    await plain.page.goto('/');
    await follow(plain.page, plain.page.getByRole('link', { name: 'Show', exact: true }));
    expect(await plain.texts('ul.unusual li')).toEqual([overdue]);
    const { page: another } = await service.visit('max');
    await another.goto('/unusual');
    expect(await another.locator('main').innerText()).toContain('Nothing unusual was found.');
  });

  test('leads to the jobs that it counts', async () => {
    const { page, texts } = await service.visit('root');
    const ids = async () => await texts('table.jobs tbody tr td:first-child');
    await page.goto('/');
    await follow(page, page.locator('section:has(#last7d) tbody td a').last());
    expect(await ids()).toEqual(['3', '4']);
    await page.goBack();
    await follow(page, page.locator('section:has(#now) tbody td a').first());
    expect(await ids()).toEqual(['2', '1']);
    await page.goBack();
    await follow(page, page.locator('section:has(#last24h) tbody td a').nth(1));
    expect(await texts('table.groups tbody th')).toEqual(['ada Ada A.', 'bob']);
  });

  test('counts for a user what is his', async () => {
    const { page, texts } = await service.visit('ada');
    await page.goto('/');
    expect(await texts('section:has(#now) tbody tr')).toEqual(['small 1 2 / 11 4 / 22']);
    expect(await texts('section:has(#last7d) tbody tr')).toEqual(['small 2 1 4 unknown 1 (50.0 %)']);
  });

  test.each(['light', 'dark'] as const)('is for everybody, %s', async (colorScheme) => {
    const { page, axe, overflow } = await service.visit('root', { colorScheme, viewport: { width: 360, height: 700 } });
    await page.goto('/');
    expect(await axe()).toEqual([]);
    expect(await overflow()).toBe(0);
    if (process.env['SHOTS'])
      await page.screenshot({ path: `${process.env['SHOTS']}/overview-${colorScheme}-360.png` });
    await page.setViewportSize({ width: 1280, height: 800 });
    expect(await axe()).toEqual([]);
    if (process.env['SHOTS']) await page.screenshot({ path: `${process.env['SHOTS']}/overview-${colorScheme}.png` });
  });
});
