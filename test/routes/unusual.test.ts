import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { jobRows } from '../../src/db/job-rows.ts';
import { binomialTail } from '../../src/jobs/binomial.ts';
import type { Job } from '../../src/jobs/job.ts';
import { silentCluster, type Unusual } from '../../src/jobs/unusual-kinds.ts';
import { visibleTo } from '../../src/jobs/visibility.ts';
import { JobQuestions } from '../../src/questions/ask.ts';
import { unusualJobs } from '../../src/questions/unusual/unusual-checks.ts';
import { exactTail, naiveUnusual } from '../support/naive-unusual.ts';
import { within } from '../support/pool.ts';
import { bodyOf, job, NOW, type TestApp, testApp } from '../support/test-app.ts';

const [HOUR, DAY] = [3600, 86_400];

describe('the tail of a binomial distribution', () => {
  test('is that of exact fractions from the mean on', () => {
    fc.assert(
      fc.property(fc.nat(60), fc.nat(60), fc.nat(40), (jobs, failed, of) => {
        const [numerator, denominator] = [Math.min(of, 39) + 1, 42];
        const exactly = exactTail(jobs, Math.min(failed, jobs), numerator, denominator);
        const found = binomialTail(jobs, Math.min(failed, jobs), numerator / denominator);
        if (Math.min(failed, jobs) <= (jobs * numerator) / denominator) expect(found).toBe(1);
        else expect(Math.abs(found - exactly)).toBeLessThan(1e-9 * exactly + 1e-300);
      }),
    );
  });

  test('is quick and finite for many jobs', () => {
    expect(binomialTail(50_000, 50_000, 0.5)).toBe(0);
    expect(binomialTail(50_000, 0, 0.5)).toBe(1);
    expect(binomialTail(50_000, 25_500, 0.5)).toBeGreaterThan(1e-6);
    expect(binomialTail(10, 3, 0)).toBe(0);
  });
});

test('a pause without starts is compared with the longest one before', () => {
  const starts = (...hours: number[]) => hours.map((hour) => ({ hour, jobs: 100 }));
  const hours = (...found: Parameters<typeof silentCluster>) =>
    silentCluster(...found).map(({ numbers }) => [numbers.hours, numbers.usualHours]);
  // 10, 11 and 13: the longest pause is hour 12. In hour 17, the hours 14 to 16 have passed without a start.
  expect(hours('a', starts(10, 13, 11), 17)).toEqual([[3, 1]]);
  expect(hours('a', starts(10, 13, 11), 16)).toEqual([]); // two hours
  expect(hours('a', starts(10, 13), 17)).toEqual([]); // not twice as long as the pause of two hours before
  expect(hours('a', starts(10, 13), 18)).toEqual([[4, 2]]);
  expect(hours('a', starts(10), 18)).toEqual([]); // too few starts
  expect(hours('a', [], 18)).toEqual([]);
});

/** Jobs of some weeks in which nodes, partitions, users and clusters may be unusual. */
const randomWeeks = fc.record({
  bad: fc.constantFrom(0, 5, 30),
  wait: fc.constantFrom(60, 2400, 9000),
  heavy: fc.constantFrom(0, 3, 40),
  silentHours: fc.constantFrom(0, 5, 30),
  users: fc.constantFrom(1, 3),
  old: fc.constantFrom(0, 40, 240),
  late: fc.nat(3),
  idle: fc.nat(3),
});

type Weeks = typeof randomWeeks extends fc.Arbitrary<infer Value> ? Value : never;

