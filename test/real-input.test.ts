/**
 * The service with real jobs: the sacct trace together with cc-backend's sample database. Its answers are compared with
 * sums over the raw lines and rows, computed by other means (split, node:sqlite). Runs only if the files exist.
 * test/import, test/db and test/routes check the same with generated data.
 */
import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readClusters } from '../src/archive/version-and-clusters.ts';
import type { ImportSource } from '../src/import/batch.ts';
import { databaseSource } from '../src/import/db/foreign-source.ts';
import { importJobs } from '../src/import/import-jobs.ts';
import { sacctFiles } from './support/sacct-file.ts';
import { bodyOf, type TestApp, testApp } from './support/test-app.ts';

const DATA = join(import.meta.dirname, '../../shared/data');
const TRACE = join(DATA, 'traces/xdmod-pozidriv-sacct.psv');
const SAMPLE = join(DATA, 'cc/job.db');

/** The data of a job that the sums need. */
interface Plain {
  jobId: number;
  cluster: string;
  user: string;
  project: string;
  state: string;
  start: number;
  duration: number;
  nodes: number;
  cores: number;
  accs: number;
  footprint: Record<string, number>;
}

/** Fields by position, as in the README of the trace. */
function traceJobs(): Plain[] {
  return readFileSync(TRACE, 'utf8')
    .trimEnd()
    .split('\n')
    .flatMap((line) => {
      const field = line.split('|');
      const at = (place: number) => field[place - 1] ?? '';
      if (at(25) === 'None assigned') return []; // it never started, so it has no host
      const [, days = '0', h = '0', m = '0', s = '0'] = /^(?:(\d+)-)?(\d+):(\d+):(\d+)$/.exec(at(15)) ?? [];
      return [
        {
          jobId: Number(at(1)),
          cluster: at(3),
          user: at(9),
          project: at(6),
          state: at(17).split(' ')[0]?.toLowerCase() ?? '',
          start: Date.parse(`${at(13)}Z`) / 1000,
          duration: Number(days) * 86_400 + Number(h) * 3600 + Number(m) * 60 + Number(s),
          nodes: Number(at(18)),
          cores: Number(at(19)),
          accs: 0,
          footprint: {},
        },
      ];
    });
}

function sampleJobs(copy: string): Plain[] {
  const db = new DatabaseSync(copy);
  const rows = db.prepare('SELECT *, CAST(footprint AS TEXT) AS prints FROM job').all();
  db.close();
  return rows.map((row) => ({
    jobId: Number(row['job_id']),
    cluster: String(row['cluster']),
    user: String(row['hpc_user']),
    project: String(row['project']),
    state: String(row['job_state']),
    start: Number(row['start_time']),
    duration: Number(row['duration']),
    nodes: Number(row['num_nodes']),
    cores: Number(row['num_hwthreads']),
    accs: Number(row['num_acc']),
    footprint: JSON.parse(String(row['prints'])),
  }));
}

const sum = (jobs: readonly Plain[], value: (job: Plain) => number) => jobs.reduce((all, job) => all + value(job), 0);

/** The number of jobs per value, ascending. */
function counted(jobs: readonly Plain[], value: (job: Plain) => number) {
  return Object.entries(Object.groupBy(jobs, (job) => String(value(job))))
    .map(([text, alike = []]) => ({ value: Number(text), count: alike.length }))
    .sort((a, b) => a.value - b.value);
}

