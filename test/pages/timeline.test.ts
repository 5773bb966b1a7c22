import { readFileSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { COLORS } from '../../src/pages/timeline/chart-figure.ts';
import { HAS_CHROMIUM, openChromium } from '../support/chromium.ts';
import { csvObjects } from '../support/csv.ts';
import { follow, type Site, site } from '../support/pages.ts';
import { followsWindow } from '../support/plots-in-step.ts';
import { job, NOW } from '../support/test-app.ts';

// NOW is 2027-01-15T08:00Z.
const HOUR = 3600;
const TODAY = NOW - 8 * HOUR;
const RANGE = 'range=2027-01-14..2027-01-15';

test('the style sheet has a color for each group of a timeline', () => {
  const styles = readFileSync('src/pages/style.css', 'utf8');
  const numbers = (pattern: RegExp) => [...styles.matchAll(pattern)].map(([, number]) => Number(number));
  const all = Array.from({ length: COLORS }, (_, at) => at);
  expect(numbers(/^ {2}--series-(\d+): #/gm)).toEqual(all);
  expect(numbers(/^\.swatch\.series-(\d+) \{\n {2}background: var\(--series-\1\);$/gm)).toEqual(all);
});

describe.skipIf(!HAS_CHROMIUM)('the timeline', () => {
  let browser: Browser;
  let service: Site;
  beforeAll(async () => {
    browser = await openChromium();
    service = await site(browser, {
      jobs: [
        // Over midnight: two hours on each day, with 4 hardware threads.
        job({ jobId: 1, startTime: TODAY - 2 * HOUR, duration: 4 * HOUR, submitTime: TODAY - 3 * HOUR }),
        job({ jobId: 2, startTime: TODAY, duration: HOUR, user: 'bob', project: 'p2', submitTime: TODAY - 60 }),
        job({ jobId: 3, cluster: 'other', startTime: TODAY + HOUR, duration: HOUR, user: 'eve', project: 'p3' }),
        // The day before the range.
        job({ jobId: 4, startTime: TODAY - 40 * HOUR, duration: HOUR, user: 'bob', project: 'p2' }),
      ],
    });
  }, 60_000);
  afterAll(async () => {
    await service?.close();
    await browser?.close();
  });

  const rows = (texts: (selector: string) => Promise<string[]>) => texts('section table.data tbody tr');
  const search = (page: Page) => new URL(page.url()).searchParams;

  test('has the core hours of each day by cluster, as a chart and a table, with the capacity', async () => {
    const { page, texts, complaints } = await service.visit('root');
    await page.goto(`/timeline?${RANGE}`);
    // The configured cluster has 22 hardware threads: 528 h on a day, and 176 h in the 8 hours of today.
    expect(await rows(texts)).toEqual([
      '2027-01-14 8 0 8 1.5 % jobs of 2027-01-14',
      '2027-01-15 12 4 16 9.1 % jobs of 2027-01-15',
    ]);
    expect(await texts('section table.data thead th')).toEqual([
      'From',
      'small',
      'other',
      'Total',
      'Of the capacity',
      'List',
    ]);
    expect(await texts('section table.data tfoot tr')).toEqual(['Total 20 4 24']);
    await page.locator('figure.timeline canvas').waitFor();
    expect(await texts('.legend li')).toEqual(['small', 'other', 'capacity']);
    await followsWindow(page, 'figure.timeline');
    expect(complaints).toEqual([]);
  });

  test.each([
    ['running', ['1 0 1', '0 0 0']],
    ['started', ['1 0 1', '1 1 2']],
    ['ended', ['0 0 0', '2 1 3']],
    ['node-hours', ['2 0 2 0.8 %', '3 1 4 4.5 %']],
    ['wait-p50', ['1h –', '1m –']],
  ])('shows %s', async (show, expected) => {
    const { page, texts } = await service.visit('root');
    await page.goto(`/timeline?${RANGE}&show=${show}`);
    const days = ['2027-01-14', '2027-01-15'];
    expect(await rows(texts)).toEqual(expected.map((numbers, at) => `${days[at]} ${numbers} jobs of ${days[at]}`));
  });

  test('has choices, which the filter keeps', async () => {
    const { page, texts } = await service.visit('root');
    await page.goto(`/timeline?project.not=p3`);
    await page.getByLabel('Range').fill('2027-01-14..2027-01-15');
    await page.getByLabel('Group by').selectOption('user');
    await page.getByLabel('Top groups').fill('1');
    await page.getByLabel('compare with the period before').check();
    await Promise.all([page.waitForEvent('load'), page.getByRole('button', { name: 'Show' }).click()]);
    expect(search(page).get('project.not')).toBe('p3');
    // The two days before have the hours of job 4: one hour with 4 threads, on the first one.
    expect(await rows(texts)).toEqual([
      '2027-01-14 8 0 8 1.5 % 0 jobs of 2027-01-14',
      '2027-01-15 8 4 12 6.8 % 4 jobs of 2027-01-15',
    ]);
    expect((await texts('section table.data thead th')).slice(1, 3)).toEqual(['ada', 'all others']);
  });

  test('is narrowed by a click on a bucket or a group', async () => {
    const { page, texts } = await service.visit('root');
    await page.goto(`/timeline?${RANGE}&group-by=user`);
    await follow(page, page.getByRole('columnheader', { name: 'bob' }).getByRole('link'));
    expect([search(page).get('user'), await rows(texts)]).toEqual([
      'bob',
      ['2027-01-14 0 0.0 % jobs of 2027-01-14', '2027-01-15 4 2.3 % jobs of 2027-01-15'],
    ]);
    await follow(page, page.getByRole('link', { name: '2027-01-15', exact: true }));
    expect([search(page).get('bucket'), (await rows(texts)).length]).toEqual(['hour', 24]);
    await follow(page, page.getByRole('link', { name: '2027-01-15 00:00', exact: true }));
    expect(new URL(page.url()).pathname).toBe('/jobs');
    expect(await texts('table.jobs tbody tr td:first-child')).toEqual(['2']);
  });

  test('is narrowed by a click on an area', async () => {
    const { page } = await service.visit('root');
    await page.goto(`/timeline?${RANGE}&show=started`);
    const canvas = page.locator('figure.timeline .u-over');
    const box = await canvas.boundingBox();
    if (box === null) throw new Error('the chart has no place');
    // Of two jobs on the second day, that of `other` is the upper half of its column.
    const [x, y] = [box.x + box.width * 0.75, box.y + box.height * 0.25];
    await page.mouse.move(x, y);
    await expect.poll(() => page.locator('figcaption').innerText()).toBe('2027-01-15 00:00: other 1 jobs');
    await Promise.all([page.waitForEvent('load'), page.mouse.click(x, y)]);
    expect(['cluster', 'bucket', 'range'].map((name) => search(page).get(name))).toEqual([
      ...['other', 'hour', `${TODAY}-${TODAY + 24 * HOUR}`],
    ]);
  });

  test('has the export of what it shows', async () => {
    const { page } = await service.visit('root');
    await page.goto(`/timeline?${RANGE}&group-by=user&user=bob`);
    const link = page.getByRole('navigation', { name: 'Export the timeline' }).getByRole('link', { name: 'CSV' });
    const answer = await page.request.get((await link.getAttribute('href')) ?? '');
    expect(csvObjects(await answer.text())).toMatchObject([
      { group: 'bob', coreSeconds: '0' },
      { group: 'bob', coreSeconds: String(4 * HOUR) },
    ]);
  });

  test('works without JavaScript, in a time zone, and for users', async () => {
    const { page, texts } = await service.visit('ada', { javaScriptEnabled: false });
    await page.goto(`/timeline?${RANGE}&zone=Europe/Berlin&group-by=none`);
    // Midnight in Berlin is an hour earlier: one hour of the job is before it.
    expect(await rows(texts)).toEqual([
      '2027-01-14 4 0.8 % jobs of 2027-01-14',
      expect.stringMatching(/^2027-01-15 12 /),
    ]);
    expect(await page.locator('figure.timeline').isVisible()).toBe(false);
  });

  test('refuses more than a page shows, and says so if nothing is found', async () => {
    const { page } = await service.visit('root');
    expect((await page.goto('/timeline?range=2020-01-01..2027-01-15'))?.status()).toBe(400);
    expect(await page.locator('main').innerText()).toContain('choose longer buckets');
    await page.goto('/timeline?user=nobody');
    expect(await page.locator('section .note').innerText()).toContain('No job matches');
  });

  test.each(['light', 'dark'] as const)('is for everybody, %s', async (colorScheme) => {
    const { page, axe, overflow } = await service.visit('root', { colorScheme, viewport: { width: 400, height: 800 } });
    await page.goto(`/timeline?${RANGE}&compare=before`);
    await page.locator('figure.timeline canvas').waitFor();
    expect([await axe(), await overflow()]).toEqual([[], 0]);
    await page.setViewportSize({ width: 1280, height: 800 });
    expect(await axe()).toEqual([]);
  });
});
