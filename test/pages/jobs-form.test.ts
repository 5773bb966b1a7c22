import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HAS_CHROMIUM, openChromium } from '../support/chromium.ts';
import { follow, type Site, site, type Visit } from '../support/pages.ts';
import { SHOWN_JOBS } from '../support/shown-jobs.ts';
import { NOW } from '../support/test-app.ts';

const started = (page: Page) => page.getByRole('group', { name: 'Started between' });
const IDS = 'table.jobs tbody tr td:first-child';

type Fill = (page: Page) => Promise<unknown>;
const type =
  (label: string, value: string): Fill =>
  (page) =>
    page.getByLabel(label, { exact: true }).fill(value);
const tick =
  (label: string): Fill =>
  (page) =>
    page.getByLabel(label, { exact: true }).check();
const choose =
  (label: string, option: string): Fill =>
  (page) =>
    page.getByLabel(label, { exact: true }).selectOption({ label: option });
const both =
  (...fills: Fill[]): Fill =>
  async (page) => {
    for (const fill of fills) await fill(page);
  };
const compare = (field: string, how: string, value: string) =>
  both(choose(`${field}: operator`, how), type(field, value));

describe.skipIf(!HAS_CHROMIUM)('the list of jobs has a form', () => {
  let browser: Browser;
  let service: Site;
  let visit: Visit; // shared, because a new window takes half a second
  beforeAll(async () => {
    browser = await openChromium();
    service = await site(browser, { jobs: SHOWN_JOBS });
    visit = await service.visit('root');
  }, 60_000);
  afterAll(async () => {
    await service?.close();
    await browser?.close();
  });

  test.each<[string, Fill, string, string[]]>([
    ['user', type('User', 'bob'), 'user=bob', ['13', '12']],
    ['user that contains', compare('User', 'contains', 'D'), 'user.contains=D', ['11']],
    ['user that is not', compare('User', 'is not', 'bob'), 'user.not=bob', ['14', '11']],
    [
      'project that starts with',
      compare('Project', 'starts with', 'p'),
      'project.starts-with=p',
      ['14', '13', '12', '11'],
    ],
    ['job name', compare('Job name', 'starts with', 'relax'), 'job-name.starts-with=relax', ['13', '11']],
    ['node', type('Node', 'n02'), 'node=n02', ['12']],
    ['partition', type('Partition', 'gpu'), 'partition=gpu', ['12']],
    ['cluster', tick('small'), 'cluster=small', ['14', '12', '11']],
    ['subcluster', tick('big'), 'subcluster=big', ['12']],
    ['states', both(tick('failed'), tick('running')), 'state=failed&state=running', ['14', '12']],
    ['sharing', tick('multi user'), 'shared=multi_user', ['12']],
    ['schedule', choose('Schedule', 'interactive'), 'schedule=interactive', ['12']],
    ['tag', choose('Tags (any of)', 'note: odd'), 'tag=1', ['12']],
    ['job ids', type('Job ids', '11, 14'), 'job-id=11&job-id=14', ['14', '11']],
    ['array job id', type('Array job ids', '7'), 'array-job-id=7', ['12']],
    ['database id', type('Database ids', '1'), 'db-id=1', ['11']],
    ['recent start', choose('Started', 'last 7 days'), 'start-time=last7d', ['14', '13', '12']],
    ['duration', type('Duration from', '2h30m'), 'duration=9000-', ['12']],
    ['duration up to', type('Duration to', '90s'), 'duration=-90', ['14', '13']],
    ['nodes', both(type('Nodes from', '2'), type('Nodes to', '4')), 'num-nodes=2-4', ['12']],
    ['threads', type('Hardware threads to', '4'), 'num-hwthreads=-4', ['14', '13', '11']],
    ['accelerators', type('Accelerators from', '1'), 'num-acc=1-', ['12']],
    ['energy', both(type('Energy from', '0.25'), type('Energy to', '1')), 'energy=0.25-1', ['11']],
    [
      'footprint',
      both(choose('Metric', 'cpu load avg'), type('Footprint from', '50')),
      'metric.cpu_load_avg=50-',
      ['12'],
    ],
    ['two things at once', both(type('User', 'bob'), tick('failed')), 'state=failed&user=bob', ['12']],
  ])('for %s', async (_, fill, search, ids) => {
    const { page, texts } = visit;
    await page.goto('/jobs');
    await page.getByText('Filter', { exact: true }).click();
    await fill(page);
    await follow(page, page.getByRole('button', { name: 'Apply' }));
    await page.waitForURL(`**/jobs?${search}`);
    expect(await texts(IDS)).toEqual(ids);
    // The form shows the current filter. Submitting it again gives the same filter.
    const sent = await page.evaluate(
      "String(new URLSearchParams(new FormData(document.querySelector('.filter form'))))",
    );
    const again = await page.request.get(`/jobs?${sent}`, { maxRedirects: 0 });
    expect(again.headers()['location']).toBe(`/jobs?${search}`);
  });

  test('for times, in the zone of the reader', async () => {
    const { page, texts } = await service.visit('root', { timezoneId: 'Asia/Kolkata' });
    await page.goto('/jobs');
    await page.getByText('Filter', { exact: true }).click();
    // NOW is 2027-01-15 13:30 in India; job 13 started five hours before.
    await started(page).getByLabel('from', { exact: true }).fill('2027-01-15T08:00');
    await started(page).getByLabel('to', { exact: true }).fill('2027-01-15T09:00');
    await follow(page, page.getByRole('button', { name: 'Apply' }));
    await page.waitForURL(`**/jobs?start-time=${NOW - 5.5 * 3600}-${NOW - 4.5 * 3600}`);
    expect(await texts(IDS)).toEqual(['13']);
    await page.getByText('Filter', { exact: true }).click();
    expect(await started(page).getByLabel('from', { exact: true }).inputValue()).toBe('2027-01-15T08:00');
    expect(await texts('.chips li')).toEqual([
      'Started 2027-01-15 08:00 to 2027-01-15 09:00 × Remove Started 2027-01-15 08:00 to 2027-01-15 09:00',
    ]);
  });

  test('for the time in which jobs ran, whose end is the first second that is outside', async () => {
    const { page, texts } = await service.visit('root', { timezoneId: 'UTC' });
    await page.goto('/jobs');
    await page.getByText('Filter', { exact: true }).click();
    // Job 12 started two days before NOW, 2027-01-15 08:00 UTC, and ran 2.5 hours.
    const ran = page.getByRole('group', { name: 'Ran between' });
    await ran.getByLabel('from').fill('2027-01-13T10:29');
    await ran.getByLabel('to').fill('2027-01-13T10:30');
    await follow(page, page.getByRole('button', { name: 'Apply' }));
    await page.waitForURL(`**/jobs?during=${NOW - 172_800 + 8940}-${NOW - 172_800 + 9000}`);
    expect(await texts(IDS)).toEqual(['12']);
    await page.goto('/jobs?during=2027-01-13T10:30..2027-01-13T10:31');
    expect(await texts(IDS)).toEqual([]);
    expect(await texts('.chips li')).toEqual([
      'Ran 2027-01-13 10:30 to 2027-01-13 10:31 × Remove Ran 2027-01-13 10:30 to 2027-01-13 10:31',
    ]);
  });

  test.each<[string, Fill, string]>([
    ['a duration that is none', type('Duration from', 'long'), '2h30m'],
    ['a number that is none', type('Nodes from', 'two'), 'an integer'],
    ['a range the wrong way round', both(type('Nodes from', '4'), type('Nodes to', '2')), 'larger'],
    ['an id that is none', type('Job ids', '12x'), 'integers'],
    ['a metric without a value', choose('Metric', 'cpu load avg'), 'a lower or an upper limit'],
  ])('that says what is wrong with %s, and keeps the rest', async (_, fill, words) => {
    const { page } = visit;
    await page.goto('/jobs');
    await page.getByText('Filter', { exact: true }).click();
    await type('User', 'bob')(page);
    await fill(page);
    await follow(page, page.getByRole('button', { name: 'Apply' }));
    await page.getByRole('alert').waitFor();
    expect(await page.locator('.wrong').innerText()).toContain(words);
    expect(await page.getByLabel('User', { exact: true }).inputValue()).toBe('bob');
  });

  test('that works without JavaScript, with times in UTC', async () => {
    const { page, texts } = await service.visit('root', { javaScriptEnabled: false, timezoneId: 'Asia/Kolkata' });
    await page.goto('/jobs?start-time=last30d');
    expect(await texts('td.when')).toContain('2027-01-13 08:00 UTC');
    await page.getByText('Filter', { exact: true }).click();
    await page.getByLabel('Started', { exact: true }).selectOption('');
    await started(page).getByLabel('from (UTC)').fill('2027-01-13T08:00');
    await started(page).getByLabel('to (UTC)').fill('2027-01-13T08:01');
    await follow(page, page.getByRole('button', { name: 'Apply' }));
    expect(new URL(page.url()).search).toBe(`?start-time=${NOW - 172_800}-${NOW - 172_740}`);
    expect(await texts(IDS)).toEqual(['12']);
  });
});
