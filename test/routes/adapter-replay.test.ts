/**
 * A scheduler adapter as contract/rest.md §14 describes it. It sends its reports in order, goes on after a 2xx or 422, and
 * sends a report again when its answer was lost.
 */
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { JOB_COLUMNS } from '../../src/db/job-rows.ts';
import { within } from '../../src/deadline.ts';
import { endStateOf } from '../../src/jobs/slurm-states.ts';
import { bodyOf, NOW, type TestApp, testApp } from '../support/test-app.ts';

const DAY_SEC = 86_400;
const WALLTIME_SEC = 600;

let service: TestApp;
beforeEach(async () => {
  service = await testApp({ settings: { UNKNOWN_HOST_SUBCLUSTER: 'main' } });
});
afterEach(() => service.close());

/** A run of a job: times in seconds before NOW. */
interface Run {
  jobId: number;
  start: number;
  stop: number;
  word: string;
}
interface Report {
  at: number;
  path: string;
  body: object;
}

const startOf = ({ jobId, start }: Run): Report => ({
  at: start,
  path: '/api/jobs/start_job/',
  body: {
    ...{ jobId, cluster: 'small', user: 'ada', project: 'p1', partition: 'cpu', walltime: WALLTIME_SEC, smt: 1 },
    ...{ numNodes: 1, numHwthreads: 4, resources: [{ hostname: 'n01' }], startTime: start, shared: 'none' },
    metaData: { jobName: 'x', submitTime: String(start - 5) },
  },
});
const stopOf = ({ jobId, start, stop, word }: Run): Report => ({
  at: stop,
  path: '/api/jobs/stop_job/',
  body: { jobId, cluster: 'small', startTime: start, stopTime: stop, jobState: word },
});

