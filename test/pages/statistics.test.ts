import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HAS_CHROMIUM, openChromium } from '../support/chromium.ts';
import { csvObjects } from '../support/csv.ts';
import { follow, type Site, site } from '../support/pages.ts';
import { followsWindow } from '../support/plots-in-step.ts';
import { HOSTILE, SHOWN_JOBS } from '../support/shown-jobs.ts';
import { job, NOW } from '../support/test-app.ts';

const GROUPS = 'table.groups tbody tr';

describe.skipIf(!HAS_CHROMIUM)('the statistics', () => {
  let browser: Browser;
  let service: Site;
  beforeAll(async () => {
    browser = await openChromium();
    const many = Array.from({ length: 30 }, (_, index) =>
      job({ jobId: 100 + index, user: `u${index}`, project: 'many', startTime: NOW - 86_400 * 100, duration: 10 }),
    );
    service = await site(browser, { jobs: [...SHOWN_JOBS, ...many] });
  }, 60_000);
  afterAll(async () => {
    await service?.close();
    await browser?.close();
  });

  test('have the totals, and a table of users by core hours', async () => {
    const { page, texts, complaints } = await service.visit('root');
    await page.goto('/statistics?project.not=many');
    // 3600 + 9000 + 60 + 600 s are 3.7 h; by nodes 3600 + 2 * 9000 + 60 + 600 s; by threads 4, 8, 4, 4 of them.
    expect(await texts('.totals > div')).toEqual([
      'jobs 4',
      'running 1',
      'shorter than 5m 2',
      'users 3',
      'hours of walltime 3',
      'node hours 6',
      'core hours 24',
      'accelerator hours 2',
    ]);
    // bob: 9000 * 8 + 60 * 4 s are 20.07 h of 24, ada: 3600 * 4, eve: 600 * 4.
    expect(await texts(GROUPS)).toEqual([
      'bob 2 2 5 20 2 83.3 % jobs of bob',
      'ada Ada A. 1 1 1 4 0 16.7 % jobs of ada',
      'eve 1 0 0 0 0 0.0 % jobs of eve',
    ]);
    await page.locator('#histograms canvas').first().waitFor();
    await followsWindow(page, '#histograms');
    expect(complaints).toEqual([]);
  });

  test('are exported with their filter', async () => {
    const { page } = await service.visit('root');
    await page.goto(`/statistics?project.not=many&during=${NOW - 3600}-${NOW}&clip=during&group-by=project&page=2`);
    const exported = async (label: string) => {
      const link = page.getByRole('navigation', { name: label }).getByRole('link', { name: 'CSV', exact: true });
      const answer = await page.request.get((await link.getAttribute('href')) ?? '');
      return [answer.status(), csvObjects(await answer.text())] as const;
    };
    // Only the job of eve runs then, for 600 s.
    expect(await exported('Export all groups')).toMatchObject([200, [{ id: 'p3', totalWalltimeSeconds: '600' }]]);
    expect(await exported('Export Duration')).toMatchObject([200, [{ id: 'p3', jobs: '1', p50: '600' }]]);
    const [status, rows] = await exported('Export the distributions');
    expect(status).toBe(200);
    expect(new Set(rows.map(({ histogram }) => histogram))).toContain('histWait');
    expect(rows.filter(({ histogram }) => histogram === 'histNumNodes')).toMatchObject([{ value: '1', count: '1' }]);
  });

  test.each([
    ['Project', '?project.not=many&group-by=project', ['p2', 'p1', 'p3']],
    ['Cluster', '?project.not=many&group-by=cluster', ['small', 'elsewhere']],
    ['Subcluster', '?project.not=many&group-by=subcluster', ['big', 'main', 'x']],
  ])('group by %s', async (label, search, ids) => {
    const { page, texts } = await service.visit('root');
    await page.goto('/statistics?project.not=many');
    await follow(
      page,
      page.getByRole('navigation', { name: 'Group by' }).getByRole('link', { name: label, exact: true }),
    );
    expect([new URL(page.url()).search, await texts(`${GROUPS} th`)]).toEqual([search, ids]);
  });

  test('group by two at once, and a row leads to the jobs of both', async () => {
    const { page, texts, overflow } = await service.visit('root');
    await page.goto('/statistics?project.not=many&group-by=user');
    await page.getByText('and by', { exact: true }).click();
    await follow(
      page,
      page.getByRole('navigation', { name: 'And by' }).getByRole('link', { name: 'Node', exact: true }),
    );
    expect(new URL(page.url()).search).toBe('?project.not=many&group-by=user%2Cnode');
    const [first = '', second = ''] = await texts(`${GROUPS} th`);
    expect(first).toBe('bob');
    await follow(page, page.getByRole('link', { name: `jobs of bob, ${second}` }));
    const [cluster = '', host = ''] = second.split('/');
    const { searchParams } = new URL(page.url());
    expect(['user', 'cluster', 'node'].map((name) => searchParams.get(name))).toEqual(['bob', cluster, host]);
    expect((await texts('table.jobs tbody tr')).length).toBeGreaterThan(0);
    await page.goto('/statistics?group-by=weekday,name-family');
    expect([await texts(`${GROUPS} td:last-child a`), await overflow()]).toEqual([[], 0]);
  });

  test('group by the month of a time zone, which their links keep', async () => {
    const { page, texts } = await service.visit('root');
    await page.goto('/statistics?zone=Pacific/Apia&group-by=month&sort-by=totalJobs');
    const [month = ''] = await texts(`${GROUPS} th`);
    const jobs = (await texts(`${GROUPS} td:nth-of-type(1)`))[0];
    await follow(page, page.getByRole('link', { name: month, exact: true }));
    expect(new URL(page.url()).searchParams.get('zone')).toBe('Pacific/Apia');
    expect([await texts(`${GROUPS} th`), (await texts('.totals dd'))[0]]).toEqual([[month], jobs]);
  });

  test('sort by a click on a column, and have pages', async () => {
    const { page, texts } = await service.visit('root');
    await page.goto('/statistics');
    await follow(page, page.getByRole('columnheader', { name: 'Jobs' }).getByRole('link'));
    expect(new URL(page.url()).search).toBe('?sort-by=totalJobs');
    expect((await texts(`${GROUPS} th`)).slice(0, 3)).toEqual(['bob', 'ada Ada A.', 'eve']); // 2 jobs, then by name
    await follow(page, page.getByRole('link', { name: 'Next' }));
    expect((await texts(`${GROUPS} th`)).length).toBe(33 - 25);
    await follow(page, page.getByRole('link', { name: 'Previous' }));
    expect((await texts(`${GROUPS} th`)).length).toBe(25);
  });

  test('are narrowed by a click on a row, and lead to the list and back', async () => {
    const { page, texts } = await service.visit('root');
    await page.goto('/statistics?project.not=many&group-by=project');
    await follow(page, page.getByRole('link', { name: 'p2', exact: true }));
    expect([new URL(page.url()).search, await texts(`${GROUPS} th`)]).toEqual([
      '?project.not=many&project=p2&group-by=project',
      ['p2'],
    ]);
    await follow(page, page.getByRole('link', { name: 'These jobs as a list' }));
    expect(await texts('table.jobs tbody tr td:first-child')).toEqual(['13', '12']);
    await follow(page, page.getByTitle('Only elsewhere'));
    await follow(page, page.getByRole('link', { name: 'Statistics of these jobs' }));
    expect([await texts(`${GROUPS} th`), (await texts('.totals dd'))[0]]).toEqual([['bob'], '1']);
    await page.goto('/statistics?project.not=many');
    await follow(page, page.getByRole('link', { name: 'jobs of bob' }));
    expect(await texts('table.jobs tbody tr td:first-child')).toEqual(['13', '12']);
  });

  test('have percentiles of waits, durations and walltime used of the groups', async () => {
    const start = NOW - 86_400;
    const own = await site(browser, {
      // Waits of 0, 90 and 90 s; 1/4, 1/2 and all of the walltime of 2 h. Of bob's job nothing is known.
      jobs: [
        job({ jobId: 1, startTime: start, submitTime: start, duration: 1800 }),
        job({ jobId: 2, startTime: start, submitTime: start - 90, duration: 3600 }),
        job({ jobId: 3, startTime: start, submitTime: start - 90, duration: 7200 }),
        job({ jobId: 4, startTime: start, user: 'bob', duration: 60, walltime: 0 }),
      ],
    });
    const { page, texts, complaints } = await own.visit('root');
    await page.goto('/statistics?sort-by=totalJobs');
    await page.locator('#percentiles').scrollIntoViewIfNeeded();
    await expect
      .poll(() => texts('#percentiles tbody tr'))
      .toEqual(['ada 1m 30s 1m 30s 1m 30s 1h 2h 2h 50 % 100 % 100 %', 'bob 1m 1m 1m']);
    await expect.poll(() => texts('#percentiles-state')).toEqual(['']);
    expect(complaints).toEqual([]);
    await own.close();
  });

  test('are narrowed by a click on a bar', async () => {
    const { page, texts } = await service.visit('root');
    await page.goto('/statistics?project.not=many');
    const nodes = page.locator('figure', { has: page.getByRole('heading', { name: 'Nodes', exact: true }) });
    await nodes.locator('canvas').waitFor();
    // One and two nodes: the bars are at a quarter and at three quarters of the width. The plot moves while others appear.
    const overTwo = async (share: number) => {
      const box = await nodes.locator('.u-over').boundingBox();
      if (box === null) throw new Error('the plot has no place');
      const at = [box.x + box.width * share, box.y + box.height / 2] as const;
      await page.mouse.move(...at);
      return at;
    };
    await expect
      .poll(async () => {
        await overTwo(0.7);
        await overTwo(0.72); // a mouse that rests says nothing
        return await nodes.locator('figcaption').innerText();
      })
      .toBe('2: 1 jobs');
    await page.mouse.click(...(await overTwo(0.72)));
    await page.waitForURL('**/statistics?project.not=many&num-nodes=2-2');
    expect((await texts('.totals dd'))[0]).toBe('1');
  });

  test.each([
    ['Duration', '2h to 3h', 'duration=7200-10799', '1'],
    ['Hardware threads', '8', 'num-hwthreads=8-8', '1'],
    ['Accelerators', '1', 'num-acc=1-1', '1'],
    // 100 of 256 GB: the eighth of twenty bins of 12.8.
    ['mem_used max GB', '89.6 to 102.4', 'metric.mem_used_max=89.6-102.4', '1'],
  ])('are narrowed with the keyboard, by the table of a plot: %s', async (title, label, parameter, jobs) => {
    const { page, texts } = await service.visit('root');
    await page.goto('/statistics?project.not=many');
    const figure = page.locator('figure', { has: page.getByRole('heading', { name: title, exact: true }) });
    await figure.locator('summary').focus();
    await page.keyboard.press('Enter');
    await figure.getByRole('link', { name: label, exact: true }).focus();
    await page.keyboard.press('Enter');
    await page.waitForURL(`**/statistics?project.not=many&${parameter}`);
    expect((await texts('.totals dd'))[0]).toBe(jobs);
  });

  test('show durations in steps of choice', async () => {
    const { page } = await service.visit('root');
    await page.goto('/statistics?project.not=many');
    await follow(page, page.getByRole('link', { name: 'up to 1h', exact: true }));
    expect(new URL(page.url()).search).toBe('?project.not=many&bins=1m');
    await page.locator('figure', { hasText: 'Duration' }).locator('summary').click();
    await page.getByRole('link', { name: '1m to 2m', exact: true }).waitFor();
  });

  test.each([
    ['ada', ['ada Ada A.']],
    ['max', ['bob']],
  ])('are for %s of what may be seen', async (user, groups) => {
    const { page, texts } = await service.visit(user);
    await page.goto('/statistics?sort-by=totalJobs');
    expect(await texts(`${GROUPS} th`)).toEqual(groups);
  });

  test('of nothing say so', async () => {
    const { page } = await service.visit('root');
    await page.goto('/statistics?user=nobody');
    expect(await page.locator('main .note').innerText()).toContain('No job matches this filter.');
  });

  test('of a time have hours of whole jobs, or those within it', async () => {
    const { page, texts } = await service.visit('root');
    const during = `${NOW - 172_800 + 3600}-${NOW - 172_800 + 7200}`;
    await page.goto(`/statistics?during=${during}`);
    const hoursOf = async () => (await texts('.totals > div')).slice(4);
    // The job of 9000 s on two nodes with four threads each.
    const whole = ['hours of walltime 2', 'node hours 5', 'core hours 20', 'accelerator hours 2'];
    expect(await hoursOf()).toEqual(whole);
    const hours = page.getByRole('navigation', { name: 'Hours' });
    await follow(page, hours.getByRole('link', { name: 'Hours within this time' }));
    expect(new URL(page.url()).search).toBe(`?during=${during}&clip=during`);
    expect(await hoursOf()).toEqual(['hours of walltime 1', 'node hours 2', 'core hours 8', 'accelerator hours 1']);
    expect(await texts(GROUPS)).toEqual(['bob 1 1 2 8 1 100.0 % jobs of bob']);
    await follow(page, hours.getByRole('link', { name: 'Hours of whole jobs' }));
    expect(await hoursOf()).toEqual(whole);
    await page.goto('/statistics?clip=during');
    expect(await hours.count()).toBe(0);
  });

  test('take the range of clip as the API does, as a filter that the form shows', async () => {
    const { page, texts } = await service.visit('root', { timezoneId: 'UTC' });
    const at = NOW - 172_800 + 3600; // 2027-01-13T09:00 in UTC
    for (const range of [`${at}-${at + 3600}`, '2027-01-13T10:00..2027-01-13T11:00&zone=Europe/Berlin']) {
      await page.goto(`/statistics?group-by=project&clip=${range}`);
      expect(new URL(page.url()).searchParams.get('clip')).toBe('during');
      expect((await texts('.totals > div')).slice(4, 6)).toEqual(['hours of walltime 1', 'node hours 2']);
      expect(await texts(`${GROUPS} th`)).toEqual(['p2']);
      expect(await texts('.chips li')).toEqual([expect.stringMatching(/^Ran 2027-01-13 09:00 .*2027-01-13 10:00/)]);
    }
  });

  test('have the filter of the list as a form, and keep how one looks at them', async () => {
    const { page } = await service.visit('root', { javaScriptEnabled: false });
    await page.goto('/statistics?group-by=project');
    await page.getByText('Filter', { exact: true }).click();
    await page.getByLabel('User', { exact: true }).fill('bob');
    await follow(page, page.getByRole('button', { name: 'Apply' }));
    expect(new URL(page.url()).search).toBe('?user=bob&group-by=project');
  });

  test.each([
    '?group-by=colour',
    '?sort-by=colour',
    '?bins=2h',
    '?colour=red',
    '?clip=october',
    '?clip=5-5',
    '?clip=1-2&clip=3-4',
    '?clip=1-2&during=1-2',
    '?clip=2026-10-01..2026-10-31&zone=Mars',
  ])('refuse %s', async (search) => {
    expect((await service.app.get(`/statistics${search}`, 'root', 'admin')).status).toBe(400);
  });

  test.each(['light', 'dark'] as const)('are for everybody, %s', async (colorScheme) => {
    const { page, axe, overflow } = await service.visit('root', { colorScheme });
    await page.goto('/statistics?project.not=many');
    await page.locator('#histograms canvas').nth(4).waitFor();
    expect([await axe(), await overflow()]).toEqual([[], 0]);
    await page.setViewportSize({ width: 360, height: 740 });
    await expect.poll(overflow).toBe(0);
    expect(await axe()).toEqual([]);
  });
});

test.skipIf(!HAS_CHROMIUM)('statistics of hostile text show it as text', async () => {
  const browser = await openChromium();
  const service = await site(browser, {
    jobs: [job({ user: HOSTILE, project: HOSTILE, cluster: HOSTILE, subCluster: HOSTILE })],
  });
  const { page, complaints, overflow } = await service.visit('root');
  await page.goto('/statistics');
  await page.locator('#histograms canvas').first().waitFor();
  expect(await page.locator(GROUPS).innerText()).toContain('<script>alert(1)</script>');
  await follow(page, page.locator(`${GROUPS} th a`));
  expect(
    (await page.locator(GROUPS).count()) === 1 && (await page.locator('main script, main img').count()) === 0,
  ).toBe(true);
  expect([await overflow(), complaints]).toEqual([0, []]);
  await service.close();
  await browser.close();
});
