import { Readable } from 'node:stream';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { duration } from '../../src/pages/format.ts';
import { HAS_CHROMIUM, openChromium } from '../support/chromium.ts';
import { follow, type Site, site } from '../support/pages.ts';
import { HOSTILE, LONG_WORD, SHOWN_JOBS } from '../support/shown-jobs.ts';
import { job, NOW } from '../support/test-app.ts';

const IDS = 'table.jobs tbody tr td:first-child';

describe.skipIf(!HAS_CHROMIUM)('the list of jobs', () => {
  let browser: Browser;
  let service: Site;
  beforeAll(async () => {
    browser = await openChromium();
    service = await site(browser, { jobs: SHOWN_JOBS });
  }, 60_000);
  afterAll(async () => {
    await service?.close();
    await browser?.close();
  });

  test('has the newest first, with what is known of each', async () => {
    const { page, texts, complaints } = await service.visit('root', { timezoneId: 'UTC' });
    await page.goto('/jobs');
    expect(await texts(IDS)).toEqual(['14', '13', '12', '11']);
    await expect.poll(() => texts('.count')).toEqual(['4 jobs']); // by the script if the server did not wait for it
    const [, , failed] = await texts('table.jobs tbody tr');
    // It started two days before NOW, 2027-01-15 08:00 UTC.
    expect(failed).toBe(
      '12 ✕ failed interactive bob p2 small big 2027-01-13 08:00 2h 30m 2 8 1 5 note odd check secret',
    );
    expect(complaints).toEqual([]);
  });

  test('has how long jobs waited, where that is known of one', async () => {
    const jobs = [job({ jobId: 5, submitTime: NOW - 7200 - 90 }), job({ jobId: 6, submitTime: NOW })];
    const own = await site(browser, { jobs });
    const { page, texts } = await own.visit('root');
    await page.goto('/jobs');
    const at = (await texts('table.jobs thead th')).indexOf('Waited') + 1;
    // 6 started before it was submitted.
    expect(await texts(`table.jobs tbody td:nth-child(${at})`)).toEqual(['', '1m 30s']);
    await page.goto('/jobs?sort-by=wait');
    expect([await texts(IDS), await texts('[aria-sort]')]).toEqual([['5', '6'], ['Waited ↓']]);
    await page.goto('/jobs?wait=60-');
    expect([await texts(IDS), await texts('.chips li')]).toEqual([['5'], ['Waited from 1m × Remove Waited from 1m']]);
    await own.close();
    const { page: another, texts: others } = await service.visit('root');
    await another.goto('/jobs');
    expect(await others('table.jobs thead th')).not.toContain('Waited');
  });

  test('lets running jobs move', async () => {
    const { page } = await service.visit('root');
    await page.goto('/jobs');
    const duration = page.locator('[data-running]');
    expect(await duration.innerText()).toMatch(/^10m/);
    await expect.poll(() => duration.innerText(), { interval: 100 }).toMatch(/^10m [1-9]/);
  });

  test('the scripts format durations as the server does', async () => {
    const { page } = await service.visit('root');
    await page.goto('/jobs');
    const seconds = [
      0,
      59,
      60,
      61,
      3_599,
      3_600,
      3_660,
      86_399,
      86_400,
      90_000,
      86_400 * 1_000,
      86_400 * 1_234_567,
      -90,
    ];
    const shown = await page.evaluate(`${JSON.stringify(seconds)}.map(window.formatting.duration)`);
    expect(shown).toEqual(seconds.map(duration));
  });

  test('shows that a running job has ended, without being loaded again', async () => {
    const own = await site(browser, {
      jobs: [job({ jobId: 5, jobState: 'running', startTime: NOW - 600, duration: 0 })],
    });
    const { page, complaints } = await own.visit('root');
    await page.goto('/jobs');
    const stop = { jobId: 5, stopTime: NOW - 540, jobState: 'failed' };
    expect((await own.app.send('POST', '/api/jobs/stop_job/', stop, 'root', 'admin', 'api')).status).toBe(200);
    // As when the visitor returns to the tab.
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))");
    await page.locator('.state .word', { hasText: 'failed' }).waitFor();
    expect(await page.locator('table.jobs tbody tr').innerText()).toMatch(/failed.*\t1m\t/s);
    expect(complaints).toEqual([]);
    await own.close();
  });

  test.each([
    ['CSV', 'jobs.csv', /^"id",.*\r\n4,14,.*\r\n1,11,.*\r\n$/s],
    ['NDJSON', 'jobs.ndjson', /^\{"id":4,.*\{"id":1,.*\{"end":true,"rows":2\}\n$/s],
  ])('is exported with its filter as %s', async (name, file, text) => {
    const { page, complaints } = await service.visit('root');
    await page.goto('/jobs?job-id=11&job-id=14&sort-by=duration&items-per-page=25');
    const link = page.getByRole('navigation', { name: 'Export these jobs' }).getByRole('link', { name, exact: true });
    const [download] = await Promise.all([page.waitForEvent('download'), link.click()]);
    expect(download.suggestedFilename()).toBe(file);
    expect(await new Response(Readable.toWeb(await download.createReadStream()) as ReadableStream).text()).toMatch(
      text,
    );
    expect(complaints).toEqual([]);
  });

  test('can be filtered with the keyboard alone', async () => {
    const { page, texts } = await service.visit('root');
    await page.goto('/jobs');
    const press = async (key: string, times = 1) => {
      for (let time = 0; time < times; time += 1) await page.keyboard.press(key);
    };
    await page.locator('summary').first().focus();
    await press('Enter');
    await press('Tab', 2); // past the operator, to the user
    await page.keyboard.type('bob');
    await Promise.all([page.waitForEvent('load'), press('Enter')]);
    expect([new URL(page.url()).search, await texts(IDS)]).toEqual(['?user=bob', ['13', '12']]);
  });

  test.each([
    ['max', ['13', '12']], // max manages p2
    ['ada', ['11']],
    ['sue', ['14', '13', '12', '11']],
  ])('has for %s what may be seen', async (user, ids) => {
    const { page, texts } = await service.visit(user);
    await page.goto('/jobs');
    expect(await texts(IDS)).toEqual(ids);
    await expect.poll(() => texts('.count')).toEqual([`${ids.length} job${ids.length === 1 ? '' : 's'}`]);
  });

  test('keeps the filter in its address: narrowed by a click, taken away again, gone back to', async () => {
    const { page, texts } = await service.visit('root');
    await page.goto('/jobs?state=failed&state=completed');
    await follow(page, page.getByTitle('Only bob').first());
    expect([new URL(page.url()).search, await texts(IDS)]).toEqual([
      '?state=failed&state=completed&user=bob',
      ['13', '12'],
    ]);
    await follow(page, page.getByTitle('Remove').first());
    expect([new URL(page.url()).search, await texts(IDS)]).toEqual(['?state=completed&user=bob', ['13']]);
    await page.goBack();
    expect(await texts(IDS)).toEqual(['13', '12']);
    await follow(page, page.getByRole('link', { name: 'Clear all' }));
    expect([new URL(page.url()).search, await texts(IDS)]).toEqual(['', ['14', '13', '12', '11']]);
  });

  test.each([
    ['Duration', ['12', '11', '14', '13'], 'sort-by=duration'],
    ['Nodes', ['12', '14', '13', '11'], 'sort-by=num-nodes'],
    ['Threads', ['12', '14', '13', '11'], 'sort-by=num-hwthreads'],
    ['Acc.', ['12', '14', '13', '11'], 'sort-by=num-acc'],
    ['Energy kWh', ['12', '11', '14', '13'], 'sort-by=energy'],
  ])('is sorted by a click on %s, and the other way by a second', async (label, ids, search) => {
    const { page, texts } = await service.visit('root');
    await page.goto('/jobs?start-time=0-');
    await follow(page, page.getByRole('columnheader', { name: label }).getByRole('link'));
    expect([new URL(page.url()).search, await texts(IDS)]).toEqual([`?start-time=0-&${search}`, ids]);
    expect(await page.locator('th[aria-sort=descending]').innerText()).toBe(`${label} ↓`);
    await follow(page, page.getByRole('columnheader', { name: label }).getByRole('link'));
    expect(new URL(page.url()).search).toBe(`?start-time=0-&${search}&order=asc`);
    expect((await texts(IDS)).at(-1)).toBe('12');
    await follow(page, page.getByTitle('Remove')); // the order is kept
    expect(new URL(page.url()).search).toBe(`?${search}&order=asc`);
  });

  test.each([
    ['/jobs?user=nobody', 'No job matches this filter.'],
    ['/jobs?page=9', 'This page is past the end of the list.'],
  ])('says why it is empty: %s', async (path, words) => {
    const { page } = await service.visit('root');
    await page.goto(path);
    expect(await page.locator('main .note').innerText()).toContain(words);
  });

  test.each([
    ['/jobs?colour=red', 'colour'],
    ['/jobs?duration=long', 'duration'],
    ['/jobs?items-per-page=101', 'items-per-page'],
    ['/jobs?sort-by=user', 'sort-by'],
    ['/jobs?order=up', 'order'],
    ['/jobs?form=1&colour=red', 'colour'],
  ])('refuses what it does not know: %s', async (path, words) => {
    const { page } = await service.visit('root');
    const answer = await page.goto(path);
    expect([answer?.status(), await page.locator('.problem').innerText()]).toEqual([
      400,
      expect.stringContaining(words),
    ]);
  });

  test.each(['light', 'dark'] as const)('is for everybody, %s', async (colorScheme) => {
    const { page, axe, overflow } = await service.visit('root', { colorScheme });
    await page.goto('/jobs?user=bob&duration=1-9000');
    await page.getByText('Filter', { exact: true }).click();
    expect([await axe(), await overflow()]).toEqual([[], 0]);
    await page.setViewportSize({ width: 360, height: 740 });
    expect([await axe(), await overflow()]).toEqual([[], 0]);
  });
});

