import { sign as hmac } from 'hono/jwt';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { importPrivateKey } from '../../src/http/auth/signing-keys.ts';
import { makeToken } from '../../src/http/auth/token.ts';
import { bodyOf, faultIn, job, keys, NOW, otherKeys, type TestApp, testApp } from '../support/test-app.ts';

let service: TestApp;
beforeAll(async () => {
  service = await testApp({
    jobs: [
      job({ jobId: 1, user: 'ada', project: 'p1' }),
      job({ jobId: 2, user: 'bob', project: 'p1' }),
      job({ jobId: 3, user: 'eve', project: 'p2' }),
    ],
  });
});
afterAll(() => service.close());

const LIST = '/api/jobs/';

async function ask(token: string | undefined, path = LIST, headers: Record<string, string> = {}) {
  const own = token === undefined ? {} : { 'X-Auth-Token': token };
  return await service.app.request(path, { headers: { ...own, ...headers } });
}

async function signed(payload: object, header: object = { alg: 'EdDSA', typ: 'JWT' }, privateKey = keys.privateKey) {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${part(header)}.${part(payload)}`;
  const key = await importPrivateKey(privateKey);
  return `${text}.${Buffer.from(await crypto.subtle.sign('Ed25519', key, Buffer.from(text))).toString('base64url')}`;
}

async function refusal(token: string | undefined) {
  const [status, code, error] = await faultIn(await ask(token));
  expect(code).toBe('unauthorized');
  return [status, error];
}

const claims = { sub: 'robot', roles: ['api'] };

describe('a token', () => {
  test('is taken from X-Auth-Token first', async () => {
    const good = await service.token();
    expect((await ask(good, LIST, { Authorization: 'Bearer bad' })).status).toBe(200);
    expect((await ask('bad', LIST, { Authorization: `Bearer ${good}` })).status).toBe(401);
  });

  test('is taken from Authorization with and without Bearer', async () => {
    const good = await service.token();
    expect((await ask(undefined, LIST, { Authorization: `Bearer ${good}` })).status).toBe(200);
    expect((await ask(undefined, LIST, { Authorization: good })).status).toBe(200);
    expect((await ask(undefined, LIST, { Authorization: `bearer ${good}` })).status).toBe(401);
    expect((await ask(`Bearer ${good}`)).status).toBe(401);
  });

  test('is not taken from the query', async () => {
    expect((await ask(undefined, `${LIST}?token=${await service.token()}`)).status).toBe(401);
  });

  test('that is missing is refused', async () => {
    expect(await refusal(undefined)).toEqual([401, 'no token: send one in X-Auth-Token or Authorization']);
  });

  test.each(['', '.', 'a.b', 'a.b.c', 'a.b.c.d', 'ä.ö.ü', '..', 'e30.e30.e30', 'eyJhbGciOiJFZERTQSJ9.e30.'])(
    'that is malformed is refused: %j',
    async (token) => {
      const answer = await ask(undefined, LIST, { Authorization: `Bearer ${encodeURI(token)}` });
      expect(answer.status).toBe(401);
    },
  );

  test('of another key is refused', async () => {
    const foreign = await makeToken(otherKeys.privateKey, { user: 'robot', roles: ['api'] }, NOW);
    expect(await refusal(foreign)).toEqual([401, 'token signature is invalid']);
  });

  test('that was tampered with is refused', async () => {
    const [header, , signature] = (await service.token('ada', 'user', 'api')).split('.');
    const payload = Buffer.from(JSON.stringify({ sub: 'ada', roles: ['admin', 'api'] })).toString('base64url');
    expect(await refusal(`${header}.${payload}.${signature}`)).toEqual([401, 'token signature is invalid']);
  });

  test('without a signature is refused, whatever its algorithm', async () => {
    const unsigned = (alg: string) => {
      const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
      return `${part({ alg })}.${part(claims)}.AA`;
    };
    expect(await refusal(unsigned('none'))).toEqual([401, 'token is not signed with EdDSA (Ed25519)']);
    expect(await refusal(unsigned('EdDSA'))).toEqual([401, 'token signature is invalid']);
  });

  test('signed with the public key as an HMAC secret is refused', async () => {
    expect(await refusal(await hmac(claims, keys.publicKey, 'HS256'))).toEqual([
      401,
      'token is not signed with EdDSA (Ed25519)',
    ]);
  });

  test('holds until its exp, without leeway', async () => {
    expect((await ask(await signed({ ...claims, exp: NOW + 1 }))).status).toBe(200);
    expect(await refusal(await signed({ ...claims, exp: NOW }))).toEqual([401, 'token is expired']);
  });

  test('holds from its nbf on, without leeway', async () => {
    expect((await ask(await signed({ ...claims, nbf: NOW }))).status).toBe(200);
    expect(await refusal(await signed({ ...claims, nbf: NOW + 1 }))).toEqual([401, 'token is not valid yet']);
  });

  test('may have been issued in the future', async () => {
    expect((await ask(await signed({ ...claims, iat: NOW + 1000 }))).status).toBe(200);
  });

  test.each([
    ['no sub', { roles: ['api'] }],
    ['an empty sub', { sub: '', roles: ['api'] }],
    ['a sub that is no text', { sub: 7, roles: ['api'] }],
    ['an exp that is no number', { ...claims, exp: 'tomorrow' }],
    ['an nbf that is null', { ...claims, nbf: null }],
  ])('with %s is refused', async (_, payload) => {
    expect(await refusal(await signed(payload))).toEqual([401, 'token is malformed']);
  });

  test('with a header that must be understood is refused', async () => {
    expect((await ask(await signed(claims, { alg: 'EdDSA', crit: ['b64'] }))).status).toBe(401);
  });

  test('keeps only roles that are texts, each once', async () => {
    expect((await ask(await signed({ sub: 'x', roles: ['api', 'api', 7, null] }))).status).toBe(200);
    expect((await ask(await signed({ sub: 'x', roles: ['admin', 'admin', 'api'] }))).status).toBe(200);
  });

  test.each<[unknown, string]>([
    [[], 'none'],
    ['api', 'none'],
    [null, 'none'],
    [['API'], '"API"'],
    [['api', 'robot'], 'api, "robot"'],
    [['admin'], 'admin'],
    [['user', '\n'.repeat(99)], `user, "${'\\n'.repeat(50)}"`],
  ])('with the roles %j is refused, and hears which it has and needs', async (roles, has) => {
    const needs = 'this route needs the role api alone, or api and admin';
    expect(await refusal(await signed({ sub: 'x', roles }))).toEqual([401, `${needs}; this caller has: ${has}`]);
    const people = await faultIn(await ask(await signed({ sub: 'x', roles }), '/userapi/jobs/'));
    expect(people[2]).toContain('or api and one of user, manager, support, admin; ');
  });
});

/** contract/auth.md §6: the status for each caller. */
const TABLE: [path: string, statuses: Record<string, number>][] = [
  ['/api/jobs/', { 'admin,api': 200, api: 200, 'user,api': 401, 'manager,api': 401, 'support,api': 401, admin: 401 }],
  ['/api/clusters/', { 'admin,api': 200, api: 200, 'user,api': 401, 'manager,api': 401, 'support,api': 401 }],
  ['/api/jobs/used_nodes?ts=1', { 'admin,api': 200, api: 200, 'user,api': 401, 'support,api': 401, admin: 401 }],
  ['/api/system', { 'admin,api': 200, api: 403, 'user,api': 401, admin: 401 }],
  [
    '/userapi/jobs/',
    { 'admin,api': 200, api: 200, 'user,api': 200, 'manager,api': 200, 'support,api': 200, user: 401 },
  ],
];

describe.each(TABLE)('%s', (path, statuses) => {
  test.each(Object.entries(statuses))('answers the roles %s with %i', async (roles, status) => {
    expect((await service.get(path, 'ada', ...roles.split(','))).status).toBe(status);
  });
});

describe('/userapi', () => {
  const listed = async (path: string, ...roles: string[]) => {
    const { jobs } = await bodyOf<{ jobs: { jobId: number }[] }>(await service.get(path, 'ada', ...roles));
    return jobs.map(({ jobId }) => jobId).sort();
  };

  test('lists what the user may see', async () => {
    expect(await listed('/userapi/jobs/', 'user', 'api')).toEqual([1]);
    expect(await listed('/userapi/jobs/', 'manager', 'api')).toEqual([1]); // a token has no projects
    expect(await listed('/userapi/jobs/', 'support', 'api')).toEqual([1, 2, 3]);
    expect(await listed('/userapi/jobs/', 'api')).toEqual([1, 2, 3]);
  });

  test('counts what the user may see', async () => {
    const answer = await service.get('/userapi/jobs/count', 'ada', 'user', 'api');
    expect(await answer.json()).toEqual({ count: 1 });
  });

  test('has neither used_nodes nor clusters nor system', async () => {
    for (const path of ['/userapi/clusters/', '/userapi/system']) expect((await service.get(path)).status).toBe(404);
    // The id of a job, and an invalid number.
    expect((await service.get('/userapi/jobs/used_nodes?ts=1')).status).toBe(400);
  });
});
