import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { startDeadline } from '../../src/deadline.ts';
import { END_WORDS } from '../../src/jobs/slurm-states.ts';
import { bodyOf, CACHED_JOB, faultIn, job, NOW, START_BODY, type TestApp, testApp } from '../support/test-app.ts';

const STOP = '/api/jobs/stop_job/';

let service: TestApp;
beforeEach(async () => {
  service = await testApp({ jobs: [job({ jobId: 1 })], sql: CACHED_JOB });
});
afterEach(() => service.close());

const start = (changes: object) => service.send('POST', '/api/jobs/start_job/', { ...START_BODY, ...changes });
const jobsOf = async (query: string) =>
  (await bodyOf<{ jobs: Record<string, unknown>[] }>(await service.get(`/api/jobs/?${query}`))).jobs;

describe('stop_job', () => {
  test('ends the job and answers with it', async () => {
    await start({ project: 'p', metaData: { jobName: 'x' }, tags: [{ type: 'a', name: 'b' }] });
    const answer = await service.send('POST', STOP, { jobId: 7, cluster: 'small', startTime: NOW, stopTime: NOW + 60 });
    expect(answer.status).toBe(200);
    const stopped = await bodyOf<Record<string, unknown>>(answer);
    expect(stopped).toMatchObject({ jobId: 7, jobState: 'completed', duration: 60, metaData: null, statistics: null });
    expect(Object.keys(stopped)).not.toContain('tags');
    expect(Object.keys(stopped)).not.toContain('monitoringStatus');
    expect(await jobsOf('user=ada&state=completed&start-time=1-')).toMatchObject([
      { jobId: 7, duration: 60 },
      { jobId: 1 },
    ]);
  });

  test('takes every state that ends a job, and a stop in the second of the start', async () => {
    for (const [at, jobState] of [
      'failed',
      'cancelled',
      'timeout',
      'out_of_memory',
      'pending',
      'suspended',
    ].entries()) {
      await start({ jobId: 100 + at });
      const answer = await service.send('PUT', STOP, { jobId: 100 + at, stopTime: NOW, jobState });
      expect(await bodyOf(answer)).toMatchObject({ jobState, duration: 0 });
    }
  });

  test('takes a stop up to the skew before the start as 0 s, and warns', async () => {
    await start({});
    const answer = await service.send('POST', STOP, { jobId: 7, cluster: 'small', stopTime: NOW - 600 });
    expect(await bodyOf(answer)).toMatchObject({ jobState: 'completed', duration: 0, startTime: NOW });
    expect(service.lines.filter(({ level }) => level === 'warn')).toMatchObject([
      { message: expect.stringContaining('before its start'), fields: { jobId: 7, cluster: 'small', earlySec: 600 } },
    ]);
  });

  test('the skew is a setting', async () => {
    const strict = await testApp({
      jobs: [job({ jobState: 'running', startTime: NOW })],
      settings: { STOP_SKEW_S: '0' },
    });
    onTestFinished(() => strict.close());
    const stop = async (stopTime: number) => (await strict.send('POST', STOP, { jobId: 1, stopTime })).status;
    expect([await stop(NOW - 1), await stop(NOW)]).toEqual([400, 200]);
  });

  test.each(Object.entries(END_WORDS))('reads %s, a word of Slurm, as %s', async (word, state) => {
    await start({});
    const stop = { jobId: 7, stopTime: NOW, jobState: word.toUpperCase() };
    expect(await bodyOf(await service.send('POST', STOP, stop))).toMatchObject({ jobState: state });
  });

  test('finds the newest job of an id, and another by its start', async () => {
    await start({ startTime: NOW - 200_000 });
    await start({});
    const first = await service.send('POST', STOP, { jobId: 7, stopTime: NOW + 1 });
    expect(await bodyOf(first)).toMatchObject({ startTime: NOW });
    const other = await service.send('POST', STOP, { jobId: 7, startTime: NOW - 200_000, stopTime: NOW });
    expect(await bodyOf(other)).toMatchObject({ startTime: NOW - 200_000, duration: 200_000 });
  });

  describe('with a database id', () => {
    const stopId = (id: number | string, body: object) => service.send('POST', `${STOP}${id}`, body);

    test('ends that job, whichever is the newest', async () => {
      await start({ startTime: NOW - 200_000 });
      await start({});
      const [first] = await service.query('SELECT min(id) AS id FROM job WHERE job_id = 7');
      const stopped = await stopId(Number(first?.id), { stopTime: NOW - 100_000, jobState: 'requeued' });
      expect(await bodyOf(stopped)).toMatchObject({
        ...first,
        jobState: 'cancelled',
        duration: 100_000,
        metaData: null,
      });
      expect(await jobsOf('job-id=7')).toMatchObject([{ jobState: 'running' }, { jobState: 'cancelled' }]);
      expect((await stopId(Number(first?.id), { stopTime: NOW })).status).toBe(422);
    });

    test('takes a stop up to the skew before the start as 0 s, and warns', async () => {
      await start({});
      const [{ id } = {}] = await service.query('SELECT id FROM job WHERE job_id = 7');
      expect(await bodyOf(await stopId(Number(id), { stopTime: NOW - 600 }))).toMatchObject({ duration: 0 });
      expect(service.lines.filter(({ level }) => level === 'warn')).toMatchObject([{ fields: { id: `${id}` } }]);
      expect((await stopId(Number(id), { stopTime: NOW - 601 })).status).toBe(422);
    });

    test.each([
      ['an unknown id', 99, { stopTime: NOW }, 404, 'finding job with db id 99 failed'],
      ['an id that is none', 'x', { stopTime: NOW }, 400, 'the id in the path must be an integer'],
      ['a key as well', 1, { jobId: 1, stopTime: NOW }, 400, 'parsing request body failed: unknown field jobId'],
      ['a start in ms', 1, { stopTime: NOW * 1000 }, 400, expect.stringContaining('stopTime')],
    ])('refuses %s', async (_, id, body, status, error) => {
      expect(await faultIn(await stopId(id, body))).toEqual([status, expect.any(String), error]);
    });
  });

  test('finds a job that cc-backend has in its cache', async () => {
    const answer = await service.send('POST', STOP, { jobId: 50, stopTime: NOW });
    expect(await bodyOf(answer)).toMatchObject({ jobId: 50, user: 'bob', duration: 100, jobState: 'completed' });
    expect(await service.query('SELECT count(*) AS n FROM job_cache')).toEqual([{ n: 0 }]);
    expect(await jobsOf('job-id=50')).toHaveLength(1);
  });

  test.each<[string, object, number, string, RegExp]>([
    ['no jobId', { stopTime: NOW }, 400, 'invalid_request', /'jobId' is required/],
    ['an unknown field', { jobId: 7, when: 1 }, 400, 'invalid_request', /unknown field when/],
    ['an unknown job', { jobId: 99, stopTime: NOW }, 404, 'not_found', /finding job failed/],
    ['a job of another cluster', { jobId: 7, cluster: 'x', stopTime: NOW }, 404, 'not_found', /finding job failed/],
    ['a job that has ended', { jobId: 1, stopTime: NOW }, 422, 'conflict', /already been stopped/],
    [
      'a stop before the start',
      { jobId: 7, stopTime: NOW - 601 },
      400,
      'invalid_request',
      /larger than or equal to startTime \d+, or at most 600 s \(STOP_SKEW_S\) earlier$/,
    ],
    ['no stopTime', { jobId: 7 }, 400, 'invalid_request', /stopTime is missing or 0/],
    [
      'a state that is none',
      { jobId: 7, stopTime: NOW, jobState: 'done' },
      400,
      'invalid_request',
      /jobState must be one of .* or another word of Slurm for an end, not "done"$/,
    ],
    ['running', { jobId: 7, stopTime: NOW, jobState: 'running' }, 400, 'invalid_request', /jobState must be one of/],
  ])('refuses %s, and changes nothing', async (_, body, status, code, why) => {
    await start({});
    const before = await service.query('SELECT * FROM job ORDER BY id');
    const fault = await faultIn(await service.send('POST', STOP, body));
    expect(fault).toEqual([status, code, expect.stringMatching(why)]);
    expect(await service.query('SELECT * FROM job ORDER BY id')).toEqual(before);
    expect(await service.query('SELECT count(*) AS n FROM job_cache')).toEqual([{ n: 1 }]);
  });

  test('stores the true end of a job that timed work has ended at its walltime, once', async () => {
    await start({ startTime: NOW - 10_000, walltime: 3_600 });
    await start({ jobId: 8, startTime: NOW - 10_000, walltime: 3_600 });
    const overdue = { nowSec: NOW, graceSec: 600, limit: 250, after: undefined };
    await service.db.write('endOverdueJobs', overdue, startDeadline(10_000));
    expect(await jobsOf('job-id=7')).toMatchObject([{ jobState: 'failed', duration: 3_600, monitoringStatus: 2 }]);
    const stop = () => service.send('POST', STOP, { jobId: 7, stopTime: NOW - 8_000, jobState: 'timeout' });
    expect(await bodyOf(await stop())).toMatchObject({ jobState: 'timeout', duration: 2_000 });
    expect((await stop()).status).toBe(422);
    // By the database id as well.
    const [{ id } = {}] = await service.query('SELECT id FROM job WHERE job_id = 8');
    expect((await service.send('POST', `${STOP}${id}`, { stopTime: NOW - 9_000 })).status).toBe(200);
    expect(await jobsOf('job-id=8')).toMatchObject([{ jobState: 'completed', duration: 1_000 }]);
  });

  test('a start and a stop that are repeated end in 422, and the job is there once', async () => {
    await start({});
    expect((await start({})).status).toBe(422);
    const stop = () => service.send('POST', STOP, { jobId: 7, stopTime: NOW + 1 });
    expect([(await stop()).status, (await stop()).status]).toEqual([200, 422]);
    expect(await service.query('SELECT duration AS d FROM job WHERE job_id = 7')).toEqual([{ d: 1 }]);
  });
});
