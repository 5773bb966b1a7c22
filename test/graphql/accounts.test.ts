/** Names and addresses of users, and the settings of the caller (contract/graphql.md §2 and §9). */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { dataOf, errorsOf } from '../support/graphql.ts';
import { before, job, type TestApp, testApp } from '../support/test-app.ts';

const ADA = { username: 'ada', name: 'Ada L.', email: 'ada@example.org' };
const BOB = { username: 'bob', name: '', email: '' };

let service: TestApp;
const reads: string[] = [];
beforeAll(async () => {
  service = await testApp({
    jobs: [
      ...Array.from({ length: 450 }, (_, n) => job({ jobId: 100 + n, user: n % 2 === 0 ? 'ada' : 'bob' })),
      job({ jobId: 99, user: 'gone', project: 'p2' }),
    ],
    sql: `INSERT INTO hpc_user (username, password, ldap, roles, projects, name, email) VALUES
      ('ada', '', 0, '["user"]', '[]', 'Ada L.', 'ada@example.org'), ('bob', '', 0, '["user"]', '[]', NULL, NULL);`,
    service: ({ db }) => ({ db: before(db, (statement) => void reads.push(statement)) }),
  });
});
beforeEach(() => {
  reads.length = 0;
});
afterAll(() => service.close());

describe('user', () => {
  const QUERY = 'query ($u: String!) { user(username: $u) { username name email } }';
  const userOf = async (u: string, ...who: string[]) => await dataOf(service.ask(QUERY, { u }, ...who));

  test('is an account, without missing values', async () => {
    expect(await userOf('ada', 'ada', 'user')).toEqual({ user: ADA });
    expect(await userOf('bob')).toEqual({ user: BOB });
  });

  test('is null without an account', async () => {
    expect(await userOf('gone')).toEqual({ user: null });
    expect(await userOf('eve', 'eve', 'user')).toEqual({ user: null });
  });

  test('is an error for one that the caller may not read, with or without an account', async () => {
    for (const u of ['bob', 'gone']) {
      expect(await errorsOf(service.ask(QUERY, { u }, 'ada', 'user'))).toEqual([['user', 'forbidden']]);
    }
  });
});

describe('userData', () => {
  const QUERY = '{ jobs(page: {page: 1, itemsPerPage: 500}) { items { user userData { username name email } } } }';
  type Listed = { jobs: { items: { user: string; userData: object | null }[] } };

  test('is read with the jobs of a page', async () => {
    const { jobs } = await dataOf<Listed>(service.ask(QUERY));
    expect(jobs.items).toHaveLength(451);
    for (const { user, userData } of jobs.items) {
      expect(userData).toEqual(user === 'ada' ? ADA : user === 'bob' ? BOB : null);
    }
    expect(reads).not.toContain('account');
  });

  test('of one job', async () => {
    const query = '{ job(id: 1) { userData { username name email } } }';
    expect(await dataOf(service.ask(query, null, 'ada', 'user'))).toEqual({ job: { userData: ADA } });
  });

  test('is null where the caller may not read the account', async () => {
    const { jobs } = await dataOf<Listed>(service.ask(QUERY, null, 'robot', 'api'));
    expect(jobs.items.every(({ userData }) => userData === null)).toBe(true);
  });
});

describe('updateConfiguration', () => {
  const QUERY = 'mutation ($n: String!, $v: String!) { updateConfiguration(name: $n, value: $v) }';
  const stored = () => service.query('SELECT username, confkey, value FROM configuration ORDER BY confkey');

  test('stores a setting of the caller', async () => {
    for (const v of ['2', '{"a":[1]}']) {
      const answer = service.ask(QUERY, { n: 'lineWidth', v }, 'ada', 'user');
      expect(await dataOf(answer)).toEqual({ updateConfiguration: null });
      expect(await stored()).toEqual([{ username: 'ada', confkey: 'lineWidth', value: v }]);
    }
  });

  test('stores nothing for a caller without an account', async () => {
    const answer = service.ask(QUERY, { n: 'lineWidth', v: '3' }, 'eve', 'user');
    expect(await dataOf(answer)).toEqual({ updateConfiguration: null });
    expect(await stored()).toHaveLength(1);
  });

  test('refuses what a page could not parse', async () => {
    const answer = service.ask(QUERY, { n: 'lineWidth', v: '{broken' }, 'ada', 'user');
    expect(await errorsOf(answer)).toEqual([['updateConfiguration', 'invalid_request']]);
    expect(await stored()).toMatchObject([{ value: '{"a":[1]}' }]);
  });
});
