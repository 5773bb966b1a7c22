import { afterAll, beforeAll, expect, test } from 'vitest';
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
