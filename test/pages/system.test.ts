import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { migrate } from '../../src/db/schema/migrate.ts';
import { type RunningService, startService } from '../../src/nodejs.ts';
import { settingsOnNode } from '../../src/settings-by-deployment.ts';
import { HAS_CHROMIUM, openChromium } from '../support/chromium.ts';
import { makeFolder, removeFolder } from '../support/folder.ts';
import { follow, openVisit, type Site, site } from '../support/pages.ts';
import { NOW } from '../support/test-app.ts';

describe.skipIf(!HAS_CHROMIUM)('the state of the service', () => {
  let browser: Browser;
  let service: Site;
  beforeAll(async () => {
    browser = await openChromium();
    service = await site(browser, {
      settings: { DB_AUTH_TOKEN: 'very-secret', PORT: '1234' },
      service: (real) => ({
        system: () => ({
          ...real.system(),
          timedWork: [
            {
              name: 'retention',
              beganAt: NOW - 60,
              endedAt: NOW,
              result: { deletedJobs: 1234, parts: { days: 0.25 } },
            },
            { name: 'sync', beganAt: NOW - 60, endedAt: null, result: null },
          ],
        }),
      }),
    });
  }, 60_000);
  afterAll(async () => {
    await service?.close();
    await browser?.close();
  });

  test('is for admins, who have it in their menu', async () => {
    const { page, texts } = await service.visit('root');
    await page.goto('/');
    await follow(page, page.getByRole('link', { name: 'System', exact: true }));
    expect(await page.locator('h1').innerText()).toBe('System');
    expect(await texts('nav a[aria-current]')).toEqual(['System']);
  });

  test.each(['sue', 'max', 'ada'])('is not for %s', async (user) => {
    const { page } = await service.visit(user);
    const answer = await page.goto('/system');
    expect([answer?.status(), await page.locator('h1').innerText()]).toEqual([403, 'Not allowed']);
    expect(await page.getByRole('link', { name: 'System', exact: true }).count()).toBe(0);
  });

  test('has the results of timed work as words and numbers', async () => {
    const { page, texts } = await service.visit('root', { timezoneId: 'UTC' });
    await page.goto('/system');
    expect(await texts('section:has(#timed) tbody tr')).toEqual([
      'retention 2027-01-15 07:59 2027-01-15 08:00 deleted jobs 1234, parts days 0.25',
      'sync 2027-01-15 07:59 — —',
    ]);
    expect(await page.locator('main').innerText()).not.toContain('{"');
  });

  test('has every setting in force, and no secret', async () => {
    const { page, texts } = await service.visit('root');
    await page.goto('/system');
    const rows = await texts('section:has(#settings) tbody tr');
    expect(rows.some((row) => row.startsWith('PORT 1234'))).toBe(true);
    expect(rows.some((row) => row.startsWith('DB_AUTH_TOKEN set, not shown'))).toBe(true);
    expect(await page.content()).not.toContain('very-secret');
  });
});