describe.skipIf(!HAS_CHROMIUM)('a long list of jobs', () => {
  let browser: Browser;
  let service: Site;
  beforeAll(async () => {
    browser = await openChromium();
    const jobs = Array.from({ length: 60 }, (_, index) => job({ jobId: index + 1, startTime: NOW - 7200 + index }));
    service = await site(browser, {
      jobs: [
        ...jobs,
        job({
          jobId: 99,
          startTime: NOW - 10,
          user: HOSTILE,
          project: LONG_WORD,
          cluster: HOSTILE,
          subCluster: LONG_WORD,
          partition: HOSTILE,
          resources: [{ hostname: HOSTILE }],
          metaData: { jobName: HOSTILE, [HOSTILE]: LONG_WORD },
          footprint: { [HOSTILE]: 1 },
          tags: [{ type: HOSTILE, name: LONG_WORD, scope: 'global' }],
        }),
      ],
    });
  }, 60_000);
  afterAll(async () => {
    await service?.close();
    await browser?.close();
  });

  test('has pages', async () => {
    const { page, texts } = await service.visit('root');
    await page.goto('/jobs?user=ada');
    await expect.poll(() => texts('.count')).toEqual(['60 jobs']);
    expect((await texts(IDS)).slice(0, 2)).toEqual(['60', '59']);
    await follow(page, page.getByRole('link', { name: 'Next' }));
    expect([new URL(page.url()).search, (await texts(IDS))[0]]).toEqual(['?user=ada&page=2', '35']);
    const last = page.getByRole('link', { name: 'Last' });
    // The server waits only briefly for the count. Without it, the last page is unknown.
    for (let tries = 0; (await last.count()) === 0 && tries < 50; tries += 1) await page.reload();
    await follow(page, last);
    expect([(await texts(IDS)).length, await page.getByRole('link', { name: 'Next' }).count()]).toEqual([10, 0]);
    await follow(page, page.getByRole('link', { name: '50', exact: true }));
    expect([new URL(page.url()).search, (await texts(IDS)).length]).toEqual(['?user=ada&items-per-page=50', 50]);
    await follow(page, page.getByRole('link', { name: 'Next' }));
    await follow(page, page.getByRole('link', { name: 'Previous' }));
    expect((await texts(IDS))[0]).toBe('60');
  });

  test('saves its filter, which other pages open, without JavaScript', async () => {
    const { page, texts, axe, overflow } = await service.visit('root', { viewport: { width: 400, height: 800 } });
    const plain = await service.visit('root', { javaScriptEnabled: false });
    await plain.page.goto('/jobs?user=ada&sort-by=duration');
    await plain.page.getByText('Saved filters').click();
    await plain.page.getByLabel('Save this filter as').fill('<i>mine</i>');
    await plain.page.getByRole('button', { name: 'Save' }).click();
    await page.goto('/timeline');
    await page.getByText('Saved filters').click();
    expect([await axe(), await overflow()]).toEqual([[], 0]);
    await follow(page, page.getByRole('link', { name: '<i>mine</i>' }));
    expect(new URL(page.url()).search).toBe('?user=ada&sort-by=duration');
    await page.goto('/saved-filters');
    expect([await axe(), await overflow()]).toEqual([[], 0]);
    await page.getByLabel('New name of <i>mine</i>').fill('ours');
    await Promise.all([page.waitForEvent('load'), page.getByRole('button', { name: 'Rename' }).click()]);
    expect(await texts('table.data th a')).toEqual(['ours']);
    await Promise.all([page.waitForEvent('load'), page.getByRole('button', { name: 'Delete' }).click()]);
    expect(await texts('main .note')).toEqual([expect.stringContaining('There are no saved filters')]);
  });

  test('shows hostile text as text, in every field', async () => {
    const { page, complaints, overflow, axe } = await service.visit('root', { viewport: { width: 1280, height: 700 } });
    await page.goto('/jobs');
    const row = page.locator('table.jobs tbody tr').first();
    expect(await row.innerText()).toContain('<script>alert(1)</script><img src=x onerror=alert(2)>"\'&amp;');
    expect(await page.locator('main script, main img').count()).toBe(0);
    expect(await overflow()).toBe(0);
    expect((await row.boundingBox())?.width).toBeLessThan(2_500);
    await follow(page, row.locator('a.only').first()); // filters by that user
    expect(await page.locator('table.jobs tbody tr').count()).toBe(1);
    await follow(page, page.locator('table.jobs tbody a').first());
    await page.getByRole('heading', { name: 'Job 99' }).waitFor();
    expect([await overflow(), await page.locator('main script, main img').count()]).toEqual([0, 0]);
    await page.setViewportSize({ width: 360, height: 740 });
    expect([await overflow(), await axe(), complaints]).toEqual([0, [], []]);
  });
});
