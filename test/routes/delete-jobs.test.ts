import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { bodyOf, faultIn, job, type TestApp, testApp } from '../support/test-app.ts';

let service: TestApp;
afterEach(() => service.close());

const remove = (path: string, body: unknown = '') => service.send('DELETE', `/api/jobs/${path}`, body);
const ids = async () => (await service.query('SELECT id FROM job ORDER BY id')).map(({ id }) => id);

describe('a job', () => {
  test('is deleted by its id with its links, and deleting it again is no error', async () => {
    service = await testApp({ jobs: [job({ tags: [{ type: 'a', name: 'b', scope: 'global' }] })] });
    for (const _ of [1, 2]) {
      expect(await bodyOf(await remove('delete_job/1'))).toEqual({ msg: 'Successfully deleted job 1' });
    }
    expect(await ids()).toEqual([]);
    expect(await service.query('SELECT count(*) AS n FROM jobtag')).toEqual([{ n: 0 }]);
    expect((await faultIn(await remove('delete_job/one')))[0]).toBe(400);
  });

  test('is deleted by its job id: the newest, or the one of a start', async () => {
    service = await testApp({ jobs: [5, 7, 9].map((startTime) => job({ jobId: 4, startTime })) });
    expect(await bodyOf(await remove('delete_job/', { jobId: 4 }))).toEqual({ msg: 'Successfully deleted job 3' });
    expect(await bodyOf(await remove('delete_job/', { jobId: 4, startTime: 5, cluster: 'small' }))).toEqual({
      msg: 'Successfully deleted job 1',
    });
    expect(await ids()).toEqual([2]);
    expect((await faultIn(await remove('delete_job/', { jobId: 5 }))).slice(0, 2)).toEqual([422, 'not_found']);
    expect((await faultIn(await remove('delete_job/', {})))[0]).toBe(400);
    expect((await faultIn(await remove('delete_job/', { jobId: 4, id: 2 })))[0]).toBe(400);
  });

  test('without id and slash is another path', async () => {
    service = await testApp();
    expect((await faultIn(await remove('delete_job')))[0]).toBe(405);
  });
});

describe('delete_job_before/{ts}', () => {
  const tag = (type: string) => [{ type, name: type, scope: 'global' }];

  test.each([
    ['', 4, [5]],
    ['?omit-tagged=none', 4, [5]],
    ['?omit-tagged=all', 1, [2, 3, 4, 5]],
    ['?omit-tagged=user', 3, [3, 5]],
  ])('%s deletes %i of the jobs that started before', async (query, number, left) => {
    service = await testApp({
      jobs: [
        job({ jobId: 1, startTime: 10, jobState: 'running' }),
        job({ jobId: 2, startTime: 20, tags: tag('app') }),
        job({ jobId: 3, startTime: 30, tags: [...tag('note'), ...tag('app')] }),
        job({ jobId: 4, startTime: 40, tags: tag('jobClass') }),
        job({ jobId: 5, startTime: 50 }),
      ],
    });
    expect(await bodyOf(await remove(`delete_job_before/50${query}`))).toEqual({
      msg: `Successfully deleted ${number} jobs`,
    });
    expect(await ids()).toEqual(left);
  });

  test('takes a date', async () => {
    service = await testApp({ jobs: [job({ jobId: 1, startTime: 82_799 }), job({ jobId: 2, startTime: 82_800 })] });
    // In Berlin, 2 January 1970 begins an hour earlier than in UTC.
    expect((await remove('delete_job_before/1970-01-02?zone=Europe/Berlin')).status).toBe(200);
    expect(await ids()).toEqual([2]);
  });

  test.each(['x', '1.5', '2026-02-30', '5?zone=x', '5?omit-tagged=true', '5?omit-tagged='])(
    'refuses %s',
    async (rest) => {
      service = await testApp({ jobs: [job()] });
      expect((await faultIn(await remove(`delete_job_before/${rest}`)))[0]).toBe(400);
      expect(await ids()).toEqual([1]);
    },
  );

  test('works in batches, says at its deadline how many are gone, and a repeat goes on', async () => {
    const jobs = Array.from({ length: 2_000 }, (_, number) => job({ jobId: number, startTime: number }));
    const timeoutMs = 1_000;
    let writes = 0;
    service = await testApp({
      jobs,
      settings: { REQUEST_TIMEOUT_MS: String(timeoutMs) },
      service: ({ db }) => ({
        db: {
          ...db,
          // A disk that completes one batch, and no other before the deadline.
          async write(name, input, deadline) {
            writes += 1;
            while (writes > 1 && deadline.remainingMs() > 0) await sleep(10);
            return await db.write(name, input, deadline);
          },
        },
      }),
    });
    const answer = await remove('delete_job_before/2000');
    const body = await bodyOf<Record<string, unknown>>(answer);
    expect([answer.status, body['code']]).toEqual([504, 'deadline_exceeded']);
    expect(body['deleted']).toBeGreaterThanOrEqual(250);
    expect((await ids()).length).toBe(2_000 - Number(body['deleted']));
    await service.close();
  });
});
