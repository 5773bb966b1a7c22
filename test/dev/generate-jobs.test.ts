import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { answerArchiveRequest } from '../../src/archive/archive-requests.ts';
import { readClusters } from '../../src/archive/version-and-clusters.ts';
import { busyWeeks } from '../../src/dev/busy-weeks.ts';
import { generateJobs } from '../../src/dev/generate-jobs.ts';
import { GENERATED_CLUSTERS, hostsOf, PREEMPT } from '../../src/dev/generated-clusters.ts';
import { generatedSource } from '../../src/dev/generated-source.ts';
import { Random, weightedTable } from '../../src/dev/random.ts';
import type { Job } from '../../src/jobs/job.ts';
import { testFolder } from '../support/folder.ts';

const END = 1_764_000_000;
const options = { jobs: 20_000, seed: 7, endTime: END };
const jobs = [...generateJobs(options)];
const share = (is: (job: Job) => boolean) => jobs.filter(is).length / jobs.length;

describe('generated jobs', () => {
  test('are the same for the same seed, and others for another', () => {
    expect([...generateJobs({ ...options, jobs: 500 })]).toEqual([...generateJobs({ ...options, jobs: 500 })]);
    expect([...generateJobs({ ...options, jobs: 5, seed: 8 })]).not.toEqual(jobs.slice(0, 5));
  });

  test('have ids of their own, and keep the rules of the schema', () => {
    expect(new Set(jobs.map(({ cluster, jobId }) => `${cluster} ${jobId}`)).size).toBe(jobs.length);
    for (const job of jobs) {
      expect(job.resources.length === job.numNodes && job.duration >= 0 && job.startTime < END).toBe(true);
      expect(job.jobState === 'running' || job.startTime + job.duration <= END).toBe(true);
      expect(job.energy >= 0 && Object.values(job.footprint ?? {}).every((value) => value >= 0)).toBe(true);
    }
  });

  test('look like those of a site', () => {
    expect(share(({ jobState }) => jobState === 'completed')).toBeGreaterThan(0.6);
    expect(share(({ jobState }) => jobState === 'failed')).toBeGreaterThan(0.03);
    expect(share(({ jobState }) => jobState === 'running')).toBeGreaterThan(0.0005);
    expect(share(({ arrayJobId }) => arrayJobId !== 0)).toBeGreaterThan(0.1);
    expect(share(({ metaData }) => metaData?.jobName === 'interactive')).toBeGreaterThan(0.001);
    expect(share(({ tags }) => tags.length > 0)).toBeGreaterThan(0.002);
    const byUser = [...Map.groupBy(jobs, ({ user }) => user).values()]
      .map(({ length }) => length)
      .sort((a, b) => b - a);
    const top = byUser.slice(0, Math.ceil(byUser.length / 10)).reduce((sum, count) => sum + count, 0);
    expect(top / jobs.length).toBeGreaterThan(0.4); // a tenth of the users run most of the jobs
    const sorted = (all: readonly string[]) => [...new Set(all)].sort();
    expect(sorted(jobs.map(({ cluster, partition }) => `${cluster}/${partition}`))).toEqual(
      sorted(
        GENERATED_CLUSTERS.flatMap(({ name, partitions }) =>
          [PREEMPT, ...partitions].map((partition) => `${name}/${partition.name}`),
        ),
      ),
    );
    expect(sorted(jobs.map(({ cluster, subCluster }) => `${cluster}/${subCluster}`))).toEqual(
      sorted(GENERATED_CLUSTERS.flatMap(({ name, kinds }) => kinds.map(({ subCluster }) => `${name}/${subCluster}`))),
    );
  });

  test('wait for minutes, a few of them for days, longer where much is asked for', () => {
    const wait = ({ submitTime, startTime }: Job) => startTime - Number(submitTime);
    expect(jobs.every((job) => wait(job) >= 0)).toBe(true);
    const quantile = (some: readonly Job[], part: number) =>
      some.map(wait).sort((a, b) => a - b)[Math.floor(some.length * part)] ?? 0;
    expect(quantile(jobs, 0.5)).toBeGreaterThan(30);
    expect(quantile(jobs, 0.5)).toBeLessThan(3_600);
    expect(quantile(jobs, 0.99)).toBeGreaterThan(100 * quantile(jobs, 0.5) * 0.3);
    const of = (is: (job: Job) => boolean) => quantile(jobs.filter(is), 0.5);
    expect(of(({ partition }) => partition === 'multinode')).toBeGreaterThan(
      2 * of(({ partition }) => partition === 'singlenode'),
    );
    expect(of(({ metaData }) => metaData?.['jobName'] === 'interactive')).toBeLessThan(60);
  });

  test('hold at most the hardware threads of their nodes, also where a site is busy', () => {
    const capacity = new Map(
      GENERATED_CLUSTERS.flatMap(({ name, kinds }) =>
        kinds.map((kind) => [`${name}/${kind.subCluster}`, hostsOf(kind).length * kind.hwthreads]),
      ),
    );
    const changes = new Map<string, { at: number; threads: number }[]>();
    // 70,000 jobs a week.
    for (const made of generateJobs({ jobs: 210_000, seed: 7, endTime: END })) {
      const pool = `${made.cluster}/${made.subCluster}`;
      const [from, to] = [made.startTime, made.startTime + made.duration];
      const all = changes.get(pool) ?? [];
      changes.set(pool, all);
      all.push({ at: from, threads: made.numHwthreads }, { at: to, threads: -made.numHwthreads });
    }
    for (const [pool, all] of changes) {
      all.sort((a, b) => a.at - b.at || a.threads - b.threads);
      let [held, most] = [0, 0];
      for (const { threads } of all) {
        held += threads;
        most = Math.max(most, held);
      }
      expect(most / (capacity.get(pool) ?? 0), pool).toBeGreaterThan(0.5);
      expect(most / (capacity.get(pool) ?? 0), pool).toBeLessThanOrEqual(1);
    }
  });

  test('ask for memory that their nodes have', () => {
    for (const { numNodes, subCluster, cluster, metaData } of generateJobs({ jobs: 2_000, seed: 7, endTime: END })) {
      const [, mb] = /^ *TRES_req=.*,mem=(\d+)M,/m.exec(metaData?.['slurmInfo'] ?? '') ?? [];
      const kind = GENERATED_CLUSTERS.find(({ name }) => name === cluster)?.kinds.find(
        (each) => each.subCluster === subCluster,
      );
      expect(Number(mb)).toBeGreaterThan(0);
      expect((Number(mb) * 2 ** 20) / numNodes).toBeLessThanOrEqual((kind?.memoryGb ?? 0) * 1e9);
    }
  });

  test('that timed out reached their time limit, and failed ones are short', () => {
    for (const job of jobs) {
      if (job.jobState === 'timeout') expect(job.duration).toBeGreaterThanOrEqual(job.walltime);
    }
    const median = (state: string) => {
      const durations = jobs.filter(({ jobState }) => jobState === state).map(({ duration }) => duration);
      return durations.sort((a, b) => a - b)[durations.length >> 1] ?? 0;
    };
    expect(median('failed')).toBeLessThan(median('completed') / 5);
  });
});

