import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bodyOf, faultIn, job, NOW, type TestApp, testApp } from '../support/test-app.ts';

const part = (share: number) => Math.round(share * 1e6) / 1e6;
// NOW is 2027-01-15T08:00Z.
const HOUR = 3600;
const DAY = 24 * HOUR;
const TODAY = NOW - 8 * HOUR;
const sec = (text: string) => Date.parse(text) / 1000;

let service: TestApp;
beforeAll(async () => {
  service = await testApp({
    jobs: [
      // Over midnight: two hours on each day. 12 kWh in 4 hours.
      job({
        jobId: 1,
        startTime: TODAY - 2 * HOUR,
        duration: 4 * HOUR,
        numNodes: 2,
        numAcc: 1,
        energy: 12,
        submitTime: TODAY - 3 * HOUR,
      }),
      // 1 kWh in 7 seconds
      job({ jobId: 2, startTime: TODAY - 3, duration: 7, energy: 1, user: 'bob', submitTime: TODAY - 63 }),
      job({
        jobId: 3,
        startTime: NOW - HOUR,
        jobState: 'running',
        duration: 0,
        user: 'bob',
        submitTime: NOW - 2 * HOUR,
      }),
      // Since the year before last, until the end of yesterday.
      job({
        jobId: 4,
        startTime: sec('2025-11-30T00:00Z'),
        duration: TODAY - sec('2025-11-30T00:00Z'),
        user: 'eve',
        numHwthreads: 1,
      }),
      job({ jobId: 5, cluster: 'other', startTime: TODAY, duration: 0, user: 'eve', numHwthreads: 1_000 }),
    ],
  });
});
afterAll(() => service.close());

type Point = Record<string, number | string | boolean | null>;
const timeline = async (query: string, ...who: string[]) => {
  const [user, ...roles] = who;
  const path = `${roles.includes('user') ? '/userapi' : '/api'}/statistics/timeline?${query}`;
  return (await bodyOf<{ timeline: Point[] }>(await service.get(path, user, ...roles))).timeline;
};
const only = (points: readonly Point[], ...names: string[]) => points.map((point) => names.map((name) => point[name]));

