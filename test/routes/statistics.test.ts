import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { bodyOf, faultIn, job, NOW, type TestApp, testApp } from '../support/test-app.ts';

let service: TestApp;
beforeAll(async () => {
  service = await testApp({
    sql: "INSERT INTO hpc_user (username, name) VALUES ('ada', 'Ada L.')",
    jobs: [
      job({ jobId: 1, user: 'ada', duration: 3600, numNodes: 2, numHwthreads: 8, footprint: { cpu_load_avg: 36 } }),
      job({ jobId: 2, user: 'bob', duration: 60, project: 'p2', footprint: { cpu_load_avg: 72 } }),
      job({ jobId: 3, user: 'bob', jobState: 'running', startTime: NOW - 7200, duration: 0 }),
    ],
  });
});
afterAll(() => service.close());

describe('GET /api/statistics/jobs', () => {
  const statistics = async (query: string, ...who: string[]) => {
    const [user, ...roles] = who;
    const path = `${roles.includes('user') ? '/userapi' : '/api'}/statistics/jobs${query}`;
    const body = await bodyOf<{ statistics: Record<string, unknown>[] }>(await service.get(path, user, ...roles));
    return body.statistics;
  };

  test('has one element for all jobs', async () => {
    // 3600 + 60 + 7200 s = 3 h (cut); nodes: 2·3600 + 60 + 7200 = 14,460 s = 4 h; 8·3600 + 4·60 + 4·7200 = 57,840 s = 16 h
    expect(await statistics('')).toEqual([
      {
        id: '',
        name: '',
        totalJobs: 3,
        totalUsers: 2,
        runningJobs: 1,
        shortJobs: 2,
        totalWalltime: 3,
        totalNodes: 4,
        totalNodeHours: 4,
        totalCores: 16,
        totalCoreHours: 16,
        totalAccs: 0,
        totalAccHours: 0,
      },
    ]);
  });

  test('groups, sorts and names', async () => {
    const groups = await statistics('?group-by=user&sort-by=totalJobs');
    expect(groups.map(({ id, name, totalJobs }) => [id, name, totalJobs])).toEqual([
      ['bob', '', 2],
      ['ada', 'Ada L.', 1],
    ]);
  });

  test('pages groups, and only groups', async () => {
    const ids = async (query: string) => (await statistics(query)).map(({ id }) => id);
    expect(await ids('?group-by=user&items-per-page=1')).toEqual(['ada']);
    expect(await ids('?group-by=user&items-per-page=1&page=2')).toEqual(['bob']);
    expect(await ids('?group-by=user&page=2')).toEqual([]);
    expect(await ids('?page=2')).toEqual(['']);
  });

  test('filters, and sees what the user may see', async () => {
    expect(await statistics('?project=p2')).toMatchObject([{ totalJobs: 1 }]);
    expect(await statistics('', 'ada', 'user', 'api')).toMatchObject([{ totalJobs: 1, totalUsers: 1 }]);
    expect(await statistics('?user=nobody')).toMatchObject([{ totalJobs: 0, totalWalltime: 0 }]);
  });

  test('clipped to a range of times, has hours inside it only, and the exact seconds', async () => {
    // The first half hour of the job of 7,200 s. Of the two that began with it, 1,800 and 60 s.
    const range = `${NOW - 7200}-${NOW - 5400}`;
    expect(await statistics(`?clip=${range}`)).toEqual([
      {
        ...(await statistics(`?during=${range}`))[0],
        totalWalltime: 1,
        totalNodeHours: 1,
        totalCoreHours: 6,
        totalAccHours: 0,
        totalWalltimeSeconds: 1800 + 60 + 1800,
        totalNodeSeconds: 2 * 1800 + 60 + 1800,
        totalCoreSeconds: 8 * 1800 + 4 * 60 + 4 * 1800,
        totalAccSeconds: 0,
      },
    ]);
    expect(await statistics(`?clip=-${NOW - 7200}`)).toMatchObject([{ totalJobs: 0, totalWalltimeSeconds: 0 }]);
    expect(await statistics(`?clip=last6h&user=ada`)).toMatchObject([{ totalJobs: 1, totalWalltimeSeconds: 3600 }]);
  });

  test.each([
    'group-by=colour',
    'sort-by=name',
    'page=0',
    'items-per-page=x',
    'group-by=user&group-by=user',
    'clip=5-5',
    'clip=-',
    'clip=1-&clip=2-',
  ])('refuses %s by name', async (query) => {
    const [status, code, error] = await faultIn(await service.get(`/api/statistics/jobs?${query}`));
    expect([status, code]).toEqual([400, 'invalid_request']);
    expect(error).toContain(query.split('=')[0]);
  });
});

