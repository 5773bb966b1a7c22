import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { bodyOf, faultIn, type TestApp, testApp } from '../support/test-app.ts';

let service: TestApp;
beforeEach(async () => {
  service = await testApp({
    sql: `INSERT INTO hpc_user (username, password, name, email, roles, projects) VALUES
      ('zoe', 'hash', 'Zoe Z.', 'zoe@example.org', '["user"]', '[]'),
      ('max', NULL, NULL, NULL, CAST('["user","manager"]' AS BLOB), '["p1"]'),
      ('nil', NULL, NULL, NULL, 'null', '[]'),
      ('bob', NULL, NULL, NULL, CAST('["user"]' AS BLOB), '[]')`,
  });
});
afterEach(() => service.close());

const ADMIN = ['root', 'admin', 'api'] as const;
const rightsOf = async (name: string) => {
  const [row] = await service.query(
    `SELECT CAST(roles AS TEXT) AS r, CAST(projects AS TEXT) AS p FROM hpc_user WHERE username = '${name}'`,
  );
  return [JSON.parse(String(row?.r)), JSON.parse(String(row?.p))];
};

describe('GET users/', () => {
  test('lists accounts in the order of the table, without their passwords', async () => {
    const answer = await service.get('/api/users/', ...ADMIN);
    const text = await answer.clone().text();
    expect(text).not.toContain('hash');
    expect(await bodyOf<object[]>(answer)).toEqual([
      {
        username: 'zoe',
        name: 'Zoe Z.',
        email: 'zoe@example.org',
        roles: ['user'],
        projects: [],
        authType: 0,
        authSource: 0,
      },
      {
        username: 'max',
        name: '',
        email: '',
        roles: ['user', 'manager'],
        projects: ['p1'],
        authType: 0,
        authSource: 0,
      },
      { username: 'nil', name: '', email: '', roles: [], projects: [], authType: 0, authSource: 0 },
      { username: 'bob', name: '', email: '', roles: ['user'], projects: [], authType: 0, authSource: 0 },
    ]);
  });

  test('leaves out plain users by what their roles mean, not how they are stored', async () => {
    const names = async (query: string) =>
      (await bodyOf<{ username: string }[]>(await service.get(`/api/users/${query}`, ...ADMIN))).map(
        (user) => user.username,
      );
    expect(await names('?not-just-user=true')).toEqual(['max']);
    expect(await names('?not-just-user=false')).toHaveLength(4);
  });

  test('is for admins', async () => {
    expect((await faultIn(await service.get('/api/users/'))).slice(0, 2)).toEqual([403, 'forbidden']);
  });
});

describe('POST user/{id}', () => {
  const change = (id: string, body: unknown, who: readonly string[] = ADMIN) => {
    const [user, ...roles] = who;
    return service.send('POST', `/api/user/${id}`, body, user, ...roles);
  };

  test('makes the first change that is not empty', async () => {
    const added = await change('zoe', { 'add-role': 'Manager', 'remove-role': 'user' });
    expect(await bodyOf(added)).toEqual({ msg: 'Add Role Success for user zoe' });
    expect(await rightsOf('zoe')).toEqual([['user', 'manager'], []]);
    expect(await bodyOf(await change('zoe', { 'add-project': 'p9' }))).toEqual({
      msg: 'Add Project Success for user zoe',
    });
    expect(await rightsOf('zoe')).toEqual([['user', 'manager'], ['p9']]);
    expect(await bodyOf(await change('zoe', { 'remove-project': 'p9' }))).toEqual({
      msg: 'Remove Project Success for user zoe',
    });
    expect(await bodyOf(await change('zoe', { 'add-role': '', 'remove-role': 'manager' }))).toEqual({
      msg: 'Remove Role Success for user zoe',
    });
    expect(await rightsOf('zoe')).toEqual([['user'], []]);
  });

  test.each([
    ['nobody', { 'add-role': 'admin' }, /no such user/],
    ['zoe', { 'add-role': 'king' }, /no such role/],
    ['zoe', { 'add-role': 'user' }, /already has the role user/],
    ['zoe', { 'remove-role': 'admin' }, /does not have the role admin/],
    ['max', { 'remove-role': 'manager' }, /still manages projects/],
    ['zoe', { 'add-project': 'p1' }, /only a manager/],
    ['max', { 'add-project': 'p1' }, /already manages this project/],
    ['max', { 'remove-project': 'p2' }, /does not manage this project/],
  ])('refuses %s %j with 422', async (id, body, why) => {
    expect(await faultIn(await change(id, body))).toEqual([422, 'conflict', expect.stringMatching(why)]);
    expect(await rightsOf('max')).toEqual([['user', 'manager'], ['p1']]);
  });

  test('refuses a body without a change, and an unknown one', async () => {
    for (const body of [{}, { 'add-role': '' }, { role: 'admin' }, '']) {
      expect((await faultIn(await change('zoe', body)))[0]).toBe(400);
    }
  });

  test('is for admins, whatever the body', async () => {
    expect((await faultIn(await change('zoe', '{', ['robot', 'api']))).slice(0, 2)).toEqual([403, 'forbidden']);
  });
});
