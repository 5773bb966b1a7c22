import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { freePort } from '../../src/dev/servers/free-port.ts';
import { PASSWORD } from '../support/accounts.ts';
import { HAS_CHROMIUM, openChromium } from '../support/chromium.ts';
import { follow, type Site, site } from '../support/pages.ts';
import { CLIENT, realProvider } from '../support/real-provider.ts';

describe.skipIf(!HAS_CHROMIUM)('logging in', () => {
  let browser: Browser;
  let service: Site;
  beforeAll(async () => {
    browser = await openChromium();
    service = await site(browser);
  }, 60_000);
  afterAll(async () => {
    await service?.close();
    await browser?.close();
  });

  test('leads to the page one wanted, with the keyboard alone', async () => {
    const { page } = await service.visit();
    await page.goto('/login?redirect=%2F%3Fx%3D1');
    await page.locator('[name=username]:focus').waitFor(); // focused without a click
    await page.keyboard.type('ada');
    await page.keyboard.press('Tab');
    await page.keyboard.type(PASSWORD);
    await page.keyboard.press('Enter');
    await page.waitForURL('**/?x=1');
    expect(await page.locator('h1').innerText()).toBe('Invalid address');
    await page.keyboard.press('Tab');
    expect(await page.locator(':focus').innerText()).toBe('Skip to the content');
    for (const _ of ['brand', 'Overview']) await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    expect(await page.locator('.who .name').innerText()).toBe('ada');
  });

  test('that fails keeps the user name, and says why', async () => {
    const { page } = await service.visit();
    await page.goto('/login');
    await page.getByLabel('User name').fill('ada');
    await page.getByLabel('Password').fill('wrong');
    await follow(page, page.getByRole('button', { name: 'Log in' }));
    expect(await page.getByRole('alert').innerText()).toContain('Wrong user name or password');
    expect(await page.getByLabel('User name').inputValue()).toBe('ada');
    expect(await page.getByLabel('Password').inputValue()).toBe('');
  });

  test('is asked for by a page, which one then sees', async () => {
    const { page } = await service.visit();
    await page.goto('/');
    await page.getByLabel('User name').fill('sue');
    await page.getByLabel('Password').fill(PASSWORD);
    await follow(page, page.getByRole('button', { name: 'Log in' }));
    expect(await page.locator('h1').innerText()).toBe('Overview');
  });

  test('ends with logging out', async () => {
    const { page } = await service.visit('ada');
    await page.goto('/');
    await follow(page, page.getByRole('button', { name: 'Log out' }));
    expect(await page.locator('h1').innerText()).toBe('Logged out');
    await page.goBack();
    expect(await page.locator('h1').innerText()).toBe('Log in'); // the browser has not kept the page
  });

  test.each(['light', 'dark'] as const)('has a form for everybody, %s', async (colorScheme) => {
    const { page, axe, overflow, complaints } = await service.visit(undefined, {
      colorScheme,
      viewport: { width: 360, height: 640 },
    });
    await page.goto('/login');
    expect([await axe(), await overflow(), complaints]).toEqual([[], 0, []]);
  });

  test('works at the provider of single sign-on, with the policy of the pages, and ends there too', async () => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const provider = await realProvider(`${url}/oidc-callback`, `${url}/login`);
    onTestFinished(() => provider.close());
    provider.visitor = 'ada';
    const signOn = { PUBLIC_URL: url, OIDC_PROVIDER: provider.url, OID_CLIENT_ID: CLIENT.id };
    const other = await site(browser, {
      port,
      settings: { ...signOn, OID_CLIENT_SECRET: CLIENT.secret },
      service: () => ({ clock: () => Date.now() / 1000 }),
    });
    onTestFinished(() => other.close());
    const { page, axe, overflow } = await other.visit(undefined, { viewport: { width: 360, height: 640 } });
    await page.goto('/login?redirect=%2Fjobs');
    expect([await axe(), await overflow()]).toEqual([[], 0]);
    await page.getByRole('link', { name: 'Log in with single sign-on' }).click();
    await page.waitForURL('**/jobs');
    expect(await page.locator('.who .name').innerText()).toBe('ada');
    await page.setViewportSize({ width: 1280, height: 800 });
    await follow(page, page.getByRole('button', { name: 'Log out' }));
    await follow(page, page.getByRole('link', { name: 'Log out there too' }));
    await follow(page, page.getByRole('button', { name: 'Yes, sign me out' }));
    await page.waitForURL('**/login');
    expect(await page.locator('h1').innerText()).toBe('Log in');
  });

  test('works without JavaScript', async () => {
    const { page } = await service.visit(undefined, { javaScriptEnabled: false });
    await page.goto('/login');
    await page.getByLabel('User name').fill('max');
    await page.getByLabel('Password').fill(PASSWORD);
    await follow(page, page.getByRole('button', { name: 'Log in' }));
    expect(await page.locator('h1').innerText()).toBe('Overview');
  });
});