test.each([2025, 2026, 2027])('the twelve months of %i add up to the year', async (year) => {
  const at = (date: string) => Date.parse(date) / 1000;
  const jobs = [
    job({ jobId: 1, startTime: at('2025-12-29T07:00:01Z'), duration: 86_400 * 40, numNodes: 7 }), // over the new year
    job({ jobId: 2, startTime: at('2026-02-28T22:59:59Z'), duration: 2 }), // over the end of a month in Berlin
    job({ jobId: 3, startTime: at('2026-03-31T22:00:00Z'), duration: 0 }), // at the beginning of one
    job({ jobId: 4, startTime: at('2026-06-30T21:00:00Z'), duration: 3600 }), // to its end
    job({ jobId: 5, startTime: at('2026-10-25T00:30:00Z'), duration: 86_400 * 13 + 77, numNodes: 3, user: 'bob' }),
    job({ jobId: 6, startTime: at('2026-11-30T12:34:56Z'), duration: 0, jobState: 'running', numAcc: 4 }), // until now, NOW
    job({ jobId: 7, startTime: at('2026-12-31T01:00:00Z'), duration: 86_401, jobState: 'suspended' }),
    job({ jobId: 8, startTime: NOW + 3600, duration: 0, jobState: 'running' }), // its clock is an hour ahead
  ];
  const seconds = ['totalWalltimeSeconds', 'totalNodeSeconds', 'totalCoreSeconds', 'totalAccSeconds'];
  const app = await testApp({ jobs });
  onTestFinished(() => app.close());
  const sumOf = async (clip: string, user: string) => {
    const path = `/api/statistics/jobs?clip=${clip}&zone=Europe/Berlin&user=${user}`;
    const { statistics } = await bodyOf<{ statistics: Record<string, number>[] }>(await app.get(path));
    return seconds.map((name) => statistics[0]?.[name] ?? Number.NaN);
  };
  const two = (number: number) => String(number).padStart(2, '0');
  for (const user of ['ada', 'bob']) {
    const months = await Promise.all(
      Array.from({ length: 12 }, (_, month) => {
        const days = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
        return sumOf(`${year}-${two(month + 1)}-01..${year}-${two(month + 1)}-${days}`, user);
      }),
    );
    const all = await sumOf(`${year}-01-01..${year}-12-31`, user);
    expect(seconds.map((_, at) => months.reduce((sum, month) => sum + (month[at] ?? 0), 0))).toEqual(all);
    if (user === 'ada') expect(all[0]).toBeGreaterThan(0);
  }
});