async function send(method: string, path: string, body?: object): Promise<Response> {
  const headers = {
    'X-AUTH-TOKEN': await service.token(),
    'Content-Type': 'application/json',
    accept: 'application/ld+json',
  };
  return await service.app.request(path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
}

const statusOf = async ({ path, body }: Report) => (await send('POST', path, body)).status;
const RUNNING = '/api/jobs/?state=running&items-per-page=9999999&page=1&with-metadata=false';
const stored = async (jobIds: readonly number[]) =>
  await service.query(`SELECT job_id AS jobId, start_time AS start, duration, job_state AS state, submit_time AS submit
    FROM job WHERE job_id IN (${jobIds}) ORDER BY job_id, start_time`);

/** Puts the running jobs where cc-backend would have put them, if it had got their starts. */
async function intoCache(): Promise<void> {
  await service.write(`INSERT OR IGNORE INTO job_cache (${JOB_COLUMNS}) SELECT ${JOB_COLUMNS} FROM job WHERE job_state = 'running';
    DELETE FROM job WHERE job_state = 'running'`);
}

async function moveCached(): Promise<void> {
  await within(10_000, (deadline) => service.db.write('moveCached', {}, deadline));
}

/** Ends what runs for more than a minute beyond its walltime. */
async function endOverdueJobs(nowSec: number): Promise<void> {
  const overdue = { nowSec, graceSec: 60, limit: 250, after: undefined };
  await within(10_000, (deadline) => service.db.write('endOverdueJobs', overdue, deadline));
}

test('a day of an adapter', async () => {
  const first = { jobId: 1, start: NOW - 5_000, stop: NOW - 4_000, word: 'requeued' };
  const second = { ...first, start: NOW - 3_900, stop: NOW - 3_000, word: 'node_fail' };
  const third = { ...first, start: NOW - 3_000, stop: NOW, word: 'completed' }; // in the second of the end before
  const other = { jobId: 2, start: NOW - 4_500, stop: NOW - 4_500, word: 'launch_failed' };
  const away = { ...startOf({ jobId: 3, start: NOW - 10, stop: 0, word: '' }) };
  const elsewhere = { ...away, body: { ...away.body, resources: [{ hostname: 'cloud-7' }] } };
  const skewed = { jobId: 3, start: NOW - 10, stop: NOW - 15, word: 'cancelled' };
  const answers: [Report, number][] = [
    [startOf(first), 201],
    [startOf(first), 422], // its answer was lost
    [startOf(other), 201],
    [stopOf(other), 200], // in the second of its start
    [stopOf(first), 200],
    [stopOf(first), 422],
    [startOf(second), 201], // requeued within a day
    [startOf(second), 422],
    [startOf(first), 422], // an old report once more
    [stopOf(first), 422],
    [stopOf(second), 200],
    [startOf(third), 201],
    [startOf({ ...third, start: NOW - 100 }), 422], // it still runs
    [elsewhere, 201],
    [elsewhere, 422],
    [stopOf(skewed), 200], // its clock is behind
    [stopOf({ ...skewed, jobId: 99 }), 404],
  ];
  for (const [report, status] of answers) expect([report, await statusOf(report)]).toEqual([report, status]);
  const nodes = [{ hostname: 'n01', states: ['ALLOCATED'], cpusAllocated: 4, memoryAllocated: 1, gpusAllocated: 0 }];
  const nodestate = await send('POST', '/api/nodestate/', { cluster: 'small', nodes });
  expect(nodestate.status).toBe(200);
  const list = await bodyOf<{ jobs: object[] }>(await send('GET', RUNNING));
  expect(list).toMatchObject({ jobs: [{ jobId: 1, startTime: NOW - 3_000, metaData: null }], page: 1 });
  expect(await stored([1, 2, 3])).toMatchObject([
    { jobId: 1, start: NOW - 5_000, duration: 1_000, state: 'cancelled', submit: NOW - 5_005 },
    { jobId: 1, start: NOW - 3_900, duration: 900, state: 'node_fail' },
    { jobId: 1, start: NOW - 3_000, duration: 0, state: 'running' },
    { jobId: 2, start: NOW - 4_500, duration: 0, state: 'failed' },
    { jobId: 3, start: NOW - 10, duration: 0, state: 'cancelled' },
  ]);
});

/** Runs of one job, each some time after the one before. */
const runs = fc
  .array(
    fc.record({
      pause: fc.constantFrom(0, 1, 30, 3_600, DAY_SEC, 2 * DAY_SEC),
      length: fc.constantFrom(0, 1, 599, 660, 661, 7_200, DAY_SEC),
      word: fc.constantFrom('', 'completed', 'TIMEOUT', 'requeued', 'preempted', 'special_exit'),
    }),
    { minLength: 1, maxLength: 3 },
  )
  .map((parts) => {
    let free = NOW - 20 * DAY_SEC;
    let before = 0;
    return parts.map(({ pause, length, word }) => {
      const start = Math.max(free + pause, before + 1); // Slurm starts a job at most once a second
      before = start;
      free = start + length;
      return { start, stop: free, word };
    });
  });
/** What happens at a report: it is sent several times, with some of those before it, while others use the database. */
const happening = fc.record({
  again: fc.nat(2),
  back: fc.constantFrom(0, 0, 1, 2, 5),
  others: fc.subarray(['cc-backend', 'moveCached', 'endOverdueJobs'] as const),
});

test('whatever is sent again, each run is stored once, with its end', async () => {
  let lastId = 1_000;
  await fc.assert(
    fc.asyncProperty(
      fc.array(runs, { minLength: 1, maxLength: 3 }),
      fc.array(happening, { minLength: 18, maxLength: 18 }),
      async (jobs, happenings) => {
        const all = jobs.flatMap((own) => {
          lastId += 1;
          return own.map((run): Run => ({ jobId: lastId, ...run }));
        });
        // In the order of their times. A stop comes before a start of the same second, but after its own start.
        const reports = all.flatMap((run) => [startOf(run), stopOf(run)]).sort((a, b) => a.at - b.at);
        for (const [nth, report] of reports.entries()) {
          const { again, back, others } = happenings[nth] ?? { again: 0, back: 0, others: [] };
          if (others.includes('cc-backend')) await intoCache();
          if (others.includes('moveCached')) await moveCached();
          if (others.includes('endOverdueJobs')) await endOverdueJobs(report.at);
          expect(await statusOf(report)).toBe(report.path.includes('start') ? 201 : 200);
          for (let round = 0; round < again; round += 1) {
            for (const known of reports.slice(Math.max(0, nth - back), nth + 1)) {
              expect(await statusOf(known)).toBe(422);
            }
          }
        }
        const expected = all.map(({ jobId, start, stop, word }) => {
          return { jobId, start, duration: stop - start, state: endStateOf(word), submit: start - 5 };
        });
        expect(await stored(jobs.map((_, at) => lastId - at))).toEqual(expected);
        expect(await service.query('SELECT count(*) AS n FROM job_cache')).toEqual([{ n: 0 }]);
      },
    ),
    { numRuns: 30, endOnFailure: true },
  );
});