describe('GET /api/statistics/timeline', () => {
  test('splits what a job used over the buckets in which it ran', async () => {
    const points = await timeline('range=2027-01-13..2027-01-15&user=ada');
    const rest = { group: '', isOther: false };
    const used = { walltimeSeconds: 7200, nodeSeconds: 14_400, coreSeconds: 28_800, accSeconds: 7200, energy: 6 };
    const unused = { walltimeSeconds: 0, nodeSeconds: 0, coreSeconds: 0, accSeconds: 0, energy: 0 };
    const noWait = { waitP50: null, waitP90: null };
    const idle = { nodeUtilisation: 0, coreUtilisation: 0, accUtilisation: null };
    // The cluster has 10 nodes of 2 hardware threads and 1 more node of 2, and no accelerators.
    const busy = {
      nodeUtilisation: part(14_400 / (11 * DAY)),
      coreUtilisation: part(28_800 / (22 * DAY)),
      accUtilisation: null,
    };
    expect(points).toEqual([
      {
        from: TODAY - 2 * DAY,
        to: TODAY - DAY,
        ...rest,
        started: 0,
        ended: 0,
        running: 0,
        ...unused,
        ...noWait,
        ...idle,
      },
      {
        from: TODAY - DAY,
        to: TODAY,
        ...rest,
        started: 1,
        ended: 0,
        running: 1,
        ...used,
        waitP50: 3600,
        waitP90: 3600,
        ...busy,
      },
      {
        ...{ from: TODAY, to: TODAY + DAY, ...rest, started: 0, ended: 1, running: 0, ...used, ...noWait },
        // 8 hours of the day have passed.
        ...{
          nodeUtilisation: part(14_400 / (11 * 8 * HOUR)),
          coreUtilisation: part(28_800 / (22 * 8 * HOUR)),
          accUtilisation: null,
        },
      },
    ]);
  });

  test('counts running jobs until now', async () => {
    const points = await timeline('bucket=hour&range=2027-01-15T06:30Z..2027-01-15T09:30Z&state=running');
    expect(only(points, 'from', 'to', 'started', 'ended', 'running', 'coreSeconds')).toEqual([
      [NOW - 1.5 * HOUR, NOW - HOUR, 0, 0, 0, 0],
      [NOW - HOUR, NOW, 1, 0, 1, 4 * HOUR],
      [NOW, NOW + HOUR, 0, 0, 1, 0],
      [NOW + HOUR, NOW + 1.5 * HOUR, 0, 0, 1, 0],
    ]);
    expect(only(points, 'coreUtilisation')).toEqual([[0], [part(4 / 22)], [null], [null]]);
  });

  test('spreads energy evenly, to the last digit', async () => {
    const points = await timeline('range=2027-01-14..2027-01-15&user=bob&state=completed');
    // 3/7 and 4/7
    expect(only(points, 'energy')).toEqual([[0.428571], [0.571429]]);
  });

  test('has the top groups by core hours, and the sum of all others', async () => {
    const query = 'range=2027-01-14..2027-01-15&group-by=user';
    const shown = (points: Point[]) => only(points, 'from', 'group', 'isOther', 'coreSeconds', 'started');
    // On both days ada used 57,600, eve 86,400 and bob 28 core seconds until the last hour, which has 14,400.
    expect(shown(await timeline(`${query}&top=1`))).toEqual([
      [TODAY - DAY, 'eve', false, DAY, 0],
      [TODAY - DAY, '', true, 28_800 + 12, 2],
      [TODAY, 'eve', false, 0, 1],
      [TODAY, '', true, 28_800 + 16 + 14_400, 1],
    ]);
    expect(shown(await timeline(`${query}&top=3`)).map(([, group]) => group)).toEqual([
      ...['eve', 'ada', 'bob'],
      ...['eve', 'ada', 'bob'],
    ]);
  });

  test('has the utilisation of each cluster', async () => {
    const points = await timeline('bucket=year&range=2027-01-15..2027-01-15&group-by=cluster');
    expect(only(points, 'group', 'coreUtilisation')).toEqual([
      ['small', part((28_800 + 16 + 14_400) / (22 * 8 * HOUR))],
      ['other', null],
    ]);
    const named = async (filter: string) =>
      only(await timeline(`bucket=year&range=2027-01-15..2027-01-15&user=ada&${filter}`), 'coreUtilisation')[0];
    expect(await named('subcluster=main')).toEqual([part(28_800 / (20 * 8 * HOUR))]);
    expect(await named('cluster=nowhere')).toEqual([null]);
  });

  test('adds up: twelve months to the year, and any buckets to the totals inside the range', async () => {
    for (const filter of ['', '&user=eve', '&group-by=project']) {
      const months = await timeline(`bucket=month&range=2026-01-01..2026-12-31&zone=Europe/Berlin${filter}`);
      const [year = {}] = await timeline(`bucket=year&range=2026-01-01..2026-12-31&zone=Europe/Berlin${filter}`);
      expect(months).toHaveLength(12);
      const total = (points: readonly Point[], name: string) =>
        points.reduce((sum, point) => sum + Number(point[name]), 0);
      for (const name of ['started', 'ended', 'walltimeSeconds', 'nodeSeconds', 'coreSeconds', 'accSeconds']) {
        expect(total(months, name), name).toBe(year[name]);
      }
      expect(months.at(-1)?.running).toBe(year.running);
    }
    const range = '2025-12-31T23:59:59Z..2027-01-15T07:59:01Z';
    const hours = await timeline(`bucket=week&range=${range}`);
    const statistics = await service.get(`/api/statistics/jobs?clip=${range}`);
    const [clipped = {}] = (await bodyOf<{ statistics: Point[] }>(statistics)).statistics;
    expect(hours.reduce((sum, point) => sum + Number(point.coreSeconds), 0)).toBe(clipped.totalCoreSeconds);
    expect(hours.reduce((sum, point) => sum + Number(point.nodeSeconds), 0)).toBe(clipped.totalNodeSeconds);
  });

  test('has days of 23 and 25 hours', async () => {
    const lengths = async (range: string) =>
      (await timeline(`range=${range}&zone=Europe/Berlin`)).map(({ from, to }) => (Number(to) - Number(from)) / HOUR);
    expect(await lengths('2026-03-28..2026-03-30')).toEqual([24, 23, 24]);
    expect(await lengths('2026-10-24..2026-10-26')).toEqual([24, 25, 24]);
  });

  test('is about the last 30 buckets by default', async () => {
    const days = await timeline('zone=Europe/Berlin');
    expect([days.length, days[0]?.from, days.at(-1)?.to]).toEqual([
      30,
      sec('2026-12-16T23:00Z'),
      sec('2027-01-15T23:00Z'),
    ]);
    for (const bucket of ['hour', 'week', 'month', 'year']) expect(await timeline(`bucket=${bucket}`)).toHaveLength(30);
    expect(only((await timeline('bucket=month')).slice(-2), 'from', 'to')).toEqual([
      [sec('2026-12-01'), sec('2027-01-01')],
      [sec('2027-01-01'), sec('2027-02-01')],
    ]);
    // Without an end until now.
    expect((await timeline('bucket=month&range=2026-11-15..')).map(({ to }) => to)).toEqual([
      ...[sec('2026-12-01'), sec('2027-01-01'), NOW],
    ]);
  });

  test('has buckets with zeros where the caller sees no jobs', async () => {
    const points = await timeline('range=2027-01-14..2027-01-15', 'bob', 'user', 'api');
    expect(only(points, 'started', 'coreSeconds')).toEqual([
      [1, 12],
      [1, 16 + 14_400],
    ]);
    expect(await timeline('range=2027-01-14..2027-01-15&user=nobody')).toHaveLength(2);
    expect(await timeline('range=2027-01-14..2027-01-15&user=nobody&group-by=user')).toEqual([]);
  });

  test.each([
    ['bucket=minute', 'bucket'],
    ['bucket=', 'bucket'],
    ['zone=Mars/Olympus', 'zone'],
    ['range=2027-01-15..2027-01-14', 'range'],
    ['range=..2027-01-14', 'query parameter "range" must have a beginning'],
    ['range=-5', 'query parameter "range" must have a beginning'],
    ['range=9000000000-9000000000000', 'query parameter "range" must be within the years 1970 to 9999'],
    [`range=${NOW + 5}-`, 'query parameter "range" must begin before now'],
    ['range=yesterday', 'range'],
    ['range=0-1&range=2-3', 'range'],
    ['bucket=hour&range=2026-01-01..', 'has more than 5000 buckets: choose a shorter range'],
    ['group-by=node', '"group-by" must be one of user, project'],
    ['group-by=tag', '"group-by" must be one of user, project'],
    ['group-by=month', '"group-by" must be one of user, project'],
    ['group-by=user,project', '"group-by" must be one of user, project'],
    ['top=0', 'top'],
    ['top=51', '"top" must be at most 50'],
    ['group-by=user&top=50&range=2025-01-01..', 'choose a longer bucket, a shorter range, or fewer groups with top'],
    ['colour=red', 'colour'],
  ])('refuses %s', async (query, words) => {
    const [status, code, error] = await faultIn(await service.get(`/api/statistics/timeline?${query}`));
    expect([status, code]).toEqual([400, 'invalid_request']);
    expect(error).toContain(words);
  });
});
