import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { namesFrom } from '../../src/questions/names-by-prefix/sqlite.ts';
import { HAS_CHROMIUM, openChromium } from '../support/chromium.ts';
import { type Site, site } from '../support/pages.ts';
import { testDatabase } from '../support/sql.ts';
import { job, NOW, type TestApp, testApp } from '../support/test-app.ts';

const MANY = Array.from({ length: 25 }, (_, at) => `many${String(at).padStart(2, '0')}`);
const JOBS = [
  job({ jobId: 7 }),
  job({ jobId: 8 }),
  job({ jobId: 8, startTime: NOW - 900_000, user: 'bob', project: 'p2' }),
  job({ jobId: 9, arrayJobId: 9, user: 'bob', project: 'p2' }),
  job({ jobId: 10, arrayJobId: 9, user: 'bob', project: 'p2' }),
  job({ jobId: 11, arrayJobId: 12, user: 'bob', project: 'p3' }),
  job({ jobId: 13, user: '14', project: 'P1' }),
  job({ jobId: 14, user: 'adam', project: 'a/b c' }),
  job({ jobId: 15, user: 'zed', jobState: 'running', cluster: 'gone', resources: [{ hostname: 'old7' }] }),
  ...MANY.map((user, at) => job({ jobId: 100 + at, user, project: 'p9' })),
];

let service: TestApp;
beforeAll(async () => {
  service = await testApp({
    jobs: JOBS,
    sql: `INSERT INTO hpc_user (username, name, roles) VALUES ('ada', 'Ada Lovelace', '["user"]'), ('zed', 'Anna Z.', '["user"]')`,
  });
});
afterAll(() => service.close());

type Who = readonly [name: string, ...roles: string[]];
const ROOT: Who = ['root', 'admin'];

async function search(text: string, [name, ...roles]: Who = ROOT) {
  const answer = await service.get(`/find?q=${encodeURIComponent(text)}`, name, ...roles);
  return { status: answer.status, to: answer.headers.get('Location'), text: await answer.text() };
}

/** The titles of the groups of results, each with the texts of its links. */
async function found(text: string, who?: Who): Promise<Record<string, string[]>> {
  const page = await search(text, who);
  expect(page.status).toBe(200);
  const groups = [...page.text.matchAll(/<section><h2>([^<]*)<\/h2>(.*?)<\/section>/gs)].map(
    ([, title = '', body = '']) => [
      title,
      [...body.matchAll(/<li>(.*?)<\/li>/gs)].map(([, item = '']) => item.replaceAll(/<[^>]*>/g, '').trim()),
    ],
  );
  const { 'In the list of jobs': _, ...results } = Object.fromEntries(groups);
  return results;
}

describe('a number', () => {
  test.each([
    ['7', '/jobs/1'],
    ['8', '/jobs?job-id=8'], // two jobs have it
    ['12', '/jobs?array-job-id=12'], // only an array has it
    [' 7 ', '/jobs/1'],
  ])('%s leads to %s', async (text, to) => {
    expect(await search(text)).toMatchObject({ status: 302, to });
  });

  test('of a job and of an array with other jobs shows both', async () => {
    const { status, text } = await search('9');
    expect(status).toBe(200);
    expect([...text.matchAll(/<h2>(.*?)<\/h2>/g)].map(([, title]) => title)).toEqual([
      'Jobs',
      'Jobs of the array',
      'In the list of jobs',
    ]);
    expect([...text.matchAll(/href="\/jobs\/(\d+)"/g)].map(([, id]) => id)).toEqual(['4', '5', '4']);
  });

  test('that is also a name shows both', async () => {
    expect(Object.keys(await found('14'))).toEqual(['Jobs', 'Users']);
  });

  test.each(['0', '99', '999999999999999999', '9'.repeat(40)])('%s of no job finds none', async (text) => {
    expect(await found(text)).toEqual({});
  });

  test('leads to visible jobs only', async () => {
    expect(await search('8', ['ada', 'user'])).toMatchObject({ status: 302, to: '/jobs/2' });
    expect(await found('10', ['ada', 'user'])).toEqual({});
  });
});