function weeks(of: Weeks): Job[] {
  let jobId = 0;
  const made = (changes: Partial<Job>): Job => {
    jobId += 1;
    const { startTime = NOW } = changes;
    return job({ jobId, numHwthreads: 10, duration: HOUR, submitTime: startTime - 60, walltime: 2 * HOUR, ...changes });
  };
  const on = (host: string) => ({ resources: [{ hostname: host }] });
  const latest = NOW - of.silentHours * HOUR;
  return [
    ...Array.from({ length: of.old }, (_, at) =>
      made({ startTime: latest - 20 * HOUR - at * 3 * HOUR, user: 'eve', project: `p${at % 3}`, partition: 'long' }),
    ),
    ...Array.from({ length: 70 }, (_, at) =>
      made({
        startTime: latest - (at % 20) * HOUR,
        user: `u${at % of.users}`,
        partition: at % 2 === 0 ? 'long' : 'short',
        submitTime: latest - (at % 20) * HOUR - of.wait,
        jobState: at % 35 === 0 ? 'failed' : 'completed',
        ...on(`n0${at % 4}`),
      }),
    ),
    ...Array.from({ length: of.bad }, (_, at) =>
      made({ startTime: latest - at * 60, user: `u${at % of.users}`, jobState: 'node_fail', ...on('n09') }),
    ),
    ...Array.from({ length: of.heavy }, (_, at) =>
      made({ startTime: latest - HOUR - at * 60, user: 'max', project: 'big' }),
    ),
    ...Array.from({ length: of.late }, (_, at) =>
      made({ startTime: NOW - 3 * HOUR - at, jobState: 'running', duration: 0 }),
    ),
    ...Array.from({ length: of.idle }, (_, at) =>
      made({
        ...{ startTime: NOW - 2 * HOUR - at, jobState: 'running', duration: 0, walltime: DAY },
        footprint: { cpu_load_avg: 0.1 * (at + 1) },
      }),
    ),
  ];
}

const ALL = { bad: 30, wait: 9000, heavy: 40, silentHours: 0, users: 3, old: 240, late: 2, idle: 1 } as const;
/** Together these have every kind. */
const EXAMPLES = [{}, { silentHours: 5, late: 0, idle: 0 }, { silentHours: 30, late: 0, idle: 0 }] as const;

describe('what is unusual', () => {
  let service: TestApp;
  beforeAll(async () => {
    service = await testApp();
  });
  afterAll(() => service.close());

  const found = async (jobs: readonly Job[]) => {
    await service.write('DELETE FROM job');
    await service.db.write('insertJobs', jobRows(jobs), within(30_000));
    return await unusualJobs({
      ...{ db: service.db, questions: new JobQuestions(service.db), nowSec: NOW, shortJobSec: 300 },
      visible: (filter) => visibleTo({ name: 'root', roles: new Set(['admin']), projects: [] }, filter),
      ...{ clusters: ['small'], deadline: within(60_000) },
    });
  };

  test('is what a plain computation over all jobs finds', async () => {
    const kinds = new Set<string>();
    await fc.assert(
      fc.asyncProperty(randomWeeks, async (of) => {
        const jobs = weeks(of);
        const { unusual, unchecked } = await found(jobs);
        const plain = naiveUnusual(jobs, NOW);
        for (const { kind } of plain) kinds.add(kind);
        const close = (all: readonly Unusual[]) =>
          all
            .map(({ kind, about, numbers }) => [kind, kind === 'overdue' ? {} : about, rounded(numbers)])
            .map((one) => JSON.stringify(one))
            .sort();
        expect([close(unusual), unchecked]).toEqual([close(plain), []]);
      }),
      { numRuns: 40, examples: EXAMPLES.map((changes): [Weeks] => [{ ...ALL, ...changes }]) },
    );
    expect([...kinds].sort()).toEqual(['failures', 'idle cores', 'overdue', 'silence', 'use', 'wait']);
  }, 120_000);

  test('is nothing of no jobs, and of a few', async () => {
    expect(await found([])).toEqual({ unusual: [], more: 0, unchecked: [] });
    expect(await found([job({ jobState: 'failed', startTime: NOW - HOUR })])).toEqual({
      unusual: [],
      more: 0,
      unchecked: [],
    });
  });
});

