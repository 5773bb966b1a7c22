import { expect, test } from 'vitest';
import { KnownTokens } from '../../src/http/auth/known-tokens.ts';
import { importPublicKey, makeKeys } from '../../src/http/auth/signing-keys.ts';
import { makeToken } from '../../src/http/auth/token.ts';

const NOW = 1_764_000_000;

test('a token that is known expires all the same', async () => {
  const keys = await makeKeys();
  const tokens = new KnownTokens(importPublicKey(keys.publicKey));
  const token = await makeToken(keys.privateKey, { user: 'ada', roles: ['api'], days: 1 }, NOW);
  expect(await tokens.verify(token, NOW)).toMatchObject({ user: 'ada', roles: ['api'] });
  expect(await tokens.verify(token, NOW + 86_399)).toMatchObject({ user: 'ada', roles: ['api'] });
  await expect(tokens.verify(token, NOW + 86_400)).rejects.toThrow('token is expired');
});

test('a token one character off is another token', async () => {
  const keys = await makeKeys();
  const tokens = new KnownTokens(importPublicKey(keys.publicKey));
  const token = await makeToken(keys.privateKey, { user: 'ada', roles: ['api'] }, NOW);
  await tokens.verify(token, NOW);
  const [head, , signature] = token.split('.');
  const forged = Buffer.from(JSON.stringify({ sub: 'root', roles: ['admin', 'api'] })).toString('base64url');
  await expect(tokens.verify(`${head}.${forged}.${signature}`, NOW)).rejects.toThrow('signature is invalid');
  expect(await tokens.verify(token, NOW)).toMatchObject({ user: 'ada' });
});

test('of many tokens each is checked right, whatever was kept', async () => {
  const keys = await makeKeys();
  const tokens = new KnownTokens(importPublicKey(keys.publicKey));
  const users = Array.from({ length: 1_200 }, (_, nth) => `user ${nth}`);
  const all = await Promise.all(users.map((user) => makeToken(keys.privateKey, { user, roles: ['api'] }, NOW)));
  for (const round of [1, 2]) {
    for (const [nth, token] of all.entries()) {
      expect((await tokens.verify(token, NOW)).user, `round ${round}`).toBe(users[nth]);
    }
  }
});
