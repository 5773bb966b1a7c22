import { createHmac, hkdfSync } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { verifyCcBackendCookie } from '../../src/http/auth/cc-backend-session-cookie.ts';
import { ACCOUNTS, PASSWORD } from '../support/accounts.ts';
import {
  CC_BACKEND_KEY,
  ccBackendCookie,
  fromBase64Url,
  type GobEntry,
  MADE_AT,
  VECTORS,
} from '../support/cc-backend-session.ts';
import { sendLogin } from '../support/login.ts';
import { bodyOf, job, type TestApp, testApp } from '../support/test-app.ts';

const WEEK_SEC = 7 * 86_400;
const users = Object.keys(VECTORS) as (keyof typeof VECTORS)[];
const verify = (cookie: string, { nowSec = MADE_AT, key = CC_BACKEND_KEY } = {}) =>
  verifyCcBackendCookie(cookie, key, { nowSec, maxAgeSec: WEEK_SEC });
const userOf = (name: keyof typeof VECTORS) => {
  const { roles, projects } = VECTORS[name];
  return { name, roles: new Set<string>(roles), projects: [...projects] };
};

describe('the cookie of cc-backend', () => {
  test.each(users)('names %s, with roles and projects', async (name) => {
    expect(await verify(VECTORS[name].cookie)).toEqual(userOf(name));
  });

  test('is valid for its time, and not before', async () => {
    const { cookie } = VECTORS.ada;
    const isValid = async (nowSec: number) => (await verify(cookie, { nowSec })) !== undefined;
    expect([await isValid(MADE_AT - 1), await isValid(MADE_AT)]).toEqual([false, true]);
    expect([await isValid(MADE_AT + WEEK_SEC), await isValid(MADE_AT + WEEK_SEC + 1)]).toEqual([true, false]);
  });

  test('of another key is none', async () => {
    expect(await verify(VECTORS.root.cookie, { key: btoa('another key of thirty-two bytes.') })).toBeUndefined();
  });

  test('that is cut off, at either end, is none', async () => {
    for (const { cookie } of Object.values(VECTORS)) {
      for (let at = 1; at <= cookie.length; at += 1) {
        expect(await verify(cookie.slice(0, -at)), `${at} less at the end`).toBeUndefined();
        expect(await verify(cookie.slice(at)), `${at} less at the beginning`).toBeUndefined();
      }
    }
  });

  test('with any character changed, left out or added is none', async () => {
    const character = fc.oneof(fc.constantFrom(...'AQgw_-+/=|; \n%'), fc.string({ minLength: 1, maxLength: 1 }));
    const change = fc.record({
      user: fc.constantFrom(...users),
      at: fc.nat(600),
      taken: fc.nat(1),
      put: fc.option(character, { nil: '' }),
    });
    await fc.assert(
      fc.asyncProperty(change, async ({ user, at, taken, put }) => {
        const { cookie } = VECTORS[user];
        const start = at % (cookie.length + 1);
        const changed = cookie.slice(0, start) + put + cookie.slice(start + taken);
        fc.pre(changed !== cookie);
        expect(await verify(changed)).toBeUndefined();
      }),
      { numRuns: 2_000 },
    );
  });

  test('with one bit changed is none, also one that base64 ignores', async () => {
    const { cookie } = VECTORS.ada;
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    for (const [at, character] of [...cookie].entries()) {
      if (character === '=') continue;
      for (const bit of [1, 2, 4, 8, 16, 32]) {
        const other = alphabet[alphabet.indexOf(character) ^ bit] ?? '';
        expect(await verify(cookie.slice(0, at) + other + cookie.slice(at + 1)), `${at}: ${other}`).toBeUndefined();
      }
    }
  });

  test('of random characters or bytes is none', async () => {
    const bytes = fc.uint8Array({ maxLength: 500 }).map((random) => Buffer.from(random).toString('base64url'));
    const units = fc.array(fc.nat(0xffff)).map((random) => String.fromCharCode(...random));
    const text = fc.oneof(fc.string(), units, bytes);
    await fc.assert(fc.asyncProperty(text, async (cookie) => (await verify(cookie)) === undefined));
  });
});

