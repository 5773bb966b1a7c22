/** The user of the claims of a provider. */
import { expect, test } from 'vitest';
import { userOfClaims } from '../../src/http/auth/oidc/claims-of-id-token.ts';

const OPTIONS = { usernameClaim: 'preferred_username', roleClient: '*' };
const user = (claims: object, options = {}) =>
  userOfClaims({ preferred_username: 'ada', ...claims }, { ...OPTIONS, ...options });

test('claims of other types count as missing', () => {
  const odd = {
    name: 7,
    email: [],
    projects: 'p1',
    realm_access: 'admin',
    resource_access: { a: ['admin'], b: null },
  };
  expect(user(odd)).toEqual({ username: 'ada', name: undefined, email: undefined, roles: ['user'], projects: [] });
});

test('claims give the roles of one client, if that is set', () => {
  const claims = { resource_access: { 'cc-jobs': { roles: ['manager'] }, wiki: { roles: ['admin'] } } };
  expect(user(claims).roles).toEqual(['manager', 'admin']);
  expect(user(claims, { roleClient: 'cc-jobs' }).roles).toEqual(['manager']);
  expect(user({ ...claims, realm_access: { roles: ['support'] } }, { roleClient: 'x' }).roles).toEqual(['support']);
});

test('claims give the user name of the claim that is set', () => {
  expect(user({ uid: 'ab12' }, { usernameClaim: 'uid' }).username).toBe('ab12');
});

test('claims are stored within the bounds of an account', () => {
  const projects = ['x'.repeat(256), ...Array.from({ length: 1_001 }, (_, n) => `p${n}`)];
  const bounded = user({ name: 'n'.repeat(300), realm_access: { roles: ['manager'] }, projects });
  expect([bounded.name?.length, bounded.projects.length, bounded.projects[0]]).toEqual([255, 1_000, 'p0']);
});
