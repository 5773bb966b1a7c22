import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type Reach,
  ROLE_RIGHTS,
  ROLES,
  reachesLess,
  rightsOf,
  type User,
  withRightsOfBoth,
} from '../../src/jobs/roles.ts';
import { addRole } from '../support/added-role.ts';

addRole('onlooker', { ...ROLE_RIGHTS.user, jobs: 'all', writesOwn: false });

const users = fc.record({
  name: fc.constant('ada'),
  roles: fc
    .uniqueArray(fc.constantFrom(...ROLES, 'onlooker', 'guest'))
    .map((roles): ReadonlySet<string> => new Set(roles)),
  projects: fc.uniqueArray(fc.constantFrom('p', 'q', 'r')),
});

/** Returns true if the first user may do nothing that the second may not. */
function hasNoMore(user: User, than: User): boolean {
  const [few, many] = [rightsOf(user), rightsOf(than)];
  const isWithin = (one: Reach, other: Reach) => !reachesLess(other, one);
  return (
    isWithin(few.jobs, many.jobs) &&
    isWithin(few.names, many.names) &&
    (many.restrictedMetrics || !few.restrictedMetrics) &&
    (many.seesNodes || !few.seesNodes) &&
    (many.readsAccounts || !few.readsAccounts) &&
    (many.writesOwn || !few.writesOwn) &&
    few.routes.every((group) => many.routes.includes(group)) &&
    few.readsTags.every((scope) => many.readsTags.includes(scope)) &&
    few.writesTags.every((scope) => many.writesTags.includes(scope)) &&
    few.deletesTags.every((scope) => many.deletesTags.includes(scope)) &&
    user.projects.every((project) => than.projects.includes(project))
  );
}

test('a user with the rights of both may do nothing that one of them may not', () => {
  fc.assert(
    fc.property(users, users, (one, other) => {
      const both = withRightsOfBoth(one, other);
      expect([hasNoMore(both, one), hasNoMore(both, other)]).toEqual([true, true]);
    }),
    { numRuns: 2_000 },
  );
});

test.each([
  [[], true],
  [['guest', 'api'], true],
  [['api'], true],
  [['user'], true],
  [['onlooker'], false],
  [['onlooker', 'api'], false],
  [['onlooker', 'guest'], false],
  [['onlooker', 'user'], true],
])('%j may write what belongs to the user alone: %j', (roles, may) => {
  expect(rightsOf({ roles: new Set(roles) }).writesOwn).toBe(may);
});

test('equal users have their rights', () => {
  fc.assert(
    fc.property(users, (user) => {
      expect(withRightsOfBoth(user, user)).toEqual(user);
    }),
  );
});
