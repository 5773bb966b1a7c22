import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeFiles } from '../support/archive.ts';
import { HAS_CHROMIUM, openChromium } from '../support/chromium.ts';
import { follow, type Site, site } from '../support/pages.ts';
import { followsWindow } from '../support/plots-in-step.ts';
import { bodyOf, job, NOW } from '../support/test-app.ts';

const START = NOW - 7200;
const series = (hostname: string, scale: number) => ({
  hostname,
  statistics: { min: 0, avg: scale / 2, max: scale },
  data: Array.from({ length: 60 }, (_, minute) => (minute % 10 === 0 ? null : (scale * minute) / 60)),
});
const metric = (...hosts: string[]) => ({
  unit: { base: '' },
  timestep: 60,
  series: hosts.map((hostname, index) => series(hostname, 30 + index)),
});
const MANY = Array.from({ length: 10 }, (_, index) => `n${String(index + 1).padStart(2, '0')}`);

describe.skipIf(!HAS_CHROMIUM)('the page of a job', () => {
  let browser: Browser;
  let service: Site;
  beforeAll(async () => {
    browser = await openChromium();
    service = await site(browser, {
      sql: `INSERT INTO job (job_id, hpc_user, project, cluster, subcluster, start_time, submit_time, duration, walltime, job_state, resources, num_nodes, num_hwthreads, monitoring_status, shared, footprint)
        VALUES (20, 'ada', 'p1', 'small', 'main', ${START}, ${START - 5400}, 3600, 7200, 'completed', '[{"hostname":"n01"},{"hostname":"n02"}]', 2, 4, 3, 'none', '{"cpu_load_avg":30,"mem_used_max":245,"made_up_avg":1}');`,
      jobs: [
        job({
          jobId: 21,
          monitoringStatus: 3,
          metaData: { jobName: 'sim', jobScript: '#!/bin/sh\nsrun x\n', note: 'short' },
        }),
        job({ jobId: 22, jobState: 'running', monitoringStatus: 1, startTime: NOW - 600 }),
        job({ jobId: 23, monitoringStatus: 3, numNodes: 10, resources: MANY.map((hostname) => ({ hostname })) }),
        job({ jobId: 24, monitoringStatus: 0 }),
        job({ jobId: 25, cluster: 'gone', monitoringStatus: 3, user: 'bob' }),
        job({
          jobId: 26,
          tags: [{ type: 'note', name: 'odd', scope: 'global' }],
          footprint: { mem_used_max: 100 },
          metaData: { slurmInfo: 'QOS=normal\nTRES_req=cpu=4,mem=200G,node=1' },
        }),
      ],
      fill: async ({ archiveRoot }) =>
        await writeFiles(archiveRoot, {
          [`small/0/020/${START}/data.json`]: {
            cpu_load: { node: metric('n01', 'n02') },
            cpu_power: { socket: metric('n01', 'n01') },
          },
          [`small/0/021/${START}/data.json`]: 'broken',
          [`small/0/023/${START}/data.json`]: { cpu_load: { node: metric(...MANY) } },
        }),
    });
  }, 60_000);
  afterAll(async () => {
    await service?.close();
    await browser?.close();
  });

  const facts = async (texts: (selector: string) => Promise<string[]>) =>
    Object.fromEntries((await texts('.facts > div')).map((line) => line.split(/ (.*)/, 2)));

  test('has everything known of it', async () => {
    const { page, texts, complaints } = await service.visit('root', { timezoneId: 'UTC' });
    await page.goto('/jobs/1');
    expect(await page.locator('h1').innerText()).toBe('Job 20');
    expect(await facts(texts)).toMatchObject({
      User: 'ada',
      Project: 'p1',
      Submitted: '2027-01-15 04:30', // 5400 s before its start at 06:00
      Waited: '1h 30m',
      Started: '2027-01-15 06:00',
      Ended: '2027-01-15 07:00',
      Duration: '1h',
      Walltime: '2h',
      Cluster: 'small main',
      Nodes: '2',
      Monitoring: 'archived',
    });
    // By the thresholds of main, 30 of 72 is below the caution of 36. 245 of 256 GB is above it, and more is better
    // there.
    expect(await texts('.verdict')).toEqual(['! caution', '✓ normal', '']);
    expect(await texts('.hosts li')).toEqual(['n01', 'n02']);
    // A load of 2 * 30 on 4 threads. 245 of 256 GB.
    const used = page.locator('section').filter({ has: page.getByRole('heading', { name: 'Asked for and used' }) });
    expect(await used.locator('p').allInnerTexts()).toEqual([
      'It used 1h of 2h of its walltime (50 %). On average it had 15.0 processes per hardware thread. It used 96 % of the memory of its nodes.',
      expect.stringContaining('No advice on the walltime yet: it needs at least 20 jobs of the same user'),
    ]);
    for (const width of [1024, 1280, 1400, 1600]) {
      await page.setViewportSize({ width, height: 900 });
      const cut = await page
        .locator('.scroll')
        .evaluateAll((all) => all.filter((one) => one.scrollWidth > one.clientWidth).length);
      expect(cut, `${width} px`).toBe(0);
    }
    expect(complaints).toEqual([]);
  });

  test('compares memory with what the job asked for', async () => {
    const { page, texts } = await service.visit('root');
    await page.goto('/jobs/7');
    // 100 GB of 200 * 2^30 bytes
    expect(await texts('p')).toContainEqual(expect.stringContaining('It used 47 % of 200 GB of memory.'));
    const {
      Meta: { memoryAsked },
    } = await bodyOf<{ Meta: { memoryAsked: number } }>(await service.app.get('/api/jobs/7'));
    expect(memoryAsked).toBe(204_800);
  });

  test('has a plot of each metric of its subcluster', async () => {
    const { page, complaints } = await service.visit('root');
    await page.goto('/jobs/1');
    const load = page.locator('[data-metric="cpu_load"]');
    await load.locator('canvas').waitFor();
    expect(await load.locator('figcaption').innerText()).toBe('average 15.25, minimum 0, maximum 31 (2 series)');
    expect(await load.locator('.u-legend').innerText()).toContain('n02');
    await page.locator('[data-metric="cpu_power"]').scrollIntoViewIfNeeded();
    await page.locator('[data-metric="cpu_power"] canvas').waitFor(); // of sockets, because there is none of nodes
    await page.locator('[data-metric="mem_used"]').getByText('No plot').waitFor();
    await followsWindow(page, '[data-metric="cpu_load"]');
    expect(complaints).toEqual([]);
  });

  test('plots many nodes by their extremes and their middle', async () => {
    const { page } = await service.visit('root');
    await page.goto('/jobs/4');
    await page.locator('[data-metric="cpu_load"] canvas').waitFor();
    expect(await page.locator('[data-metric="cpu_load"] .u-legend').innerText()).toMatch(/maximum.*median.*minimum/s);
  });

  test('does not show a restricted metric to a user', async () => {
    const { page } = await service.visit('ada');
    await page.goto('/jobs/1');
    await page.locator('[data-metric="cpu_load"] canvas').waitFor();
    expect(await page.locator('[data-metric="cpu_power"]').count()).toBe(0);
  });

  test('stays whole where its file in the archive is broken', async () => {
    const { page, texts, complaints } = await service.visit('root');
    await page.goto('/jobs/2');
    await page.locator('[data-metric="cpu_load"]').getByText('the archive has no metric data for this job').waitFor();
    expect(await facts(texts)).toMatchObject({ User: 'ada', note: 'short' });
    expect(complaints).toEqual([]);
  });

  test('folds a script up', async () => {
    const { page } = await service.visit('root');
    await page.goto('/jobs/2');
    expect(await page.locator('pre').isVisible()).toBe(false);
    await page.getByText('3 lines').click();
    expect(await page.locator('pre').innerText()).toBe('#!/bin/sh\nsrun x\n');
  });

  test.each([
    [3, 'is available after the job has ended'],
    [5, 'was not monitored'],
    [6, 'is not configured'],
  ])('says why there are no plots: %d', async (id, words) => {
    const { page } = await service.visit('root');
    await page.goto(`/jobs/${id}`);
    expect(await page.locator('section:has(h2:text("Metrics")) .note').innerText()).toContain(words);
  });

  test.each([
    ['root', '/jobs/999', 404],
    ['root', '/jobs/x', 404],
    ['ada', '/jobs/6', 404], // a job of bob, which ada may not see
    ['root', '/jobs/1?x=1', 400],
  ])('%s at %s is answered %d', async (user, path, status) => {
    const { page } = await service.visit(user);
    expect((await page.goto(path))?.status()).toBe(status);
    expect(await page.locator('h1').innerText()).not.toContain('Job');
  });

  describe('its tags', () => {
    test('are added and taken off in place, by staff for everybody', async () => {
      const { page, texts, complaints } = await service.visit('root');
      await page.goto('/jobs/5');
      await page.getByText('Add a tag').click();
      expect(await texts('select[name=scope] option')).toEqual(['everyone', 'admins', 'only me']);
      await page.getByLabel('Type').fill('<b>quality</b>');
      await page.getByLabel('Name').fill('good');
      await follow(page, page.getByRole('button', { name: 'Add' }));
      await page.waitForURL('**/jobs/5#tags');
      expect(await texts('.taglist li')).toEqual(['<b>quality</b> good everyone × Remove <b>quality</b> good']);
      await follow(page, page.getByTitle('Remove'));
      await page.getByText('No tags.', { exact: true }).waitFor();
      expect(complaints).toEqual([]);
    });

    test('that are his own are for a user, without JavaScript too', async () => {
      const { page, texts } = await service.visit('ada', { javaScriptEnabled: false });
      await page.goto('/jobs/7');
      expect(await texts('.taglist li')).toEqual(['note odd everyone']); // a tag that the visitor may not remove
      await page.getByText('Add a tag').click();
      expect(await texts('select[name=scope] option')).toEqual(['only me']);
      await page.getByLabel('Type').fill('mine');
      await page.getByLabel('Name').fill('first');
      await follow(page, page.getByRole('button', { name: 'Add' }));
      expect(await texts('.taglist li')).toEqual(['note odd everyone', 'mine first only me × Remove mine first']);
    });

    const send = async (user: string, fields: Record<string, string>, headers: Record<string, string> = {}, id = 7) => {
      const { page } = await service.visit(user);
      const data = new URLSearchParams({ type: 'note', name: 'odd', scope: 'global', ...fields }).toString();
      const answer = await page.request.post(`/jobs/${id}/tags`, { data, headers, maxRedirects: 0 });
      return answer.status();
    };

    test.each<[number, string, Record<string, string>, Record<string, string>, number]>([
      [403, 'ada', { do: 'add' }, {}, 7], // visible to everyone
      [403, 'ada', { do: 'remove' }, {}, 7],
      [404, 'ada', { do: 'add', scope: 'ada' }, {}, 6], // a job of bob
      [400, 'root', { do: 'nothing' }, {}, 7],
      [400, 'root', { do: 'add', name: '' }, {}, 7],
      [404, 'root', { do: 'remove', name: 'never' }, {}, 7],
      [403, 'root', { do: 'add' }, { Origin: 'http://evil.example' }, 7],
      [403, 'root', { do: 'add' }, { 'Sec-Fetch-Site': 'same-site' }, 7],
      [403, 'root', { do: 'add' }, { 'Sec-Fetch-Site': 'cross-site' }, 7],
    ])('are refused with %d to %s for %j %j', async (status, user, fields, headers, id) => {
      expect(await send(user, fields, headers, id)).toBe(status);
    });
  });

  test.each(['light', 'dark'] as const)('is for everybody, %s', async (colorScheme) => {
    const { page, axe, overflow } = await service.visit('root', { colorScheme });
    await page.goto('/jobs/1');
    await page.locator('[data-metric="cpu_load"] canvas').waitFor();
    expect([await axe(), await overflow()]).toEqual([[], 0]);
    await page.setViewportSize({ width: 360, height: 740 });
    await expect.poll(overflow).toBe(0); // the plots follow
    expect(await axe()).toEqual([]);
  });
});
