import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Fault } from '../../src/faults.ts';
import { HAS_CHROMIUM, openChromium } from '../support/chromium.ts';
import { follow, type Site, site } from '../support/pages.ts';
import { before, job } from '../support/test-app.ts';

/** Blocks the count of the page itself. Its script counts later. */
function firstCountHangs(): (statement: string) => Promise<void> | undefined {
  let counts = 0;
  return (statement) => {
    if (statement !== 'count jobs') return undefined;
    counts += 1;
    return counts === 1 ? new Promise(() => {}) : undefined;
  };
}

describe.skipIf(!HAS_CHROMIUM)('a page that fails', () => {
  let browser: Browser;
  let service: Site;
  /** Runs before every read of the database. */
  let trouble: (statement: string) => Promise<void> | void = () => {};
  beforeAll(async () => {
    browser = await openChromium();
    service = await site(browser, {
      jobs: [job({ user: 'bob' })],
      settings: { REQUEST_TIMEOUT_MS: '300' },
      service: (real) => ({ db: before(real.db, (statement) => trouble(statement)) }),
    });
  }, 60_000);
  afterAll(async () => {
    await service?.close();
    await browser?.close();
  });

  test.each<[string, () => Promise<void> | void, number, string]>([
    ['the deadline', () => new Promise(() => {}), 504, 'The request took too long'],
    [
      'the memory limit',
      () => {
        throw new Fault('memory_limit_exceeded', 'the query exceeded the memory limit of its connection');
      },
      503,
      'The request needed too much memory',
    ],
  ])('at %s says so, keeps the filter, and offers less', async (_, happens, status, title) => {
    const { page, texts, axe } = await service.visit('root');
    trouble = happens;
    const answer = await page.goto('/jobs?user=bob&num-nodes=1-');
    trouble = () => {};
    expect([answer?.status(), await page.locator('h1').innerText()]).toEqual([status, title]);
    expect((await texts('.chips li')).length).toBe(3); // two conditions, and "clear all"
    expect(await axe()).toEqual([]);
    await follow(page, page.getByRole('link', { name: 'last 7 days' }));
    expect(new URL(page.url()).search).toBe('?user=bob&num-nodes=1-&start-time=last7d');
    expect(await page.locator('h1').innerText()).toBe('Jobs');
  });

  test('of a mistake of ours says nothing of it', async () => {
    const { page } = await service.visit('root');
    trouble = () => {
      throw new Error('SELECT secret FROM somewhere');
    };
    const answer = await page.goto('/jobs');
    trouble = () => {};
    expect(answer?.status()).toBe(500);
    expect(await page.content()).not.toContain('secret');
    expect(await page.locator('h1').innerText()).toBe('Something went wrong');
  });

  test('shows the list without its count where counting takes long, and counts then', async () => {
    const { page, texts } = await service.visit('root');
    trouble = firstCountHangs();
    await page.goto('/jobs?user=bob&items-per-page=1');
    trouble = () => {};
    await expect.poll(() => texts('.count')).toEqual(['1 job']);
  });

  test('counts by a link where no script does', async () => {
    const { page, texts } = await service.visit('root', { javaScriptEnabled: false });
    trouble = firstCountHangs();
    await page.goto('/jobs?user=bob&items-per-page=1');
    trouble = () => {};
    expect(await texts('.count')).toEqual(['many jobs, show the number']);
    await follow(page, page.getByRole('link', { name: 'show the number' }));
    expect([await texts('.count'), new URL(page.url()).searchParams.get('count')]).toEqual([['1 job'], 'wait']);
  });
});
