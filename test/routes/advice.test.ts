import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bodyOf, faultIn, job, NOW, type TestApp, testApp } from '../support/test-app.ts';

const HOUR = 3600;
const DAY = 24 * HOUR;
const like = { partition: 'work', numNodes: 2, walltime: DAY } as const;
const started = (nth: number) => ({ startTime: NOW - (nth + 48) * HOUR, submitTime: NOW - (nth + 48) * HOUR });

/** Ada's jobs of 600 to 698 s, and others that say something else. */
const JOBS = [
  ...Array.from({ length: 99 }, (_, nth) =>
    job({ ...like, ...started(nth), jobId: 100 + nth, duration: 600 + nth, metaData: { jobName: `relax_${nth}` } }),
  ),
  ...Array.from({ length: 50 }, (_, nth) =>
    job({ ...like, ...started(nth), jobId: 300 + nth, user: 'bob', duration: 7200, metaData: { jobName: 'md' } }),
  ),
  // These say nothing about the run time.
  job({ ...like, ...started(0), jobId: 401, jobState: 'node_fail', duration: 5, metaData: { jobName: 'relax_1' } }),
  job({ ...like, ...started(0), jobId: 402, jobState: 'preempted', duration: 5, metaData: { jobName: 'relax_2' } }),
];

interface Advice {
  walltime: number | null;
  why: string | null;
  alike: string[];
  jobs: number;
}

describe('GET /api/advice/walltime', () => {
  let service: TestApp;
  beforeAll(async () => {
    service = await testApp({ jobs: JOBS });
  });
  afterAll(() => service.close());

  const advice = async (query: string, ...who: string[]) => {
    const base = who.length === 0 ? '/api' : '/userapi';
    const answer = await service.get(`${base}/advice/walltime?${query}`, ...(who as [string?, ...string[]]));
    return (await bodyOf<{ advice: Advice }>(answer)).advice;
  };
  const ADA = 'user=ada&cluster=small';

  test('is the run time that enough of the last such jobs did not exceed', async () => {
    // The 95th of 99 jobs lasted 694 s: (99 + 1) * 0.95 = 95.
    const expected = {
      ...{ walltime: 694, why: null, coverage: 95, asked: DAY, jobs: 99, within: 95, reachedWalltime: 0 },
      alike: ['user', 'cluster', 'partition', 'name-family', 'size'],
    };
    const query = `${ADA}&partition=work&job-name=relax_7&num-nodes=3&walltime=${DAY}&coverage=95`;
    expect(await advice(query)).toMatchObject(expected);
    // The 98th, without a word about the coverage.
    expect(await advice(query.replace('&coverage=95', ''))).toMatchObject({
      ...expected,
      coverage: 98,
      walltime: 697,
      within: 98,
    });
  });

  test('for a job by its database id, is that for its properties', async () => {
    const byId = await advice('db-id=1&coverage=95');
    expect(byId).toEqual(await advice(`${ADA}&partition=work&job-name=relax&num-nodes=2&walltime=${DAY}&coverage=95`));
    expect(byId.walltime).toBe(694);
  });

  test('uses what is known of the job', async () => {
    expect((await advice(`${ADA}&coverage=95`)).alike).toEqual(['user', 'cluster']);
    expect(await advice(`${ADA}&partition=other`)).toMatchObject({ walltime: null, why: 'few_jobs', jobs: 0 });
    expect(await advice(`${ADA}&walltime=600&coverage=95`)).toMatchObject({ walltime: null, why: 'not_shorter' });
  });

  test('rests on jobs that the caller may see', async () => {
    const bob = 'user=bob&cluster=small&coverage=95';
    expect(await advice(bob)).toMatchObject({ walltime: 7200, jobs: 50 });
    expect(await advice(bob, 'sue', 'api', 'support')).toMatchObject({ walltime: 7200, jobs: 50 });
    expect(await advice(bob, 'bob', 'api', 'user')).toMatchObject({ walltime: 7200, jobs: 50 });
    expect(await advice(bob, 'ada', 'api', 'user')).toMatchObject({ walltime: null, why: 'few_jobs', jobs: 0 });
    const hidden = await service.get('/userapi/advice/walltime?db-id=100', 'ada', 'api', 'user');
    expect(await faultIn(hidden)).toEqual([404, 'not_found', expect.any(String)]);
  });

  test('is on the pages of a job and of its user', async () => {
    // 697 s, in whole minutes.
    const words =
      /Advice for the next such job: <strong>12m<\/strong> of walltime instead of 1d\. 98 of the last 99 jobs/;
    const page = async (path: string) => await (await service.get(path, 'root', 'admin')).text();
    expect(await page('/jobs/1')).toMatch(words);
    expect(await page('/users/ada')).toMatch(words);
    expect(await page('/users/ada')).toMatch(
      /<bdi>relax<\/bdi> <span class="of"><bdi>small<\/bdi>, <bdi>work<\/bdi>, 2-3 nodes/,
    );
    // 50 jobs cannot tell what 98 % of them need.
    expect(await page('/jobs/100')).toContain('No advice on the walltime yet');
    expect(await page('/users/bob')).not.toContain('Advice on walltimes');
  });

  test.each([
    ['', 'name a job by db-id, or the user and the cluster'],
    ['user=ada', 'name a job by db-id, or the user and the cluster'],
    ['db-id=1&user=ada', '"user" is that of the job'],
    ['db-id=x', '"db-id" must be a 64-bit integer'],
    [`${ADA}&coverage=94.9`, '"coverage" must be a percentage from 95 to 99'],
    [`${ADA}&coverage=100`, '"coverage" must be a percentage from 95 to 99'],
    [`${ADA}&coverage=0.9`, '"coverage" must be a percentage from 95 to 99'],
    [`${ADA}&num-nodes=0`, '"num-nodes" must be'],
    [`${ADA}&walltime=1d`, '"walltime" must be'],
    [`${ADA}&state=failed`, 'invalid query parameter: state'],
    [`user=${'x'.repeat(60_000)}&cluster=small`, 'longer than 50000 bytes'],
  ])('%s is a 400', async (query, message) => {
    const answer = await service.get(`/api/advice/walltime?${query}`);
    expect(await faultIn(answer)).toEqual([400, 'invalid_request', expect.stringContaining(message)]);
  });
});
