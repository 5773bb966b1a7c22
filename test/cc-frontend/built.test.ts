/** A real built front end of cc-backend, where FRONTEND_PATH names one for the tests: every page, in a browser. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readFrontend } from '../../src/nodejs/cc-frontend-folder.ts';
import { HAS_CHROMIUM, openChromium } from '../support/chromium.ts';
import { PAGES } from '../support/frontend.ts';
import { type Site, site } from '../support/pages.ts';
import { job } from '../support/test-app.ts';

const { FRONTEND_PATH } = process.env;

describe.skipIf(!HAS_CHROMIUM || FRONTEND_PATH === undefined)('the built front end', () => {
  let browser: Browser;
  let service: Site;
  beforeAll(async () => {
    const frontend = await readFrontend(FRONTEND_PATH ?? '');
    browser = await openChromium();
    service = await site(browser, {
      service: () => ({ frontend, recentLog: () => [] }),
      jobs: [job({ jobId: 1, user: 'ada' }), job({ jobId: 2, user: 'max', jobState: 'running' })],
    });
  }, 60_000);
  afterAll(async () => {
    await service?.close();
    await browser?.close();
  });

  test.each(PAGES)('%s opens with its menu, and a console without errors', async (address, entry) => {
    for (const user of ['root', 'ada']) {
      const { page, complaints } = await service.visit(user);
      await page.goto(address, { waitUntil: 'networkidle' });
      const errors = complaints.filter((complaint) => /^(error|asks elsewhere):/.test(complaint));
      expect(errors, user).toEqual([]);
      expect(await page.locator('#svelte-app').innerText()).not.toBe('');
      if (entry !== 'dashpublic') expect(await page.locator('#svelte-header').innerText()).not.toBe('');
      await page.context().close();
    }
  });
});
