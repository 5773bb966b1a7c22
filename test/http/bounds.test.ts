/** What the service remembers of unknown senders is bounded, and held for no longer than documented. */
import { afterEach, expect, test, vi } from 'vitest';
import { KnownTokens } from '../../src/http/auth/known-tokens.ts';
import { LoginLimit } from '../../src/http/auth/login-limit.ts';
import { verifyLoginToken } from '../../src/http/auth/other-sites-login-token.ts';
import { importPublicKey } from '../../src/http/auth/signing-keys.ts';
import { makeToken } from '../../src/http/auth/token.ts';
import { LOGIN_KEY, loginToken } from '../support/login.ts';
import { keys, NOW } from '../support/test-app.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

test('a thousand tokens are remembered, and then the first is checked again', async () => {
  const verify = vi.spyOn(crypto.subtle, 'verify');
  const tokens = new KnownTokens(importPublicKey(keys.publicKey));
  const check = async (user: string) => {
    const token = await makeToken(keys.privateKey, { user, roles: ['api'] }, NOW);
    const before = verify.mock.calls.length;
    await tokens.verify(token, NOW);
    return verify.mock.calls.length - before;
  };
  expect([await check('first'), await check('first')]).toEqual([1, 0]);
  for (let nth = 0; nth < 1_000; nth++) await check(`user${nth}`);
  expect([await check('user999'), await check('first')]).toEqual([0, 1]);
  const long = 'x'.repeat(2_048);
  expect([await check(long), await check(long)]).toEqual([1, 1]);
});

test('ten thousand pairs of address and name are remembered, and as many addresses', () => {
  const limit = new LoginLimit();
  for (let nth = 0; nth < 10_100; nth++) limit.take(`address${nth}`, `user${nth}`, NOW);
  expect(limit.size).toBe(20_000);
});

test('a login token holds from its nbf to its exp, without leeway', async () => {
  const check = async (times: object) =>
    (await verifyLoginToken(await loginToken({ sub: 'ada', ...times }), LOGIN_KEY, NOW)).username;
  expect(await check({ nbf: NOW, exp: NOW + 1 })).toBe('ada');
  await expect(check({ exp: NOW })).rejects.toMatchObject({ message: 'login token is expired' });
  await expect(check({ nbf: NOW + 1 })).rejects.toMatchObject({ message: 'login token is not valid yet' });
});
