/** The filters that users save, in the API and on the pages. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { configurationOf } from '../../src/cc-frontend/user-settings.ts';
import { BOUNDS } from '../../src/jobs/input-bounds.ts';
import { ACCOUNTS, PASSWORD } from '../support/accounts.ts';
import { cookieOf, sendLogin } from '../support/login.ts';
import { within } from '../support/pool.ts';
import { bodyOf, faultIn, job, type TestApp, testApp } from '../support/test-app.ts';

let service: TestApp;
let cookie: string;
beforeAll(async () => {
  service = await testApp({ sql: ACCOUNTS, jobs: [job({ jobId: 1 }), job({ jobId: 2, jobState: 'failed' })] });
  cookie = cookieOf(await sendLogin(service, { username: 'ada', password: PASSWORD }));
});
afterAll(() => service.close());
beforeEach(() => service.write('DELETE FROM configuration'));

const FAILED = { page: 'jobs', query: 'state=failed&start-time=last7d&sort-by=duration' };
type Saved = { savedFilters: { name: string; page: string; query: string }[] };

const put = (name: string, body: object, user = 'ada') =>
  service.send('PUT', `/userapi/saved-filters/${encodeURIComponent(name)}`, body, user, 'user', 'api');
const remove = (name: string, user = 'ada') =>
  service.send('DELETE', `/userapi/saved-filters/${encodeURIComponent(name)}`, '', user, 'user', 'api');
const savedBy = async (user = 'ada') =>
  (await bodyOf<Saved>(await service.get('/userapi/saved-filters', user, 'user', 'api'))).savedFilters;
const stored = () => service.query('SELECT username, confkey, value FROM configuration ORDER BY 1, 2');

async function post(fields: Record<string, string>) {
  const body = new URLSearchParams(fields).toString();
  return await service.app.request('/saved-filters', {
    method: 'POST',
    headers: { Cookie: cookie, Accept: 'text/html' },
    body,
  });
}
async function page(path: string, Cookie = cookie) {
  const answer = await service.app.request(path, { headers: { Cookie, Accept: 'text/html' } });
  return { status: answer.status, text: await answer.text() };
}

describe('in the API', () => {
  test('is saved, listed by name, replaced and deleted, for its user alone', async () => {
    expect(await bodyOf(await put('b', { page: 'timeline', query: '?bucket=hour' }))).toEqual({
      ...{ name: 'b', page: 'timeline', query: 'bucket=hour' },
    });
    await put('a', FAILED);
    await put('a', { page: 'statistics', query: '' }, 'max');
    expect(await savedBy()).toEqual([
      { name: 'a', ...FAILED },
      { name: 'b', page: 'timeline', query: 'bucket=hour' },
    ]);
    await put('a', { page: 'statistics', query: 'group-by=user' });
    expect((await remove('b')).status).toBe(200);
    expect(await savedBy()).toEqual([{ name: 'a', page: 'statistics', query: 'group-by=user' }]);
    expect(await savedBy('max')).toEqual([{ name: 'a', page: 'statistics', query: '' }]);
    expect((await faultIn(await remove('b', 'max'))).slice(0, 2)).toEqual([404, 'not_found']);
    expect((await service.get('/api/saved-filters', 'root', 'admin', 'api')).status).toBe(200);
  });

  test('may have any name without control characters', async () => {
    const names = ['50 % & more', 'a/b?c#d', '%2F', 'Ω "x" <b>', "it's"];
    for (const name of names) expect((await put(name, FAILED)).status, name).toBe(200);
    expect((await savedBy()).map(({ name }) => name)).toEqual([...names].sort());
    for (const name of names) expect((await remove(name)).status, name).toBe(200);
    expect(await stored()).toEqual([]);
  });

  test.each([
    ['a long name', 'n'.repeat(101), FAILED, 'must have 1 to 100 characters'],
    ['a control character', 'a\nb', FAILED, 'without control characters'],
    ['spaces at its ends', ' a', FAILED, 'without spaces at its ends'],
    ['another page', 'a', { page: 'system', query: '' }, 'page must be one of jobs, statistics, timeline'],
    ['an unknown field', 'a', { page: 'jobs', query: 'colour=red' }, 'invalid query parameter: colour'],
    ['an invalid value', 'a', { page: 'jobs', query: 'duration=x' }, 'query parameter "duration"'],
    ['a parameter of another page', 'a', { page: 'jobs', query: 'bucket=hour' }, 'invalid query parameter: bucket'],
    ['an invalid view', 'a', { page: 'jobs', query: 'order=up' }, 'query parameter "order"'],
    ['a long query', 'a', { page: 'jobs', query: `user=${'x'.repeat(4000)}` }, 'must have at most 4000 characters'],
    ['a query that is long as an address', 'a', { page: 'jobs', query: `user=${'é'.repeat(700)}` }, '4000 characters'],
    ['many values', 'a', { page: 'jobs', query: 'user=a&'.repeat(101) }, 'at most 100 values'],
    ['another member', 'a', { ...FAILED, path: '/' }, 'unknown field path'],
  ])('with %s is refused', async (_, name, body, reason) => {
    const [status, code, error] = await faultIn(await put(name, body));
    expect([status, code, error]).toEqual([400, 'invalid_request', expect.stringContaining(reason)]);
    expect(await stored()).toEqual([]);
  });

  test('needs an account', async () => {
    expect(await faultIn(await put('a', FAILED, 'stranger'))).toEqual([
      ...[422, 'conflict', 'only users with an account can save filters'],
    ]);
    expect(await savedBy('stranger')).toEqual([]);
  });

  test('is one of fifty at most, next to a thousand settings', async () => {
    const { most } = BOUNDS.savedFilters;
    const rows = Array.from(
      { length: most - 1 },
      (_, at) => `('ada', 'ccjobs_filter:${at}', '${JSON.stringify(FAILED)}')`,
    );
    const settings = Array.from({ length: 1000 }, (_, at) => `('ada', 'k${at}', '1')`);
    await service.write(`INSERT INTO configuration VALUES ${[...rows, ...settings].join()}`);
    expect((await put('last', FAILED)).status).toBe(200);
    expect((await put('last', FAILED)).status).toBe(200);
    const [status, code, error] = await faultIn(await put('more', FAILED));
    expect([status, code, error]).toEqual([422, 'conflict', expect.stringContaining('saved filters of a user')]);
    expect(await savedBy()).toHaveLength(most);
  });
});

describe("next to cc-backend's settings", () => {
  test('is JSON, and stays when cc-backend writes its own', async () => {
    await put('a', FAILED);
    // The statement of cc-backend 1.5.4.
    await service.write(`INSERT INTO configuration (username, confkey, value) VALUES ('ada', 'jobList_usePaging', 'true')
      ON CONFLICT(username, confkey) DO UPDATE SET value = excluded.value`);
    const rows = await stored();
    expect(rows.map(({ confkey }) => confkey)).toEqual(['ccjobs_filter:a', 'jobList_usePaging']);
    expect(JSON.parse(String(rows[0]?.['value']))).toEqual(FAILED);
    expect(await savedBy()).toEqual([{ name: 'a', ...FAILED }]);
  });

  test('is no setting of its pages, and they cannot write it', async () => {
    await put('a', FAILED);
    const user = { name: 'ada', roles: new Set(['user']), projects: [] };
    const settings = await configurationOf(service.db, user, 300, within(10_000));
    expect(Object.keys(settings).filter((key) => key.startsWith('ccjobs'))).toEqual([]);
    const mutation = 'mutation { updateConfiguration(name: "ccjobs_filter:a", value: "1") }';
    expect(await (await service.ask(mutation, null, 'ada', 'user', 'api')).text()).toContain(
      'cannot begin with ccjobs_',
    );
  });

  test('is left out if another program has written something else', async () => {
    const values = ['{', 'null', '[]', '{"page":"system","query":""}', '{"page":"jobs","query":1}'];
    const rows = values.map((value, at) => `('ada', 'ccjobs_filter:${at}', '${value}')`);
    await service.write(`INSERT INTO configuration VALUES ${rows.join()}`);
    expect(await savedBy()).toEqual([]);
    expect((await page('/saved-filters')).status).toBe(200);
    expect((await remove('0')).status).toBe(200);
  });
});

describe('on the pages', () => {
  test('is saved, opened, renamed and deleted', async () => {
    const saved = await post({ do: 'save', name: ' my <b>failed</b> ', ...FAILED });
    expect([saved.status, saved.headers.get('Location')]).toEqual([303, `/jobs?${FAILED.query}`]);
    for (const path of ['/jobs', '/statistics', '/timeline', '/saved-filters']) {
      const { status, text } = await page(path);
      expect([status, text.includes('my &lt;b&gt;failed&lt;/b&gt;'), text.includes('<b>failed')]).toEqual([
        200,
        true,
        false,
      ]);
      expect(text).toContain(`href="/jobs?${FAILED.query.replaceAll('&', '&amp;')}"`);
    }
    expect((await page('/saved-filters')).text).toContain('<span class="of">State</span> <bdi>failed</bdi>');
    const renamed = await post({ do: 'rename', name: 'my <b>failed</b>', to: 'other' });
    expect([renamed.status, renamed.headers.get('Location')]).toEqual([303, '/saved-filters']);
    expect(await savedBy()).toEqual([{ name: 'other', ...FAILED }]);
    expect((await post({ do: 'delete', name: 'other' })).status).toBe(303);
    expect(await stored()).toEqual([]);
  });

  test('is replaced only if its user says so', async () => {
    await put('a', FAILED);
    const asked = await post({ do: 'save', name: 'a', page: 'timeline', query: 'user=bob' });
    expect([asked.status, await asked.text()]).toEqual([422, expect.stringContaining('Replace it')]);
    expect(await savedBy()).toEqual([{ name: 'a', ...FAILED }]);
    expect((await post({ do: 'replace', name: 'a', page: 'timeline', query: 'user=bob' })).status).toBe(303);
    expect(await savedBy()).toEqual([{ name: 'a', page: 'timeline', query: 'user=bob' }]);
    await put('b', FAILED);
    expect((await post({ do: 'rename', name: 'b', to: 'a' })).status).toBe(422);
    expect((await post({ do: 'rename', name: 'a', to: 'a' })).status).toBe(303);
    expect((await post({ do: 'rename', name: 'none', to: 'c' })).status).toBe(404);
    expect((await savedBy()).map(({ name, page }) => [name, page])).toEqual([
      ['a', 'timeline'],
      ['b', 'jobs'],
    ]);
  });

  test('with a field that is gone opens with an error that names it', async () => {
    const value = JSON.stringify({ page: 'jobs', query: 'colour=red&user=ada' });
    await service.write(`INSERT INTO configuration VALUES ('ada', 'ccjobs_filter:old', '${value}')`);
    expect((await page('/saved-filters')).text).toContain('<span class="of">colour</span> <bdi>red</bdi>');
    const { status, text } = await page('/jobs?colour=red&user=ada');
    expect([status, text]).toEqual([400, expect.stringContaining('Invalid query parameter: colour')]);
  });

  test('keeps the view of the page, and is not offered without an account', async () => {
    const { text } = await page('/jobs?state=failed&sort-by=energy&page=2');
    expect(text).toContain('name="query" value="state=failed&amp;sort-by=energy"');
    const token = { 'X-Auth-Token': await service.token('stranger', 'user') };
    const answer = await service.app.request('/jobs', { headers: token });
    const shown = await answer.text();
    expect([shown.includes('Only users with an account'), shown.includes('name="query"')]).toEqual([true, false]);
  });
});