describe('a name', () => {
  test('finds users, also by their real names, projects and nodes that begin with it', async () => {
    expect(await found('a')).toEqual({ Users: ['ada Ada Lovelace', 'adam', 'zed Anna Z.'], Projects: ['a/b c'] });
    expect(await found('p')).toEqual({ Projects: ['p1', 'p2', 'p3', 'p9'] });
    expect(await found('P')).toEqual({ Projects: ['P1'] });
    expect(await found('n0')).toEqual({ Nodes: [1, 2, 3, 4, 5, 6, 7, 8, 9].map((at) => `n0${at} small`) });
  });

  test('finds nodes in use that are not configured', async () => {
    expect(await found('old')).toEqual({ Nodes: ['old7 gone'] });
    expect(await found('old', ['ada', 'user'])).toEqual({});
  });

  test('shows 20 of each kind, and says that there are more', async () => {
    expect((await found('many'))['Users']).toEqual(MANY.slice(0, 20));
    expect((await search('many')).text).toContain('These are the first 20.');
    expect((await search('many0')).text).not.toContain('These are the first');
  });

  test('finds what the caller may see', async () => {
    const ada: Who = ['ada', 'user'];
    expect(await found('a', ada)).toEqual({ Users: ['ada'] });
    expect(await found('p', ada)).toEqual({ Projects: ['p1'] });
    expect(await found('P', ada)).toEqual({});
    expect(await found('Anna', ada)).toEqual({});
    expect(await found('Anna', ['max', 'manager'])).toEqual({});
  });

  test('is bounded, and no markup', async () => {
    expect((await search('x'.repeat(256))).status).toBe(400);
    expect((await search('x'.repeat(255))).status).toBe(200);
    expect((await search('<i>"')).text).not.toMatch(/<i>|value="<|""/);
    expect((await service.get('/find?page=2', ...ROOT)).status).toBe(400);
  });

  test('needs a login', async () => {
    expect((await service.app.request('/find?q=a')).status).toBe(401);
    expect((await search('a', ['guest', 'stranger', 'api'])).status).toBe(403);
  });

  test.each([
    ['user', 'lean'],
    ['project', 'lean'],
    ['user', 'cc-backend'],
    ['project', 'cc-backend'],
  ] as const)('takes one search of an index for each %s, with %s indexes', async (field, indexes) => {
    const database = await testDatabase(indexes);
    onTestFinished(() => database.close());
    const steps = (await database.plan(namesFrom(field, 'a', 20))).filter((line) => line.includes(' job '));
    expect(steps).toHaveLength(2);
    for (const step of steps) expect(step).toMatch(/^SEARCH job USING COVERING INDEX/);
  });
});

describe.skipIf(!HAS_CHROMIUM)('the search box', () => {
  let browser: Browser;
  let pages: Site;
  beforeAll(async () => {
    browser = await openChromium();
    pages = await site(browser, { jobs: JOBS });
  }, 60_000);
  afterAll(async () => {
    await pages?.close();
    await browser?.close();
  });

  test('is on every page', async () => {
    const { page, texts, complaints } = await pages.visit('max');
    await page.goto('/statistics');
    await page.getByRole('searchbox').fill('p');
    await Promise.all([page.waitForEvent('load'), page.getByRole('searchbox').press('Enter')]);
    // The project of the manager.
    expect([await texts('.results li'), await page.getByRole('searchbox').inputValue()]).toEqual([
      ['p2', 'jobs whose name contains p', 'jobs on a node named p'],
      'p',
    ]);
    await page.getByRole('searchbox').fill('10');
    await Promise.all([page.waitForEvent('load'), page.getByRole('searchbox').press('Enter')]);
    expect(await page.locator('h1').innerText()).toBe('Job 10');
    expect(complaints).toEqual([]);
  });

  test.each(['light', 'dark'] as const)('and its results are for everybody, %s', async (colorScheme) => {
    const { page, axe, overflow } = await pages.visit('root', { colorScheme, viewport: { width: 360, height: 700 } });
    for (const text of ['9', 'many', '']) {
      await page.goto(`/find?q=${text}`);
      expect([await axe(), await overflow()], text).toEqual([[], 0]);
    }
    await page.setViewportSize({ width: 1000, height: 800 });
    expect(await overflow()).toBe(0);
    if (process.env['SHOTS']) await page.screenshot({ path: `${process.env['SHOTS']}/find-${colorScheme}.png` });
  });
});