describe('the trace and the sample database, served', () => {
  let service: TestApp;
  let jobs: Plain[];

  beforeAll(async () => {
    const clusters = await readClusters(join(DATA, 'cc/archive'));
    service = await testApp({ service: () => ({ clusters }) });
    const report = { progress: () => {}, bad: () => {} };
    const load = (source: ImportSource) => importJobs(service.db, source, report, new AbortController().signal);
    await load(await sacctFiles([TRACE], { clusters }));
    const sample = await databaseSource(SAMPLE, service.archiveRoot.replace(/archive$/, ''));
    await load(sample);
    await sample.close();
    const copy = service.archiveRoot.replace(/archive$/, 'copy.db');
    copyFileSync(SAMPLE, copy);
    jobs = [...traceJobs(), ...sampleJobs(copy)];
  });
  afterAll(() => service.close());

  const ask = async <Body>(path: string) => await bodyOf<Body>(await service.get(path));

  test('all of them are there, and counted by what they are', async () => {
    expect(jobs).toHaveLength(11_285 + 544);
    const count = async (query: string) => (await ask<{ count: number }>(`/api/jobs/count?${query}`)).count;
    expect(await count('')).toBe(jobs.length);
    for (const state of ['completed', 'failed', 'cancelled', 'timeout', 'preempted', 'running']) {
      expect([state, await count(`state=${state}`)]).toEqual([state, jobs.filter((job) => job.state === state).length]);
    }
    expect(await count('duration=3600-&num-nodes=1-1&cluster=alex&cluster=pozidriv')).toBe(
      jobs.filter((job) => job.duration >= 3600 && job.nodes === 1 && job.cluster !== 'fritz').length,
    );
    expect(await count('user.starts-with=TUR')).toBe(jobs.filter((job) => job.user.startsWith('tur')).length);
  });

  test.each(['user', 'project', 'cluster'] as const)('the totals of each %s', async (by) => {
    type Totals = Record<string, string | number>;
    const { statistics } = await ask<{ statistics: Totals[] }>(`/api/statistics/jobs?group-by=${by}`);
    const hours = (alike: readonly Plain[], value: (job: Plain) => number) =>
      Math.floor(sum(alike, (job) => job.duration * value(job)) / 3600);
    const expected = Object.entries(Object.groupBy(jobs, (job) => job[by]))
      .map(([id, alike = []]) => ({
        id,
        name: '',
        totalJobs: alike.length,
        totalUsers: new Set(alike.map(({ user }) => user)).size,
        runningJobs: 0,
        shortJobs: alike.filter(({ duration }) => duration < 300).length,
        totalWalltime: hours(alike, () => 1),
        totalNodes: sum(alike, ({ nodes }) => nodes),
        totalNodeHours: hours(alike, ({ nodes }) => nodes),
        totalCores: sum(alike, ({ cores }) => cores),
        totalCoreHours: hours(alike, ({ cores }) => cores),
        totalAccs: sum(alike, ({ accs }) => accs),
        totalAccHours: hours(alike, ({ accs }) => accs),
      }))
      .sort((a, b) => (a.id < b.id ? -1 : 1));
    expect(statistics).toEqual(expected);
  });

  test('the histograms of duration, nodes, cores and accelerators', async () => {
    const found = await ask<Record<string, { value: number; count: number }[]>>('/api/statistics/histograms?bins=6h');
    const width = 6 * 3600;
    const bins = Array.from({ length: 12 }, (_, bin) => ({
      value: (bin + 1) * width,
      count: jobs.filter(({ duration }) => Math.floor(duration / width) === bin).length,
    }));
    expect(found).toMatchObject({
      histDuration: bins,
      histNumNodes: counted(jobs, ({ nodes }) => nodes),
      histNumCores: counted(jobs, ({ cores }) => cores),
      histNumAccs: counted(jobs, ({ accs }) => accs),
    });
  });

  test('the histogram of a metric, up to the peak in cluster.json', async () => {
    const path = '/api/statistics/histograms?cluster=alex&metric=flops_any&metric-bins=8';
    const { histMetrics } = await ask<{ histMetrics: unknown[] }>(path);
    const peak = 9216; // alex/cluster.json, GFlops/s
    const values = jobs
      .filter(({ cluster }) => cluster === 'alex')
      .flatMap((job) => job.footprint['flops_any_avg'] ?? []);
    const binOf = (value: number) => Math.min(Math.trunc((value / peak) * 8) + 1, 8);
    const data = Array.from({ length: 8 }, (_, index) => ({
      bin: index + 1,
      count: values.filter((value) => value <= peak && binOf(value) === index + 1).length,
      min: (peak / 8) * index,
      max: (peak / 8) * (index + 1),
    }));
    expect(values.filter((value) => value <= peak).length).toBeGreaterThan(100);
    expect(histMetrics).toEqual([{ metric: 'flops_any', unit: 'GFlops/s', stat: 'avg', data }]);
  });

  test('lists, newest first, in pages that make up the whole', async () => {
    type List = { jobs: { jobId: number; startTime: number; cluster: string }[] };
    const all = (await ask<List>('/api/jobs/?items-per-page=20000')).jobs;
    expect(all.map(({ startTime }) => startTime)).toEqual(jobs.map(({ start }) => start).sort((a, b) => b - a));
    const key = (cluster: string, jobId: number) => `${cluster} ${jobId}`;
    expect(all.map((job) => key(job.cluster, job.jobId)).sort()).toEqual(
      jobs.map((job) => key(job.cluster, job.jobId)).sort(),
    );
    const third = (await ask<List>('/api/jobs/?items-per-page=1000&page=3')).jobs;
    expect(third).toEqual(all.slice(2000, 3000));
  });
});