describe('signed, but no session', () => {
  const ROLES: GobEntry = ['roles', ['admin']];
  const ADA: GobEntry = ['username', 'ada'];

  test('the entries as cc-backend writes them are one, with or without projects', async () => {
    const session = { name: 'ada', roles: new Set(['admin']), projects: [] };
    expect(await verify(ccBackendCookie([ADA, ROLES]))).toEqual(session);
    expect(await verify(ccBackendCookie([ADA, ROLES, ['projects', ['p']], ['authSource', 3]]))).toEqual({
      ...session,
      projects: ['p'],
    });
  });

  test.each<[string, readonly GobEntry[]]>([
    ['no roles', [ADA]],
    ['no user', [ROLES]],
    ['an empty user', [['username', ''], ROLES]],
    ['roles that are a text', [ADA, ['roles', 'admin']]],
    ['a user that is a number', [['username', 1], ROLES]],
    ['projects that are a text', [ADA, ROLES, ['projects', 'p']]],
    ['nothing', []],
  ])('%s', async (_, entries) => {
    expect(await verify(ccBackendCookie(entries))).toBeUndefined();
  });

  test.each([
    ['a value that is not a gob', ccBackendCookie('AAAA')],
    ['a value without padding', ccBackendCookie('AAAAA')],
    ['an empty value', ccBackendCookie('')],
    ['a time that is a word', ccBackendCookie([ADA, ROLES], { madeAt: 'now' })],
    ['a time before 1970', ccBackendCookie([ADA, ROLES], { madeAt: -1 })],
    ['a time of 200 digits', ccBackendCookie([ADA, ROLES], { madeAt: '1'.repeat(200) })],
  ])('%s', async (_, cookie) => {
    expect(await verify(cookie)).toBeUndefined();
  });

  test('more than 4,096 characters', async () => {
    const withProjects = (count: number) =>
      ccBackendCookie([ADA, ROLES, ['projects', Array.from({ length: count }, (_, nth) => `project${nth + 1_000}`)]]);
    const [long, longer] = [withProjects(150), withProjects(190)];
    expect([long.length < 4_096, longer.length > 4_096]).toEqual([true, true]);
    expect((await verify(long))?.projects).toHaveLength(150);
    expect(await verify(longer)).toBeUndefined();
  });
});

const HTML = { Accept: 'text/html' };
const PAGE = { 'X-Requested-With': 'cc-jobs', 'Sec-Fetch-Site': 'same-origin' };

