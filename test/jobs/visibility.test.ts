import { expect, test } from 'vitest';
import { Fault } from '../../src/faults.ts';
import type { JobFilter } from '../../src/jobs/filter.ts';
import { rightsOf } from '../../src/jobs/roles.ts';
import {
  deletableScopes,
  mayReadAccount,
  readableScopes,
  visibleTo,
  writableScopes,
} from '../../src/jobs/visibility.ts';

const FILTER: JobFilter = [{ kind: 'id', field: 'db-id', values: [1n] }];
const user = (roles: string[], projects: string[] = [], name = 'ada') => ({ name, roles: new Set(roles), projects });
const own = (projects: string[] = []) => ({ kind: 'owner', user: 'ada', projects });

test.each([[['api']], [['admin', 'api']], [['support', 'user']], [['manager', 'admin']]])(
  '%j sees all jobs',
  (roles) => {
    expect(visibleTo(user(roles, ['p']), FILTER).conditions).toEqual(FILTER);
  },
);

test.each([
  [['manager', 'api'], ['p', 'q'], own(['p', 'q'])],
  [['manager', 'user'], [], own()],
  [['user', 'api'], ['p'], own()], // projects count for managers only
])('%j with projects %j sees a part', (roles, projects, rule) => {
  expect(visibleTo(user(roles, projects), FILTER).conditions).toEqual([...FILTER, rule]);
});

test.each([[[]], [['api', 'guest']], [['Admin']], [['anonymous']]])('%j sees no jobs and is told so', (roles) => {
  expect(() => visibleTo(user(roles))).toThrow(Fault);
});

test.each([
  [user(['user']), ['global', 'ada']],
  [user(['admin']), ['global', 'admin', 'ada']],
  [user(['support']), ['global', 'admin', 'ada']],
  [user(['api']), ['global', 'ada']],
  [user(['user'], [], 'admin'), ['global']], // a user called admin does not read the admins' tags
])('the tag scopes of %j', (who, scopes) => {
  expect(readableScopes(who)).toEqual(scopes);
});

test.each([
  [user(['user']), ['ada'], ['ada']],
  [user(['manager']), ['ada'], ['ada']],
  [user(['support']), ['global', 'ada'], ['ada']],
  [user(['admin']), ['global', 'admin', 'ada'], ['global', 'admin', 'ada']],
  [user(['api']), ['global', 'admin', 'ada'], ['global', 'admin', 'ada']],
  [user(['user', 'api']), ['ada'], ['ada']],
  [user(['user'], [], 'admin'), [], []],
  [user([]), ['ada'], ['ada']],
])('the tags that %j may write and delete', (who, writes, deletes) => {
  expect([writableScopes(who), deletableScopes(who)]).toEqual([writes, deletes]);
});

test.each([
  [['user'], false, false],
  [['api'], false, false],
  [['manager'], true, false],
  [['support'], true, true],
  [['admin', 'api'], true, true],
  [['guest'], false, false],
])('%j reads other accounts: %j, states of nodes: %j', (roles, accounts, nodes) => {
  expect([mayReadAccount(user(roles), 'bob'), rightsOf(user(roles)).seesNodes]).toEqual([accounts, nodes]);
  expect(mayReadAccount(user(roles), 'ada')).toBe(true);
});