describe('GET /api/statistics/histograms', () => {
  type Point = { value: number; count: number };
  interface Histograms {
    histDuration: Point[];
    histNumNodes: Point[];
    histNumCores: Point[];
    histNumAccs: Point[];
    histMetrics: { metric: string; unit: string; stat: string; data: { bin: number; count: number; max: number }[] }[];
  }
  const histograms = async (query = '') =>
    await bodyOf<Histograms>(await service.get(`/api/statistics/histograms${query}`));
  const occurring = (points: Point[]) => points.filter(({ count }) => count > 0);

  test('has the four of all jobs', async () => {
    const { histDuration, histNumNodes, histNumCores, histNumAccs, histMetrics } = await histograms();
    expect(histDuration).toHaveLength(48);
    // Durations of 60, 3600 and 7200 s are in the bins that end at 1, 2 and 3 h.
    expect(occurring(histDuration).map(({ value }) => value)).toEqual([3600, 7200, 10_800]);
    expect(histNumNodes).toEqual([
      { value: 1, count: 2 },
      { value: 2, count: 1 },
    ]);
    expect(histNumCores).toEqual([
      { value: 4, count: 2 },
      { value: 8, count: 1 },
    ]);
    expect([histNumAccs, histMetrics]).toEqual([[{ value: 0, count: 3 }], []]);
  });

  test('has the bins asked for', async () => {
    expect((await histograms('?bins=10m')).histDuration).toHaveLength(72);
    expect((await histograms('?bins=24h')).histDuration).toHaveLength(24);
  });

  test('has waits if asked for', async () => {
    expect(await histograms()).not.toHaveProperty('histWait');
    const own = await testApp({
      // 0, 59 and 60 s, a week; unknown; after the start
      jobs: [0, 59, 60, 604_800, NOW, -7].map((wait, at) =>
        job({ jobId: at + 1, startTime: NOW, submitTime: NOW - wait }),
      ),
    });
    onTestFinished(() => own.close());
    const { histWait } = await bodyOf<{ histWait: Point[] }>(
      await own.get('/api/statistics/histograms?bins=1m&with-wait=true'),
    );
    expect(histWait).toHaveLength(60);
    expect(occurring(histWait)).toEqual([
      { value: 60, count: 2 },
      { value: 120, count: 1 },
    ]);
  });

  test('has the metrics asked for, up to the peak of the cluster', async () => {
    const { histMetrics } = await histograms('?metric=cpu_load&metric=mem_used&metric-bins=2&cluster=small');
    expect(histMetrics.map(({ metric, stat, data }) => [metric, stat, data.map(({ count }) => count)])).toEqual([
      ['cpu_load', 'avg', [0, 2]], // peak 72: 36 and 72 are both in the upper half
      ['mem_used', 'max', [0, 0]],
    ]);
  });

  test('skips what is no name of a metric', async () => {
    expect((await histograms('?metric=a-b')).histMetrics).toEqual([]);
  });

  test.each([
    ['bins=1d', 'bins'],
    ['metric-bins=0', 'metric-bins'],
    ['metric-bins=10001', 'metric-bins'],
    [Array(65).fill('metric=a').join('&'), 'metric'],
  ])('refuses what it cannot do, by name', async (query, name) => {
    const [status, code, error] = await faultIn(await service.get(`/api/statistics/histograms?${query}`));
    expect([status, code]).toEqual([400, 'invalid_request']);
    expect(error).toContain(`query parameter "${name}"`);
  });
});

describe('GET /api/statistics/overview', () => {
  interface Overview {
    totals: object;
    groups: object[];
  }
  const overview = async (query: string, base = '/api', ...who: string[]) =>
    await bodyOf<Overview>(await service.get(`${base}/statistics/overview${query}`, ...who));

  test.each([
    '?group-by=user&sort-by=totalJobs',
    '?group-by=project&items-per-page=1&page=2&bins=6h',
    '?user=bob&metric=cpu_load&metric-bins=2&cluster=small',
    `?clip=${NOW - 7200}-${NOW - 5400}&group-by=user`,
    '?group-by=user&user=nobody',
  ])('has what the others have: %s', async (query) => {
    const named = (names: string[]) => {
      const kept = [...new URLSearchParams(query)].filter(([name]) => names.includes(name));
      return new URLSearchParams(kept);
    };
    const ask = async (path: string, names: string[]) =>
      await bodyOf<{ statistics: object[] }>(await service.get(`/api/statistics/${path}?${named(names)}`));
    const filter = ['user', 'cluster'];
    const { statistics: totals } = await ask('jobs', [...filter, 'clip']);
    const { statistics: groups } = await ask('jobs', [
      ...filter,
      ...['clip', 'group-by', 'sort-by', 'page', 'items-per-page'],
    ]);
    const during = query.includes('clip') ? `during=${NOW - 7200}-${NOW - 5400}` : '';
    const histograms = await bodyOf<object>(
      await service.get(`/api/statistics/histograms?${named([...filter, 'bins', 'metric', 'metric-bins'])}&${during}`),
    );
    expect(await overview(query)).toEqual({
      totals: totals[0],
      groups: query.includes('group-by') ? groups : [],
      ...histograms,
    });
  });

  test('sees what the user may see', async () => {
    const { totals, groups } = await overview('?group-by=user', '/userapi', 'ada', 'user', 'api');
    expect(totals).toMatchObject({ totalJobs: 1, totalUsers: 1 });
    expect(groups).toMatchObject([{ id: 'ada', name: 'Ada L.' }]);
  });

  test.each(['bins=1d', 'group-by=shoe', 'metric-bins=10001'])('refuses %s by name', async (query) => {
    const [status, code, error] = await faultIn(await service.get(`/api/statistics/overview?${query}`));
    expect([status, code]).toEqual([400, 'invalid_request']);
    expect(error).toContain(`query parameter "${query.split('=')[0]}"`);
  });
});
