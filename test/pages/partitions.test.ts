import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HAS_CHROMIUM, openChromium } from '../support/chromium.ts';
import { follow, type Site, site } from '../support/pages.ts';
import { job, NOW } from '../support/test-app.ts';

const DAY = 86_400;

describe.skipIf(!HAS_CHROMIUM)('the page of partitions', () => {
  let browser: Browser;
  let pages: Site;
  beforeAll(async () => {
    browser = await openChromium();
    pages = await site(browser, {
      jobs: [
        job({ jobId: 1, partition: 'short', submitTime: NOW - 7260 }), // 4 core hours, waited 1 min
        job({ jobId: 2, partition: 'short', jobState: 'failed', submitTime: NOW - 7800, user: 'bob', project: 'p2' }), // 10 min
        job({ jobId: 3, partition: 'short', jobState: 'running', startTime: NOW - 3600, user: 'bob', project: 'p2' }),
        job({ jobId: 4, partition: 'long', startTime: NOW - 20 * DAY, duration: 36_000 }), // 40 core hours
        job({ jobId: 5, partition: 'old', startTime: NOW - 40 * DAY }),
        job({ jobId: 6, partition: 'old', jobState: 'running', startTime: NOW - 40 * DAY, cluster: 'other' }),
        job({ jobId: 7, user: 'bob', startTime: NOW - DAY, duration: 900 }),
      ],
    });
  }, 60_000);
  afterAll(async () => {
    await pages?.close();
    await browser?.close();
  });

  test('shows running jobs and the last 30 days', async () => {
    const { page, texts, complaints } = await pages.visit('root');
    await page.goto('/');
    await follow(page, page.getByRole('link', { name: 'Partitions' }));
    expect(await texts('tbody tr')).toEqual([
      'small long 0 1 40 0 (0.0 %) unknown unknown by user',
      'small short 1 3 12 1 (33.3 %) 1m 10m by user',
      'small (none) 0 1 1 0 (0.0 %) unknown unknown by user',
      'other old 1 0 0 0 (0.0 %) unknown unknown by user',
    ]);
    expect(complaints).toEqual([]);
  });

  test('leads to the jobs that it counts', async () => {
    const { page, texts } = await pages.visit('root');
    await page.goto('/partitions');
    for (const [column, ids] of [
      [0, ['3']],
      [1, ['3', '2', '1']],
      [2, ['2']],
    ] as const) {
      await follow(page, page.getByRole('row', { name: 'short' }).getByRole('link').nth(column));
      expect(await texts('table.jobs tbody tr td:first-child')).toEqual(ids);
      await page.goBack();
    }
    await follow(page, page.getByRole('row', { name: 'short' }).getByRole('link', { name: 'by user' }));
    expect(await texts('table.groups tbody th')).toEqual(['bob', 'ada Ada A.']);
  });

  test('has the jobs that the visitor may see', async () => {
    const { page, texts } = await pages.visit('max');
    await page.goto('/partitions');
    expect(await texts('tbody tr')).toEqual(['small short 1 2 8 1 (50.0 %) 10m 10m by user']);
    const nothing = await pages.visit();
    expect((await nothing.page.goto('/partitions'))?.status()).toBe(401);
  });

  test.each(['light', 'dark'] as const)('is for everybody, %s', async (colorScheme) => {
    const { page, axe, overflow } = await pages.visit('root', { colorScheme, viewport: { width: 360, height: 700 } });
    await page.goto('/partitions');
    expect([await axe(), await overflow()]).toEqual([[], 0]);
    await page.setViewportSize({ width: 1000, height: 800 });
    expect(await overflow()).toBe(0);
  });
});
