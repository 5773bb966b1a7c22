import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Reach, ROLES, reachesLess, rightsOf, type User, withRightsOfBoth } from '../../src/jobs/roles.ts';

const users = fc.record({
  name: fc.constant('ada'),
  roles: fc.uniqueArray(fc.constantFrom(...ROLES, 'guest')).map((roles): ReadonlySet<string> => new Set(roles)),
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
    few.routes.every((group) => many.routes.includes(group)) &&
    few.readsTags.every((scope) => many.readsTags.includes(scope)) &&
    few.writesTags.every((scope) => many.writesTags.includes(scope)) &&
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

test('equal users have their rights', () => {
  fc.assert(
    fc.property(users, (user) => {
      expect(withRightsOfBoth(user, user)).toEqual(user);
    }),
  );
});
