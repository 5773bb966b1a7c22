/** The pages of cc-backend's front end in a browser, with scripts of our own that read what theirs read. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HAS_CHROMIUM, openChromium } from '../support/chromium.ts';
import { PAGES, smallFrontend } from '../support/frontend.ts';
import { type Site, site, type Visit } from '../support/pages.ts';
import { job } from '../support/test-app.ts';

/** The values of the constants on the page, from its script. */
async function globalsOf({ page }: Visit): Promise<Record<string, unknown>> {
  return JSON.parse((await page.locator('body').getAttribute('data-globals')) ?? '{}') as Record<string, unknown>;
}

const ROLES = { api: 1, user: 2, manager: 3, support: 4, admin: 5 };
const CONFIGURATION = { jobList_usePaging: false, plotConfiguration_lineWidth: 3, jobList_hideShortRunningJobs: 300 };

describe.skipIf(!HAS_CHROMIUM)("the pages of cc-backend's front end", () => {
  let browser: Browser;
  let service: Site;
  beforeAll(async () => {
    browser = await openChromium();
    service = await site(browser, {
      service: () => ({ frontend: smallFrontend() }),
      jobs: [job({ jobId: 1, user: 'ada' }), job({ jobId: 2, user: 'max' })],
      sql: `INSERT INTO tag (id, tag_type, tag_name, tag_scope) VALUES
        (1, 'app', 'used', 'global'), (2, 'app', 'unused', 'global'), (3, '__proto__', 'mine', 'ada'),
        (4, 'ops', 'hidden', 'admin'), (5, 'app', 'other', 'max');
        INSERT INTO configuration VALUES ('ada', 'jobList_usePaging', 'true'), ('ada', 'broken', '{'),
          ('ada', '__proto__', '{"x":1}'), ('ada', 'plotConfiguration_plotsPerRow', '4');`,
      fill: async () => {},
    });
    await service.app.write('INSERT INTO jobtag (job_id, tag_id) VALUES (1, 1), (2, 1), (2, 4)');
  }, 60_000);
  afterAll(async () => {
    await service?.close();
    await browser?.close();
  });

  /** One window a user, because a new one takes longer than its pages. */
  const windows = new Map<string, Visit>();
  const opened = async (address: string, user = 'ada') => {
    const visit = windows.get(user) ?? (await service.visit(user));
    windows.set(user, visit);
    visit.complaints.length = 0;
    const answer = await visit.page.goto(address);
    return { ...visit, answer, globals: await globalsOf(visit) };
  };

  test.each(PAGES)('%s has its constants, and a console without complaints', async (address, entry) => {
    for (const user of ['root', 'ada', 'nil']) {
      const { page, complaints, globals, answer } = await opened(address, user);
      expect([answer?.status(), complaints]).toEqual([200, []]);
      expect(globals).toMatchObject({
        hUsername: user,
        hAuthlevel: { root: 5, ada: 2, nil: 0 }[user],
        hClusterNames: ['small'],
        hSubclusterMap: { small: ['main', 'big'] },
        hRoles: ROLES,
      });
      expect(await page.locator('#svelte-app').innerText()).toBe(`page ${entry}`);
      expect(await page.locator('#svelte-header').count()).toBe(entry === 'dashpublic' ? 0 : 1);
      if (entry !== 'logs') expect(globals['clusterCockpitConfig']).toMatchObject({ plotConfiguration_lineWidth: 3 });
    }
  });

  test.each<[address: string, globals: object]>([
    [
      '/config',
      {
        isAdmin: true,
        isSupport: false,
        isApi: true,
        username: 'root',
        filterPresets: null,
        ncontent: null,
        resampleConfig: null,
      },
    ],
    [
      '/monitoring/jobs/?user=ada&state=running',
      {
        filterPresets: { user: 'ada', userMatch: 'contains', state: ['running'] },
        authlevel: 5,
        roles: ROLES,
        resampleConfig: null,
      },
    ],
    [
      '/monitoring/job/0017',
      { jobInfos: { id: '0017' }, username: 'root', authlevel: 5, roles: ROLES, emission: null },
    ],
    ['/monitoring/users/', { listType: 'USER', filterPresets: {} }],
    ['/monitoring/projects/?cluster=small', { listType: 'PROJECT', filterPresets: { cluster: 'small' } }],
    [
      '/monitoring/user/ada',
      { userInfos: { id: 'ada', username: 'ada', name: 'Ada A.', email: '' }, filterPresets: {} },
    ],
    ['/monitoring/user/who', { userInfos: { id: 'who', username: 'who' } }],
    [
      '/monitoring/systems/small',
      { displayType: 'OVERVIEW', infos: { id: 'small', cluster: 'small', displayType: 'OVERVIEW' } },
    ],
    [
      '/monitoring/systems/small?to=7',
      { infos: { id: 'small', cluster: 'small', displayType: 'OVERVIEW', from: '', to: '7' } },
    ],
    [
      '/monitoring/systems/list/small/main',
      {
        displayType: 'LIST',
        infos: { id: 'small', cluster: 'small', sid: 'main', subCluster: 'main', displayType: 'LIST' },
      },
    ],
    ['/monitoring/node/small/n01?from=5', { infos: { cluster: 'small', hostname: 'n01', id: 'small (n01)' } }],
    [
      '/monitoring/node/small/n01?from=5&to=6',
      { infos: { cluster: 'small', hostname: 'n01', id: 'small (n01)', from: '5', to: '6' } },
    ],
    ['/monitoring/analysis/small', { cluster: 'small', filterPresets: {} }],
    [
      '/monitoring/status/small',
      { displayType: 'DASHBOARD', infos: { id: 'small', cluster: 'small', displayType: 'DASHBOARD' } },
    ],
    [
      '/monitoring/status/detail/small',
      { displayType: 'DETAILS', infos: { id: 'small', cluster: 'small', displayType: 'DETAILS' } },
    ],
    ['/monitoring/dashboard/small', { presetCluster: 'small' }],
    ['/monitoring/logs', { isAdmin: true }],
  ])('%s tells its script', async (address, expected) => {
    const { globals } = await opened(address, 'root');
    for (const [name, value] of Object.entries(expected)) expect(globals[name], name).toEqual(value);
  });

  test('have the settings of the user, without values that are not JSON', async () => {
    const { globals } = await opened('/monitoring/jobs/');
    const settings = globals['clusterCockpitConfig'] as object;
    expect(settings).toMatchObject({ ...CONFIGURATION, jobList_usePaging: true, plotConfiguration_plotsPerRow: 4 });
    expect(settings).not.toHaveProperty('broken');
    expect(Object.keys(settings)).toHaveLength(16); // 14 defaults, jobList_hideShortRunningJobs and __proto__
    expect((await opened('/monitoring/jobs/', 'max')).globals['clusterCockpitConfig']).toMatchObject(CONFIGURATION);
  });

  test.each([
    [
      'root',
      {
        app: [
          ['unused', 0],
          ['used', 2],
        ],
        ops: [['hidden', 1]],
      },
    ],
    [
      'sue',
      {
        app: [
          ['unused', 0],
          ['used', 2],
        ],
        ops: [['hidden', 1]],
      },
    ],
    ['ada', { app: [['used', 1]], ['__proto__']: [['mine', 0]] }],
    [
      'max',
      {
        app: [
          ['other', 0],
          ['used', 1],
        ],
      },
    ],
    ['nil', {}],
  ])('the tags of %s have the counts of visible jobs', async (user, expected) => {
    const tagmap = (await opened('/monitoring/tags/', user)).globals['tagmap'] as Record<
      string,
      { name: string; count: number }[]
    >;
    const shown = Object.entries(tagmap).map(([type, tags]) => [type, tags.map(({ name, count }) => [name, count])]);
    expect(shown.toSorted()).toEqual(Object.entries(expected).toSorted());
  });

  test('a real name is for those who see jobs of others', async () => {
    expect((await opened('/monitoring/user/max')).globals['userInfos']).toEqual({ id: 'max', username: 'max' });
    expect((await opened('/monitoring/user/ada', 'max')).globals['userInfos']).toMatchObject({ name: 'Ada A.' });
  });

  test.each([
    '</script><script>document.title="hacked"</script>',
    '<!--<script>',
    '"; document.title = "hacked"; "',
    '\\u0022\u2028\u2029`+(document.title=1)+`',
    '\0&quot;&#34;',
  ])('an address cannot add to the page: %j', async (text) => {
    const { page, complaints, globals } = await opened(`/monitoring/jobs/?jobName=${encodeURIComponent(text)}`);
    expect(globals['filterPresets']).toEqual({ jobName: text });
    expect([complaints, await page.title()]).toEqual([[], 'Jobs - ClusterCockpit']);
    const user = await opened(`/monitoring/user/${encodeURIComponent(text)}`);
    expect(user.globals['userInfos']).toEqual({ id: text, username: text });
    expect([user.complaints, await user.page.locator('script').count()]).toEqual([[], 2]);
  });

  test('our pages lead to them, as far as their menu does', async () => {
    const linksOf = async (user: string, address: string) => {
      const { page, axe, complaints } = await opened(address, user);
      const links = await page.locator('a[href^="/monitoring"], a[href="/config"]').all();
      expect([await axe(), complaints]).toEqual([[], []]);
      return await Promise.all(links.map((link) => link.getAttribute('href')));
    };
    const all = ['/monitoring/jobs/', '/monitoring/tags/'];
    const managers = ['/monitoring/users/', '/monitoring/projects/'];
    const cluster = ['/monitoring/systems/small', '/monitoring/analysis/small'];
    expect(await linksOf('nil', '/login')).toEqual([]);
    expect(await linksOf('ada', '/')).toEqual(['/monitoring/user/ada', ...all, '/config']);
    expect(await linksOf('max', '/')).toEqual(['/monitoring/user/max', ...all, ...managers, '/config']);
    expect(await linksOf('sue', '/')).toEqual(['/monitoring/user/sue', ...all, ...managers, '/config', ...cluster]);
    expect(await linksOf('root', '/')).toEqual([
      ...['/monitoring/user/root', ...all, ...managers, '/monitoring/logs', '/config'],
      ...[...cluster, '/monitoring/status/small'],
    ]);
    expect(await linksOf('root', '/jobs/2')).toEqual(['/monitoring/job/2', '/monitoring/user/max']);
  });

  test('a page without a login asks for it, and then opens', async () => {
    const { page } = await service.visit();
    const answer = await page.goto('/monitoring/jobs/?user=ada');
    expect([answer?.status(), await page.locator('h1').innerText()]).toEqual([401, 'Log in']);
    expect(await page.locator('input[name=redirect]').getAttribute('value')).toBe('/monitoring/jobs/?user=ada');
  });
});