describe('CC_BACKEND_SESSIONS', () => {
  let service: TestApp;
  beforeAll(async () => {
    service = await testApp({
      sql: ACCOUNTS,
      jobs: [
        job({ user: 'ada' }),
        job({ jobId: 2, user: 'bob', project: 'iwi5' }),
        job({ jobId: 3, user: 'eve', project: 'caph' }),
      ],
      settings: { CC_BACKEND_SESSIONS: 'on', SESSION_KEY: CC_BACKEND_KEY },
      service: () => ({ clock: () => MADE_AT + 60.5 }),
    });
  });
  afterAll(() => service.close());
  beforeEach(() => service.write(`DELETE FROM hpc_user; ${ACCOUNTS}`));

  const cookieFor = (user: keyof typeof VECTORS) => `session=${VECTORS[user].cookie}`;
  const page = async (Cookie: string, path = '/jobs') =>
    (await service.app.request(path, { headers: { ...HTML, Cookie } })).status;
  const count = async (Cookie: string) => {
    const answer = await service.app.request('/api/jobs/count', { headers: { ...PAGE, Cookie } });
    return answer.status === 200 ? (await bodyOf<{ count: number }>(answer)).count : answer.status;
  };
  const change = (user: string, roles: string[], projects: string[] = []) =>
    service.write(
      `UPDATE hpc_user SET roles = '${JSON.stringify(roles)}', projects = '${JSON.stringify(projects)}' WHERE username = '${user}'`,
    );

  test('on opens the pages to who is logged in at cc-backend', async () => {
    const answer = await service.app.request('/jobs', { headers: { ...HTML, Cookie: cookieFor('ada') } });
    expect(answer.status).toBe(200);
    expect(await answer.text()).toContain('<bdi>ada</bdi>');
    expect([await count(cookieFor('ada')), await count(cookieFor('root'))]).toEqual([1, 3]);
    expect([await page(cookieFor('ada'), '/system'), await page(cookieFor('root'), '/system')]).toEqual([403, 200]);
  });

  test('off, the default, does not', async () => {
    const off = await testApp({
      sql: ACCOUNTS,
      settings: { SESSION_KEY: CC_BACKEND_KEY },
      service: () => ({ clock: () => MADE_AT }),
    });
    const answer = await off.app.request('/jobs', { headers: { ...HTML, Cookie: cookieFor('root') } });
    expect(answer.status).toBe(401);
    const own = (await sendLogin(off, { username: 'ada', password: PASSWORD })).headers.get('Set-Cookie');
    expect(own).toMatch(/^session=/);
    const leaving = await off.app.request('/logout', { method: 'POST', headers: { Cookie: cookieFor('root') } });
    expect(await leaving.text()).toContain('Logged out');
    await off.close();
  });

  test('an unsigned or changed cookie opens nothing', async () => {
    const [time, value = '', ...mac] = fromBase64Url(VECTORS.root.cookie).toString('latin1').split('|');
    const forged = Buffer.from([time, value.slice(0, -4), ...mac].join('|'), 'latin1').toString('base64url');
    const other = ccBackendCookie(
      [
        ['username', 'root'],
        ['roles', ['admin']],
      ],
      { key: btoa('another key of thirty-two bytes.') },
    );
    for (const cookie of [forged, other, '', 'x', '%', VECTORS.root.cookie.slice(1), 'A'.repeat(8_000)]) {
      expect([await page(`session=${cookie}`), await count(`session=${cookie}`)], cookie).toEqual([401, 401]);
    }
  });

  test('a session ends with its account', async () => {
    await service.write("DELETE FROM hpc_user WHERE username = 'root'");
    expect([await page(cookieFor('root')), await count(cookieFor('root'))]).toEqual([401, 401]);
  });

  test('a session has no role and no project that its account lacks', async () => {
    await change('root', ['user']);
    expect([await page(cookieFor('root'), '/system'), await page(cookieFor('root'))]).toEqual([403, 403]);
    await change('max', ['manager', 'user'], ['iwi5', 'p1']);
    expect(await count(cookieFor('max'))).toBe(1); // of p1, iwi5 and caph only iwi5
    await change('max', ['user'], ['iwi5', 'caph']);
    expect(await count(cookieFor('max'))).toBe(0);
  });

  test('a session has no more roles and projects than at its login', async () => {
    await change('ada', ['user', 'admin']);
    expect([await page(cookieFor('ada'), '/system'), await count(cookieFor('ada'))]).toEqual([403, 1]);
    await change('max', ['manager', 'user'], ['iwi5', 'caph', 'p1']);
    expect(await count(cookieFor('max'))).toBe(2);
  });

  test('an admin who is none any more does not see all jobs, as a machine account with the role api does', async () => {
    await change('root', ['user', 'api']);
    expect([await page(cookieFor('root')), await count(cookieFor('root'))]).toEqual([403, 403]);
  });

  test.each<[string, string, Record<string, string>, string]>([
    ['the header of the pages is missing', '/api/jobs/count', {}, 'GET'],
    ['another origin asks', '/api/jobs/count', { ...PAGE, 'Sec-Fetch-Site': 'same-site' }, 'GET'],
    ['it writes', '/api/jobs/delete_job/1', PAGE, 'DELETE'],
    ['it wants accounts', '/api/users/', PAGE, 'GET'],
    ['it asks the API of people', '/userapi/jobs/count', PAGE, 'GET'],
  ])('a session is nothing where %s', async (_, path, headers, method) => {
    const answer = await service.app.request(path, { method, headers: { Cookie: cookieFor('root'), ...headers } });
    expect(answer.status).toBe(401);
  });

  test('a session writes tags from our own pages alone', async () => {
    const body = new URLSearchParams({ do: 'add', type: 'note', name: 'x', scope: 'ada' }).toString();
    const write = async (headers: Record<string, string>) =>
      (await service.app.request('/jobs/1/tags', { method: 'POST', body, headers })).status;
    const Cookie = cookieFor('ada');
    expect(await write({ Cookie, Origin: 'http://localhost', 'Sec-Fetch-Site': 'same-origin' })).toBe(303);
    expect(await write({ Cookie, Origin: 'http://evil.example' })).toBe(403);
    expect(await write({ Cookie, 'Sec-Fetch-Site': 'same-site' })).toBe(403);
  });

  describe('our own session', () => {
    const logIn = async (username: string) => {
      const answer = await sendLogin(service, { username, password: PASSWORD }, { Cookie: cookieFor('root') });
      return answer.headers.getSetCookie();
    };

    test('has a cookie of another name', async () => {
      const cookies = await logIn('ada');
      expect(cookies).toEqual([expect.stringMatching(/^ccjobs_session=.*; Path=\/; HttpOnly; SameSite=Lax$/)]);
      const [own = ''] = cookies[0]?.split(';') ?? [];
      expect([await page(own), await count(own)]).toEqual([200, 1]);
      expect(await page(own.replace('ccjobs_session', 'session'))).toBe(401);
      expect(await page(cookieFor('ada').replace('session', 'ccjobs_session'))).toBe(401);
    });

    test('is signed with a key derived from SESSION_KEY, not with that key', async () => {
      const content = { user: 'sue', roles: ['support'], projects: [], until: MADE_AT + 120 };
      const value = Buffer.from(JSON.stringify(content)).toString('base64url');
      const signedBy = (key: string | Uint8Array) => {
        const signature = createHmac('sha256', key).update(value).digest('base64');
        return `ccjobs_session=${value}.${encodeURIComponent(signature)}`;
      };
      const secret = Buffer.from(CC_BACKEND_KEY, 'base64');
      const derived = new Uint8Array(hkdfSync('sha256', secret, '', 'cc-jobs session cookie v1', 32));
      expect([await page(signedBy(derived)), await count(signedBy(derived))]).toEqual([200, 3]);
      expect([await page(signedBy(secret)), await page(signedBy(CC_BACKEND_KEY))]).toEqual([401, 401]);
    });

    test('goes first, and the other one counts again when it has ended', async () => {
      const [own = ''] = (await logIn('ada'))[0]?.split(';') ?? [];
      expect(await count(`${cookieFor('root')}; ${own}`)).toBe(1);
      expect(await count(`${cookieFor('root')}; ccjobs_session=x.y`)).toBe(3);
    });
  });

  test('logging out ends our session alone, and says that the one of cc-backend goes on', async () => {
    const logOut = async (headers: Record<string, string>) => {
      const answer = await service.app.request('/logout', { method: 'POST', headers });
      expect(answer.headers.getSetCookie()).toEqual(['ccjobs_session=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax']);
      return await answer.text();
    };
    expect(await logOut({})).toContain('<h1>Logged out</h1>');
    expect(await logOut({ Cookie: 'session=x' })).toContain('<h1>Logged out</h1>');
    const page = await logOut({ Cookie: cookieFor('ada') });
    expect(page).toContain('<h1>Still logged in</h1>');
    expect(page).toContain('Your session of cc-backend goes on');
  });

  test('no answer but a login sets a cookie, and no log line has one', async () => {
    const before = service.lines.length;
    for (const path of ['/', '/jobs', '/nothing', '/api/jobs/count', '/api/users/']) {
      const answer = await service.app.request(path, { headers: { ...PAGE, Cookie: cookieFor('root') } });
      expect(answer.headers.getSetCookie(), path).toEqual([]);
    }
    await page(`${cookieFor('root')}x`);
    const written = JSON.stringify(service.lines.slice(before));
    const { cookie } = VECTORS.root;
    for (const part of [cookie.slice(0, 24), cookie.slice(-24), gobText(cookie)]) expect(written).not.toContain(part);
  });

  const gobText = (cookie: string) => fromBase64Url(cookie).toString('latin1').split('|')[1] ?? cookie;
});
