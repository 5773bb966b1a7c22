import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { readSettings } from '../../src/check-settings.ts';
import { startDeadline } from '../../src/deadline.ts';
import type { Bindings } from '../../src/settings.ts';
import { lastTimedWork, runTimedWork } from '../../src/timed/run-timed-work.ts';
import type { TimedTask } from '../../src/timed/task.ts';
import { startTimer, type Timer } from '../../src/timed/timer.ts';
import { TIMETABLE } from '../../src/timed/timetable.ts';
import { job, NOW, type TestApp, testApp } from '../support/test-app.ts';
import { DIRECTORY_SETTINGS } from '../support/test-directory.ts';

const EVERY: Partial<Bindings> = {
  AUTH: 'none',
  WALLTIME_GRACE_S: '600',
  NODESTATE_RETENTION_H: '24',
  ...{ ARCHIVE_COMPRESSION_D: '30', ARCHIVE_RETENTION: 'delete', ARCHIVE_RETENTION_D: '365' },
  ...{ LDAP_URL: 'ldap://localhost', ...DIRECTORY_SETTINGS, LDAP_SYNC_S: '3600' },
};

/** Work whose errors by a wrong clock are mended at its next run. */
const ANY_CLOCK = TIMETABLE.filter(({ trustsClock }) => trustsClock === undefined);

let service: TestApp;
let now: number;
beforeEach(() => {
  now = NOW;
});
afterEach(async () => {
  vi.useRealTimers();
  await service.close();
});

const options = (settings: Partial<Bindings> = EVERY) => ({
  db: service.db,
  settings: readSettings(settings),
  clock: () => now,
  log: { warn: () => {} },
});
const run = (settings?: Partial<Bindings>, tasks?: readonly TimedTask[]) => runTimedWork(options(settings), tasks);
const results = async () =>
  Object.fromEntries((await lastTimedWork(service)).map(({ name, result }) => [name, result] as const));
const jobs = () =>
  service.query(
    'SELECT job_id AS id, job_state AS state, duration AS d, monitoring_status AS m FROM job ORDER BY job_id',
  );

describe('timed work', () => {
  test('runs each piece when its time has come, and not before', async () => {
    service = await testApp();
    await run();
    const first = await lastTimedWork(service);
    expect(first.map(({ name }) => name)).toEqual(TIMETABLE.map(({ name }) => name).sort());
    expect(first.every(({ beganAt, endedAt }) => beganAt === NOW && endedAt === NOW)).toBe(true);
    now = NOW + 61; // JOB_CACHE_S is 60, and all other intervals are longer
    await run();
    const again = (await lastTimedWork(service)).filter(({ beganAt }) => beganAt === now);
    expect(again.map(({ name }) => name)).toEqual(['moveCachedJobs']);
  });

  test('that is off does not run', async () => {
    service = await testApp();
    await run({ AUTH: 'none', OPTIMIZE_S: 'off', CHECKPOINT_S: 'off', JOB_CACHE_S: 'off', DURATION_UPDATE_S: 'off' });
    expect(await lastTimedWork(service)).toEqual([]);
  });

  test('is done once by two services on one file', async () => {
    service = await testApp();
    let runs = 0;
    const task = {
      name: 'counted',
      everySec: () => 10,
      run: async () => {
        runs += 1;
        return {};
      },
    };
    await Promise.all([run(EVERY, [task]), run(EVERY, [task]), run(EVERY, [task])]);
    expect(runs).toBe(1);
  });

  test('that fails is noted, is in nobody’s way, and comes again', async () => {
    service = await testApp();
    const failing = { name: 'a failing one', everySec: () => 10, run: async () => Promise.reject(new Error('no')) };
    const other = { name: 'behind it', everySec: () => 10, run: async () => ({ did: 1 }) };
    await run(EVERY, [failing, other]);
    expect(await results()).toEqual({ 'a failing one': { failed: 'internal' }, 'behind it': { did: 1 } });
    now += 10;
    await run(EVERY, [failing]);
    expect((await lastTimedWork(service))[0]?.beganAt).toBe(now);
  });

  test('that a service stops is the last one', async () => {
    service = await testApp();
    const stopping = new AbortController();
    const long = {
      name: 'long',
      everySec: () => 10,
      async run() {
        stopping.abort();
        return { did: 1 };
      },
    };
    const next = { name: 'next', everySec: () => 10, run: async () => ({ did: 2 }) };
    await runTimedWork({ ...options(), signal: stopping.signal }, [long, next]);
    expect(await results()).toEqual({ long: { did: 1 } });
  });

  test('whose beginning lies in the future is done all the same', async () => {
    service = await testApp();
    now = NOW + 1_000_000;
    await run();
    now = NOW;
    await run();
    expect((await lastTimedWork(service)).every(({ beganAt }) => beganAt === NOW)).toBe(true);
  });
});

test('cached jobs are moved, and one that job has already is dropped', async () => {
  const insert = (table: string, id: number) =>
    `INSERT INTO ${table} (job_id, cluster, subcluster, start_time, hpc_user, project, cluster_partition, array_job_id, duration,
       walltime, job_state, meta_data, resources, num_nodes, num_hwthreads, num_acc, smt, shared, monitoring_status)
     VALUES (${id}, 'small', 'main', ${NOW}, '${table}', 'p1', '', 0, 0, 0, 'running', 'null', '[]', 1, 4, 0, 0, 'none', 1);`;
  service = await testApp({ sql: insert('job', 1) + insert('job_cache', 1) + insert('job_cache', 2) });
  await run();
  expect((await results())['moveCachedJobs']).toEqual({ moved: 2 });
  expect(await service.query('SELECT job_id AS id, hpc_user AS user FROM job ORDER BY job_id')).toEqual([
    { id: 1, user: 'job' },
    { id: 2, user: 'job_cache' },
  ]);
  expect(await service.query('SELECT count(*) AS n FROM job_cache')).toEqual([{ n: 0 }]);
});