/** With few digits: chances are computed in different orders. */
function rounded(numbers: Readonly<Record<string, number>>): string {
  return JSON.stringify(Object.entries(numbers).map(([name, value]) => [name, value.toPrecision(6)]));
}

describe('GET unusual', () => {
  let service: TestApp;
  beforeAll(async () => {
    const jobs = weeks(ALL);
    service = await testApp({ jobs });
  });
  afterAll(() => service.close());

  interface Answer {
    unusual: { kind: string; text: string; link: string }[];
    unchecked: string[];
  }
  const asked = async (base: string, ...who: [string, ...string[]]) =>
    await bodyOf<Answer>(await service.get(`${base}/unusual`, ...who));

  test('has a sentence for each, and the address of a list that shows it', async () => {
    const { unusual, unchecked } = await asked('/api', 'root', 'admin', 'api');
    const texts = unusual.map(({ text }) => text);
    expect(unchecked).toEqual([]);
    expect(texts).toEqual(
      expect.arrayContaining([
        '2 jobs are still running 10m or more after the end of their walltime.',
        '1 running job has used at most 5.0 % of its 10 hardware threads for an hour or more.',
        expect.stringMatching(
          /^Of 30 jobs that started on n09 \(small\) .* 30 failed \(100\.0 %\)\. On the other nodes of main, /,
        ),
        expect.stringMatching(
          /^The median wait of 37 jobs that started in long of small .* is 2h 30m\. .* it was 1m\.$/,
        ),
        expect.stringMatching(/^The user max used 400 core hours .* it was almost nothing\.$/),
      ]),
    );
    for (const { link, text } of unusual) {
      const headers = { 'X-Auth-Token': await service.token('root', 'admin', 'api') };
      const page = await service.app.request(link, { headers });
      expect([page.status, (await page.text()).includes('<tr data-id=')], text).toEqual([200, true]);
    }
    const shown = await (
      await service.app.request('/unusual', {
        headers: { 'X-Auth-Token': await service.token('root', 'admin', 'api') },
      })
    ).text();
    for (const text of texts) expect(shown).toContain(text);
  });

  test('is about the jobs that its caller may see', async () => {
    const kinds = async (user: string) =>
      (await asked('/userapi', user, 'user', 'api')).unusual.map(({ kind }) => kind);
    expect([await kinds('ada'), await kinds('max')]).toEqual([['overdue', 'idle cores'], []]);
    expect((await service.get('/userapi/unusual', 'stranger', 'guest', 'api')).status).toBe(401);
  });

  test('has the refused reports, for admins', async () => {
    const start = {
      jobId: 7,
      cluster: 'nowhere',
      user: 'ada',
      numNodes: 1,
      resources: [{ hostname: 'n' }],
      startTime: NOW,
    };
    expect((await service.send('POST', '/api/jobs/start_job/', start)).status).toBe(400);
    const of = async (...who: [string, ...string[]]) =>
      (await asked('/userapi', ...who)).unusual.filter(({ kind }) => kind === 'refused');
    expect(await of('root', 'admin', 'api')).toMatchObject([
      { text: expect.stringMatching(/^1 report of a start or an end was refused/), link: '/system#refused' },
    ]);
    expect(await of('sue', 'support', 'api')).toEqual([]);
  });

  test('names what it had no time for', async () => {
    const slow = await testApp({
      jobs: [job()],
      service: (real) => ({
        settings: { ...real.settings, REQUEST_TIMEOUT_MS: 400 },
        index: {
          ask: async (_, { signal }) =>
            await new Promise((_resolve, reject) => {
              if (signal.aborted) reject(signal.reason);
              signal.addEventListener('abort', () => reject(signal.reason));
            }),
        },
      }),
    });
    const answer = await slow.get('/api/unusual', 'root', 'admin', 'api');
    expect(await bodyOf<Answer>(answer)).toMatchObject({
      unchecked: ['idle cores', 'idle accelerators', 'failures', 'use', 'silence', 'wait'],
    });
    await slow.close();
  });
});
