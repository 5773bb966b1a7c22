import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ClusterFileSchema } from '../../src/clusters/cluster-schema.ts';
import { Clusters } from '../../src/clusters/clusters.ts';
import { deriveCluster } from '../../src/clusters/derive-cluster.ts';
import { UNUSED_TOTALS } from '../../src/jobs/unused-hours.ts';
import { smallCluster } from '../support/small-cluster.ts';
import { bodyOf, faultIn, job, NOW, type TestApp, testApp } from '../support/test-app.ts';

const HOUR = 3600;

/** The small cluster with accelerators of 100 %, and with one metric restricted. */
function configured(restricted?: string): Clusters {
  const file = smallCluster();
  const accelerators = { ...file.metricConfig[0], name: 'acc_utilization', peak: 100 };
  const metricConfig = [...file.metricConfig, accelerators].map((metric) => ({
    ...metric,
    restrict: metric.name === restricted,
  }));
  return new Clusters([deriveCluster(ClusterFileSchema.parse({ ...file, metricConfig }))]);
}

const alone = { shared: 'none', numNodes: 1, numHwthreads: 8 } as const;
const JOBS = [
  // Half of 8 cores for 10 h: 40 core hours idle. It ended 2 h before its walltime: 16 core hours.
  job({ ...alone, jobId: 1, duration: 10 * HOUR, walltime: 12 * HOUR, footprint: { cpu_load_avg: 4 } }),
  // More processes than cores: none idle, not less.
  job({ ...alone, jobId: 2, duration: 10 * HOUR, walltime: 10 * HOUR, footprint: { cpu_load_avg: 16 } }),
  // Not measured. 8 core hours are not among the measured ones.
  job({ ...alone, jobId: 3, user: 'bob', duration: HOUR, walltime: HOUR, footprint: { cpu_load_avg: 0 } }),
  // Two accelerators for 3 h, idle for 90 % of it: 5.4 of 6 hours, on a node that others used too. It still runs.
  job({
    ...{ ...alone, jobId: 4, user: 'bob', shared: 'multi_user', numAcc: 2, jobState: 'running' },
    ...{ startTime: NOW - 3 * HOUR, walltime: 24 * HOUR, footprint: { cpu_load_avg: 4, acc_utilization_avg: 10 } },
  }),
];

describe('GET /api/statistics/unused', () => {
  let service: TestApp;
  let restricted: TestApp;
  beforeAll(async () => {
    service = await testApp({ jobs: JOBS, service: () => ({ clusters: configured() }) });
    restricted = await testApp({ jobs: JOBS, service: () => ({ clusters: configured('cpu_load') }) });
  });
  afterAll(async () => {
    await service.close();
    await restricted.close();
  });

  const unused = async (query: string, base = '/api', ...who: string[]) => {
    const answer = await service.get(`${base}/statistics/unused${query}`, ...(who as [string?, ...string[]]));
    return (await bodyOf<{ unused: Record<string, unknown>[] }>(answer)).unused;
  };

  test('has the hours that jobs held and did not use', async () => {
    const values = [4, 3, 192, 160, 40, 16, 6, 6, 5]; // 80 + 80 + 8 + 24 core hours
    const totals = Object.fromEntries(UNUSED_TOTALS.map((name, at) => [name, values[at]]));
    expect(await unused('')).toEqual([{ id: '', ...totals }]);
  });

  test('has groups, those that wasted most first, and pages of them', async () => {
    const shown = async (query: string) =>
      (await unused(`?group-by=user${query}`)).map(({ id, idleCoreHours, idleAccHours }) => [
        id,
        idleCoreHours,
        idleAccHours,
      ]);
    const [ada, bob] = [
      ['ada', 40, 0],
      ['bob', 0, 5],
    ];
    expect(await shown('')).toEqual([ada, bob]);
    expect(await shown('&sort-by=idleAccHours')).toEqual([bob, ada]);
    expect(await shown('&sort-by=idleAccHours&items-per-page=1&page=2')).toEqual([ada]);
    expect(await unused('?group-by=user', '/userapi', 'bob', 'api', 'user')).toHaveLength(1);
  });

  test('is a table', async () => {
    const answer = await service.get('/api/statistics/unused.csv?group-by=user&columns=id,idleCoreHours');
    expect(await answer.text()).toBe('"id","idleCoreHours"\r\n"ada",40\r\n"bob",0\r\n');
  });

  test.each([
    ['?sort-by=wasted', '"sort-by" must be one of'],
    ['?group-by=wasted', '"group-by" must be one of'],
    ['?cores-used=busy', '"cores-used" must be'],
  ])('%s is a 400', async (query, message) => {
    const answer = await service.get(`/api/statistics/unused${query}`);
    expect(await faultIn(answer)).toEqual([400, 'invalid_request', expect.stringContaining(message)]);
  });

  test('is forbidden if it shows a metric that is restricted for the caller', async () => {
    const status = async (...who: [string, ...string[]]) =>
      (await restricted.get('/userapi/statistics/unused', ...who)).status;
    expect([await status('ada', 'api', 'user'), await status('root', 'api', 'admin')]).toEqual([403, 200]);
  });

  test('is then left out of the page of a user', async () => {
    const shown = async (...who: [string, ...string[]]) => {
      const answer = await restricted.get('/users/ada', ...who);
      return [answer.status, (await answer.text()).includes('Asked for and not used')];
    };
    expect([await shown('ada', 'user'), await shown('root', 'admin')]).toEqual([
      [200, false],
      [200, true],
    ]);
  });
});
