/** Users and managers never see a metric that the configuration marks `restrict`, on any route. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ClusterFileSchema } from '../../src/clusters/cluster-schema.ts';
import { Clusters } from '../../src/clusters/clusters.ts';
import { deriveCluster } from '../../src/clusters/derive-cluster.ts';
import { smallCluster } from '../support/small-cluster.ts';
import { bodyOf, faultIn, job, NOW, type TestApp, testApp } from '../support/test-app.ts';

const FOOTPRINT = { mem_used_max: 12.5, mem_used_avg: 3, mem_used: 1, cpu_load_avg: 0.1234567890123456, 'odd"key': 7 };
const PLAIN = { cpu_load_avg: 0.1234567890123456, 'odd"key': 7 };
const START = NOW - 7200;

/** `small` restricts mem_used, and `open` does not. `gone` is not configured. */
function configured(): Clusters {
  const file = smallCluster();
  const restricted = {
    ...file,
    metricConfig: file.metricConfig.map((m) => ({ ...m, restrict: m.name === 'mem_used' })),
  };
  const free = { ...file, name: 'open', metricConfig: file.metricConfig.map((m) => ({ ...m, restrict: false })) };
  return new Clusters([restricted, free].map((one) => deriveCluster(ClusterFileSchema.parse(one))));
}

async function archive(root: string, cluster: string, jobId: number) {
  const folder = join(
    root,
    cluster,
    String(Math.trunc(jobId / 1000)),
    String(jobId % 1000).padStart(3, '0'),
    String(START),
  );
  await mkdir(folder, { recursive: true });
  const statistics = { unit: { base: 'x' }, avg: 1, min: 1, max: 1 };
  const meta = { statistics: { mem_used: statistics, cpu_load: statistics } };
  await writeFile(join(folder, 'meta.json'), JSON.stringify(meta));
  const series = [{ hostname: 'n01', statistics: { avg: 1, min: 1, max: 1 }, data: [1, 2] }];
  const metric = { node: { unit: { base: 'x' }, timestep: 60, series } };
  await writeFile(join(folder, 'data.json'), JSON.stringify({ mem_used: metric, cpu_load: metric }));
}

const jobs = ['small', 'open', 'gone'].map((cluster, at) =>
  job({ jobId: 1001 + at, cluster, monitoringStatus: 3, startTime: START, footprint: FOOTPRINT, user: 'ada' }),
);
const start = async (settings = {}) =>
  await testApp({
    jobs,
    settings,
    fill: async ({ archiveRoot }) => {
      for (const [at, cluster] of ['small', 'open', 'gone'].entries()) await archive(archiveRoot, cluster, 1001 + at);
    },
    service: () => ({ clusters: configured() }),
  });

let service: TestApp;
beforeAll(async () => {
  service = await start();
});
afterAll(() => service.close());

const USERS: [string, ...string[]][] = [
  ['ada', 'api', 'user'],
  ['ada', 'api', 'manager'],
];
const SEEING: [string, ...string[]][] = [
  ['robot', 'api'],
  ['sue', 'api', 'support'],
  ['root', 'api', 'admin'],
];
const SHOWN = [
  'jobs/?items-per-page=9',
  'jobs/1',
  'jobs/1?all-metrics=true',
  'jobs/metrics/1',
  'jobs/metrics/1?metric=mem_used',
];
const REFUSED = [
  'jobs/?metric.mem_used_max=1-',
  'jobs/?metric.mem_used_std=1-',
  'jobs/count?metric.mem_used_avg=1-',
  'jobs/count?metric.mem_used_avg=1-&cluster=open&cluster=small',
  'jobs/count?metric.mem_used_avg=1-&cluster=gone',
  'statistics/jobs?metric.mem_used_max=1-',
  'statistics/histograms?metric.mem_used_max=1-',
  'statistics/histograms?metric=mem_used',
  'statistics/overview?metric=mem_used',
  'statistics/percentiles?of=metric.mem_used_max',
  'statistics/percentiles?of=metric.mem_used_std&group-by=cluster',
  'statistics/percentiles?of=wait&metric.mem_used_max=1-',
  'jobs/count?memory-used=0.5-',
  'jobs.csv?columns=memoryUsed',
  'statistics/percentiles?of=memory-used',
];

interface Shown {
  cluster: string;
  footprint: Record<string, number>;
  statistics: Record<string, unknown>;
}

describe.each(USERS)('%s, %s %s', (...who) => {
  test('gets no field of it, and all others with all their digits', async () => {
    const answer = await service.get('/userapi/jobs/?items-per-page=9', ...who);
    const { jobs: list } = await bodyOf<{ jobs: Shown[] }>(answer);
    const byCluster = Object.fromEntries(list.map((one) => [one.cluster, one]));
    expect(byCluster['small']?.footprint).toEqual(PLAIN);
    expect(byCluster['gone']?.footprint).toEqual(PLAIN);
    expect(byCluster['open']?.footprint).toEqual(FOOTPRINT);
    expect(Object.keys(byCluster['small']?.statistics ?? {})).toEqual(['cpu_load']);
    expect(Object.keys(byCluster['open']?.statistics ?? {})).toEqual(['mem_used', 'cpu_load']);
  });

  test.each(SHOWN.slice(1))('%s does not hold it', async (path) => {
    const answer = await service.get(`/userapi/${path}`, ...who);
    expect(answer.status).toBe(200);
    expect(await answer.text()).not.toContain('mem_used');
    const other = await service.get(`/userapi/${path.replace('1', '2')}`, ...who);
    expect(await other.text()).toContain('mem_used');
  });

  test('POST jobs/{id} does not hold it', async () => {
    for (const body of [null, ['mem_used', 'cpu_load']]) {
      const text = await (await service.send('POST', '/userapi/jobs/1', body, ...who)).text();
      expect(text).not.toContain('mem_used');
      expect(text).toContain('"name":"cpu_load"');
    }
  });

  test.each(REFUSED)('%s is refused', async (path) => {
    expect((await faultIn(await service.get(`/userapi/${path}`, ...who))).slice(0, 2)).toEqual([403, 'forbidden']);
  });

  test('may filter by it where no cluster in reach restricts it', async () => {
    for (const path of [
      'jobs/count?metric.mem_used_max=1-&cluster=open',
      'statistics/histograms?metric=mem_used&cluster=open',
      'statistics/percentiles?of=metric.mem_used_max&cluster=open',
      'statistics/percentiles?of=metric.cpu_load_avg',
    ]) {
      expect((await service.get(`/userapi/${path}`, ...who)).status).toBe(200);
    }
  });
});

describe.each(SEEING)('%s, %s %s', (...who) => {
  test.each(SHOWN)('%s holds it', async (path) => {
    expect(await (await service.get(`/userapi/${path}`, ...who)).text()).toContain('mem_used');
  });

  test.each(REFUSED)('%s is answered', async (path) => {
    expect((await service.get(`/userapi/${path}`, ...who)).status).toBe(200);
  });
});

test('RESTRICTED_METRICS=show answers it to everyone', async () => {
  const open = await start({ RESTRICTED_METRICS: 'show' });
  try {
    for (const path of SHOWN) {
      expect(await (await open.get(`/userapi/${path}`, 'ada', 'api', 'user')).text()).toContain('mem_used');
    }
    for (const path of REFUSED) expect((await open.get(`/userapi/${path}`, 'ada', 'api', 'user')).status).toBe(200);
  } finally {
    await open.close();
  }
});