/** With processes of its own, as an operator starts it. */
describe.skipIf(!HAS_CHROMIUM)('the state of a service with processes', () => {
  let browser: Browser;
  let service: RunningService;
  let folder = '';
  let env: Record<string, string>;
  beforeAll(async () => {
    browser = await openChromium();
    folder = makeFolder();
    const path = join(folder, 'job.db');
    mkdirSync(join(folder, 'archive'));
    await migrate(path);
    env = {
      DB_URL: `file:${path}`,
      ARCHIVE_PATH: join(folder, 'archive'),
      PORT: '0',
      AUTH: 'none',
      LOG_LEVEL: 'silent',
    };
    service = await startService(settingsOnNode({ env, fromFile: new Set(['PORT']) }));
  }, 60_000);
  afterAll(async () => {
    await service?.stop();
    await browser?.close();
    removeFolder(folder);
  });

  test('has its memory against the limit, its processes and counters, and moves', async () => {
    const { page, texts, complaints } = await openVisit(browser, service.url, {});
    await page.goto('/system');
    await page.locator('#memory-plot canvas').waitFor();
    const roles = await texts('[aria-labelledby=processes] tbody th');
    expect(roles).toEqual(expect.arrayContaining(['parent', 'writer', 'reader']));
    expect((await texts('[aria-labelledby=counters] tbody tr'))[0]).toBe('timeouts requests whose deadline passed 0 0');
    const settings = await texts('section:has(#settings) tbody tr');
    expect(settings.find((row) => row.startsWith('PORT'))).toContain('0 .env');
    expect(settings.find((row) => row.startsWith('AUTH'))).toContain('none environment');
    expect(settings.find((row) => row.startsWith('DB_QUEUE_LIMIT'))).toContain('256 default');
    const before = await page.locator('[data-memory]').getAttribute('data-memory');
    await page.getByText('live', { exact: true }).waitFor();
    await expect.poll(() => page.locator('[data-memory]').getAttribute('data-memory')).not.toBe(before);
    expect(await page.locator('main').innerText()).not.toContain('{"');
    expect(complaints).toEqual([]);
  });

  test.each(['light', 'dark'] as const)('is for everybody, %s', async (colorScheme) => {
    const { page, axe, overflow } = await openVisit(browser, service.url, { colorScheme });
    await page.goto('/system');
    expect([await axe(), await overflow()]).toEqual([[], 0]);
    await page.setViewportSize({ width: 360, height: 740 });
    await expect.poll(overflow).toBe(0);
    expect(await axe()).toEqual([]);
  });

  test('stays where the keyboard is', async () => {
    const { page } = await openVisit(browser, service.url, {});
    await page.goto('/system');
    await page.getByRole('region', { name: 'Processes' }).focus();
    await page.getByText('paused: a table has the focus').waitFor();
    expect(
      await page.getByRole('region', { name: 'Processes' }).evaluate('document.activeElement !== document.body'),
    ).toBe(true);
  });

  test('works without JavaScript', async () => {
    const { page, texts } = await openVisit(browser, service.url, { javaScriptEnabled: false });
    await page.goto('/system');
    expect((await texts('.totals dt'))[0]).toBe('MB in use');
  });

  test('says what a reload changed, and why one was refused', async () => {
    const { page, texts } = await openVisit(browser, service.url, { javaScriptEnabled: false });
    const noteAfter = async (changes: Record<string, string>) => {
      await service.reload(() => settingsOnNode({ env: { ...env, ...changes } }));
      await page.goto('/system');
      return await page.locator('section:has(#settings) .note').innerText();
    };
    const changed = await noteAfter({ METRICS_TOP: '3', DB_QUEUE_LIMIT: '7' });
    expect(changed).toMatch(/^Reloaded at .*; changed: METRICS_TOP\. A restart is needed for DB_QUEUE_LIMIT\.$/);
    const refused = await noteAfter({ METRICS_TOP: 'many' });
    expect(refused).toMatch(/was refused: METRICS_TOP must be a whole number from 0 to 100$/);
    const settings = await texts('section:has(#settings) tbody tr');
    expect(settings.find((row) => row.startsWith('METRICS_TOP'))).toContain('3 environment');
    expect(await page.locator('#sign-on').count()).toBe(0);
    const oidc = {
      OIDC_PROVIDER: 'https://sso.example/realms/hpc',
      PUBLIC_URL: 'https://jobs.example',
      OID_CLIENT_ID: 'x',
    };
    await noteAfter({ ...oidc, LDAP_URL: 'ldaps://ldap.example', LDAP_USER_BIND: 'uid={username}' });
    expect(await page.locator('section:has(#sign-on) tbody tr').allInnerTexts()).toEqual([
      expect.stringMatching(/^discovery of the OpenID Connect provider\s+sso.example\s+not asked yet\s+—$/),
      expect.stringMatching(/^its keys\s+sso.example\s+not asked yet\s+—$/),
      expect.stringMatching(/^LDAP directory TLS\s+ldap.example\s+not asked yet\s+—$/),
    ]);
  });
});