describe('generated clusters', () => {
  test('name the nodes of the jobs, and the newest finished jobs have metric data', async () => {
    const archivePath = testFolder();
    const source = await generatedSource({ ...options, jobs: 2000, archivePath, archived: 10 });
    const all: Job[] = [];
    for await (const batch of source.batches()) all.push(...batch.jobs);
    const clusters = await readClusters(archivePath);
    for (const { cluster, subCluster, resources } of all) {
      for (const { hostname } of resources) expect(clusters.subClusterOf(cluster, hostname)).toBe(subCluster);
    }
    const archived = all.filter(({ monitoringStatus }) => monitoringStatus === 3);
    expect(archived).toHaveLength(10);
    const { texts, problems } = await answerArchiveRequest(archivePath, { kind: 'statistics', jobs: archived });
    expect([texts.filter((text) => text !== null).length, problems]).toEqual([10, []]);
    const [job] = archived;
    if (job === undefined) throw new Error('no job');
    const request = { kind: 'jobData', job, metrics: null, scopes: null, resolution: null, shape: 'map' } as const;
    const data = JSON.parse((await answerArchiveRequest(archivePath, request)).texts[0] ?? '');
    expect(data.cpu_load.node.series).toHaveLength(job.numNodes);
    const statistics = JSON.parse(texts[0] ?? '');
    expect(job.footprint?.cpu_load_avg).toBe(statistics.cpu_load.avg);
  });

  test('are not mixed with others of the same name', async () => {
    const archivePath = testFolder();
    await generatedSource({ ...options, archivePath, archived: 0 });
    await generatedSource({ ...options, archivePath, archived: 0 });
    const { writeCluster } = await import('../../src/archive/write-job.ts');
    await writeCluster(archivePath, 'fern', '{}');
    await expect(generatedSource({ ...options, archivePath, archived: 0 })).rejects.toThrow(join(archivePath, 'fern'));
  });
});

describe('busy weeks', () => {
  test('runs from the first second to the end, mostly in working hours', () => {
    const timeAt = busyWeeks(1000, END);
    expect([timeAt(0), timeAt(1)]).toEqual([END - 3 * 604_800, END]);
    const hours = Array.from({ length: 1000 }, (_, at) => new Date(timeAt(at / 1000) * 1000).getUTCHours());
    expect(hours.filter((hour) => hour >= 8 && hour < 18).length).toBeGreaterThan(500);
  });
});

describe('random numbers', () => {
  test('are uniform, and weighted as asked', () => {
    const random = new Random(1);
    const mean = Array.from({ length: 10_000 }, () => random.unit()).reduce((sum, value) => sum + value, 0) / 10_000;
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.02);
    const table = weightedTable(['a', 'b'], (name) => (name === 'a' ? 3 : 1));
    expect(table.filter((name) => name === 'a').length / table.length).toBeCloseTo(0.75, 2);
  });
});
