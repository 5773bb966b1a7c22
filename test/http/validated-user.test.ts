import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startDeadline } from '../../src/deadline.ts';
import { ACCOUNTS, PASSWORD } from '../support/accounts.ts';
import { cookieOf, sendLogin } from '../support/login.ts';
import { bodyOf, faultIn, job, type TestApp, testApp } from '../support/test-app.ts';

let service: TestApp;
beforeAll(async () => {
  service = await testApp({
    settings: { JWT_VALIDATE_USER: 'on' },
    jobs: [job({ jobId: 1, user: 'ada', project: 'p1' }), job({ jobId: 2, user: 'bob', project: 'p2' })],
    sql: `INSERT INTO hpc_user (username, roles, projects) VALUES
      ('ada', '["user","api"]', '[]'), ('mia', '["manager","api"]', '["p2"]'), ('broken', 'x', 'x')`,
  });
});
afterAll(() => service.close());

test('a user who is not in the database is refused', async () => {
  const answer = await service.get('/userapi/jobs/', 'nobody', 'admin', 'api');
  expect(await faultIn(answer)).toEqual([401, 'unauthorized', 'unknown user']);
});

test('roles come from the database, not from the token', async () => {
  expect((await service.get('/api/jobs/', 'ada', 'admin', 'api')).status).toBe(401);
  expect(await (await service.get('/userapi/jobs/count', 'ada', 'admin', 'api')).json()).toEqual({ count: 1 });
});

test('a manager sees the projects of the database', async () => {
  const { jobs } = await bodyOf<{ jobs: { jobId: number }[] }>(await service.get('/userapi/jobs/', 'mia'));
  expect(jobs.map(({ jobId }) => jobId)).toEqual([2]);
});

test('an account with broken roles has none', async () => {
  expect((await service.get('/userapi/jobs/', 'broken')).status).toBe(401);
});

describe('a session', () => {
  let strict: TestApp;
  beforeEach(async () => {
    strict = await testApp({
      sql: ACCOUNTS,
      settings: { JWT_VALIDATE_USER: 'on' },
      jobs: [job(), job({ jobId: 2, user: 'bob' })],
    });
  });
  afterEach(() => strict.close());

  const logIn = async (username: string) => cookieOf(await sendLogin(strict, { username, password: PASSWORD }));
  const page = async (Cookie: string, path = '/jobs') =>
    (await strict.app.request(path, { headers: { Cookie } })).status;
  const count = async (Cookie: string) => {
    const answer = await strict.app.request('/api/jobs/count', { headers: { Cookie, 'X-Requested-With': 'cc-jobs' } });
    return answer.status === 200 ? (await bodyOf<{ count: number }>(answer)).count : answer.status;
  };

  test('ends with its account, on pages and at the API', async () => {
    const [sue, ada] = [await logIn('sue'), await logIn('ada')];
    expect([await page(sue), await count(sue)]).toEqual([200, 2]);
    await strict.db.write('deleteAccount', { username: 'sue' }, startDeadline(30_000));
    expect([await page(sue), await count(sue)]).toEqual([401, 401]);
    expect([await page(ada), await count(ada)]).toEqual([200, 1]);
  });

  test('has the roles of its account as they are now', async () => {
    const [root, ada] = [await logIn('root'), await logIn('ada')];
    expect([await page(root, '/system'), await count(root)]).toEqual([200, 2]);
    expect([await page(ada, '/system'), await count(ada)]).toEqual([403, 1]);
    const edit = async (username: string, roles: string[]) =>
      await strict.db.write('editAccount', { username, edit: { roles } }, startDeadline(30_000));
    await edit('root', ['user']);
    await edit('ada', ['admin']);
    expect([await page(root, '/system'), await count(root)]).toEqual([403, 0]);
    expect([await page(ada, '/system'), await count(ada)]).toEqual([200, 2]);
  });
});

test('without JWT_VALIDATE_USER a session keeps the rights it began with', async () => {
  const loose = await testApp({ sql: ACCOUNTS });
  const Cookie = cookieOf(await sendLogin(loose, { username: 'sue', password: PASSWORD }));
  await loose.db.write('deleteAccount', { username: 'sue' }, startDeadline(30_000));
  expect((await loose.app.request('/jobs', { headers: { Cookie } })).status).toBe(200);
  await loose.close();
});