test('the stored duration of running jobs becomes what it is, and of no other', async () => {
  const running = Array.from({ length: 600 }, (_, number) =>
    job({ jobId: number, jobState: 'running', startTime: NOW - 1000 + (number % 7), duration: 0, walltime: 0 }),
  );
  service = await testApp({
    jobs: [
      ...running,
      job({ jobId: 1000, duration: 5 }),
      job({ jobId: 1001, jobState: 'running', startTime: NOW + 50 }),
    ],
  });
  await run();
  expect((await results())['updateDurations']).toEqual({ updated: 601 });
  const rows = await jobs();
  expect(rows.slice(0, 600).every(({ id, d }) => d === 1000 - (Number(id) % 7))).toBe(true);
  expect(rows.slice(600).map(({ d }) => d)).toEqual([5, 0]); // one ended long ago, one starts in the future
});

test('jobs past their walltime and the grace have failed, as long as they could run', async () => {
  const at = (jobId: number, secondsAgo: number, walltime: number) =>
    job({ jobId, jobState: 'running', startTime: NOW - secondsAgo, walltime, duration: 7, monitoringStatus: 1 });
  service = await testApp({ jobs: [at(1, 4201, 3600), at(2, 4200, 3600), at(3, 9_000_000, 0)] });
  await run({ ...EVERY, DURATION_UPDATE_S: 'off' });
  expect(await jobs()).toEqual([
    { id: 1, state: 'failed', d: 3600, m: 2 }, // started 600 s + walltime + one second ago
    { id: 2, state: 'running', d: 7, m: 1 },
    { id: 3, state: 'running', d: 7, m: 1 }, // it is unknown without a walltime
  ]);
});

test('old node states go, but for the newest of each node', async () => {
  const old = NOW - 25 * 3600;
  const state = (node: number | null, at: number) =>
    `INSERT INTO node_state (time_stamp, node_state, health_state, node_id) VALUES (${at}, 'idle', 'full', ${node});`;
  service = await testApp({
    sql: `INSERT INTO node (id, hostname, cluster, subcluster) VALUES (1, 'a', 'c', 's'), (2, 'b', 'c', 's');
      ${state(1, old - 2)} ${state(1, old)} ${state(1, NOW)} ${state(2, old - 1)} ${state(2, old)} ${state(2, old)} ${state(null, old)}`,
  });
  await run();
  expect((await results())['deleteNodeStates']).toEqual({ deleted: 5 });
  expect(await service.query('SELECT id, node_id AS node FROM node_state ORDER BY id')).toEqual([
    { id: 3, node: 1 },
    { id: 6, node: 2 },
  ]);
});

test('a checkpoint empties the log', async () => {
  service = await testApp({ jobs: [job()] });
  await run();
  expect((await results())['checkpoint']).toEqual({ busy: 0, pagesLeft: 0 });
});

test('the timer does it while the service runs, and says so', async () => {
  service = await testApp({ jobs: [job({ jobState: 'running', startTime: NOW - 9, duration: 0 })] });
  const timer = startTimer(options());
  while (timer.status().length < ANY_CLOCK.length) await new Promise((resolve) => setTimeout(resolve, 20));
  await timer.stop();
  expect(timer.status()).toContainEqual({
    name: 'updateDurations',
    beganAt: NOW,
    endedAt: NOW,
    result: { updated: 1 },
  });
  const deadline = startDeadline(1_000);
  await service.db.write('deleteJob', { id: 1n }, deadline); // the timer no longer uses the database
  deadline.clear();
});

describe('work that trusts the clock', () => {
  const HOUR_SEC = 3_600;
  const warnings: object[] = [];
  let timer: Timer;
  beforeEach(async () => {
    service = await testApp({ jobs: [job({ jobState: 'running', startTime: NOW - 9, walltime: 60, duration: 0 })] });
    warnings.length = 0;
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
    timer = startTimer({ ...options(), log: { warn: (...line: unknown[]) => warnings.push(line) } });
  });

  /** Seconds pass, for the timer and on the clock. */
  async function pass(sec: number): Promise<void> {
    for (let passed = 0; passed < sec; passed += 1) {
      now += 1;
      vi.advanceTimersByTime(1_000);
      await new Promise(setImmediate);
    }
  }
  const done = () => timer.status().map(({ name }) => name);
  const untilDone = async (tasks: readonly TimedTask[]) => {
    while (done().length < tasks.length) await pass(1);
    expect(done()).toEqual(tasks.map(({ name }) => name).sort());
  };

  test('begins an hour after the start, because the clock may still be wrong', async () => {
    await untilDone(ANY_CLOCK);
    await pass(NOW + HOUR_SEC - 10 - now);
    expect([done().length, await jobs()]).toMatchObject([ANY_CLOCK.length, [{ state: 'running' }]]);
    await untilDone(TIMETABLE);
    expect([await jobs(), warnings]).toMatchObject([[{ state: 'failed' }], []]);
    await timer.stop();
  });

  test('and an hour after a jump of the clock', async () => {
    await pass(HOUR_SEC - 10);
    now += 30 * 86_400;
    await pass(HOUR_SEC - 10);
    await timer.stop();
    expect(done()).toEqual(ANY_CLOCK.map(({ name }) => name).sort());
    expect(await jobs()).toMatchObject([{ state: 'running' }]);
    expect(warnings).toEqual([
      [{ jumpSec: expect.closeTo(30 * 86_400, -1) }, expect.stringContaining('the clock jumped')],
    ]);
  });
});
