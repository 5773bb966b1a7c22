import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { ACCOUNTS, PASSWORD } from './accounts.ts';
import { listening } from './listening.ts';
import { cookieOf, sendLogin } from './login.ts';
import { type TestApp, type TestAppOptions, testApp } from './test-app.ts';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export type Site = Awaited<ReturnType<typeof site>>;

/** The real app on a real HTTP server, with accounts and a browser. `port` is one that must be known before. */
export async function site(browser: Browser, { port, ...options }: TestAppOptions & { port?: number } = {}) {
  const app: TestApp = await testApp({ ...options, sql: `${ACCOUNTS}${options.sql ?? ''}` });
  const server = await listening(app, port);
  const url = `http://127.0.0.1:${server.port}`;
  const opened: Visit[] = [];
  const sessions = new Map<string, string>();
  return {
    app,
    url,
    /** Opens a browser window for a logged-in user, or without a login. `end` reports the complaints of the window. */
    async visit(user?: string, context: BrowserContextOptions = {}): Promise<Visit> {
      const visit = await openVisit(browser, url, context);
      opened.push(visit);
      if (user !== undefined) {
        const value = sessions.get(user) ?? cookieOf(await sendLogin(app, { username: user, password: PASSWORD }));
        sessions.set(user, value); // one login each: more logins would be too frequent
        await visit.page.context().addCookies([{ name: 'session', value: value.replace('session=', ''), url }]);
      }
      return visit;
    },
    async close() {
      await Promise.all(opened.map(({ page }) => page.context().close()));
      await server.close();
      await app.close();
    },
  };
}

export type Visit = Awaited<ReturnType<typeof openVisit>>;

/** Opens a window at an address, for services without login. */
export async function openVisit(browser: Browser, url: string, options: BrowserContextOptions) {
  const context = await browser.newContext({
    baseURL: url,
    locale: 'en-GB',
    viewport: { width: 1280, height: 800 },
    ...options,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(120_000);
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => complaints.push(`error: ${error.message}`));
  page.on('request', (request) => {
    if (!request.url().startsWith(url)) complaints.push(`asks elsewhere: ${request.url()}`);
  });
  return {
    page,
    /** Console messages so far, and requests to other hosts. */
    complaints,
    /** The texts of all elements that match a selector. */
    async texts(selector: string) {
      return (await page.locator(selector).allInnerTexts()).map((text) => text.trim().replace(/\s+/g, ' '));
    },
    /** The violations that axe-core finds. */
    async axe(): Promise<string[]> {
      await page.evaluate(axeSource);
      return await page.evaluate(async () => {
        const { axe } = globalThis as unknown as { axe: { run(): Promise<{ violations: AxeViolation[] }> } };
        const { violations } = await axe.run();
        return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`);
      });
    },
    /** Pixels by which the page is wider than its window. */
    async overflow(): Promise<number> {
      return await page.evaluate(() => {
        const { scrollWidth, clientWidth } = (globalThis as unknown as { document: { documentElement: Sizes } })
          .document.documentElement;
        return scrollWidth - clientWidth;
      });
    },
  };
}

/** Clicks a link and waits until the other page has loaded. */
export async function follow(page: Page, link: Locator): Promise<void> {
  await Promise.all([page.waitForEvent('load'), link.click()]);
}

interface AxeViolation {
  id: string;
  nodes: { html: string }[];
}

interface Sizes {
  scrollWidth: number;
  clientWidth: number;
}
