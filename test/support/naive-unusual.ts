import type { Job } from '../../src/jobs/job.ts';
import { FAILED_STATES, isUnended } from '../../src/jobs/job-enums.ts';
import type { Unusual } from '../../src/jobs/unusual-kinds.ts';

const [HOUR, DAY] = [3600, 86_400];

/** P(at least `failed` of `jobs`), each with numerator / denominator, in exact fractions. */
export function exactTail(jobs: number, failed: number, numerator: number, denominator: number): number {
  const [p, q] = [BigInt(numerator), BigInt(denominator - numerator)];
  let [sum, choose] = [0n, 1n];
  for (let k = 0; k <= jobs; k += 1) {
    if (k > 0) choose = (choose * BigInt(jobs - k + 1)) / BigInt(k);
    if (k >= failed) sum += choose * p ** BigInt(k) * q ** BigInt(jobs - k);
  }
  const all = BigInt(denominator) ** BigInt(jobs);
  // 20 digits are enough, wherever they begin.
  const shift = 10n ** BigInt(Math.max(0, String(all).length - String(sum).length + 20));
  return Number((sum * shift) / all) / Number(shift);
}

/** What docs/pages.md calls unusual, over jobs in memory that an admin sees. */
export function naiveUnusual(jobs: readonly Job[], now: number): Unusual[] {
  return [
    ...overdue(jobs, now),
    ...idleCores(jobs, now),
    ...failures(jobs, now),
    ...use(jobs, now),
    ...silence(jobs, now),
    ...waits(jobs, now),
  ];
}

const isToday = (now: number) => (job: Job) => job.startTime >= now - DAY;
const hasFailed = ({ jobState }: Job) => FAILED_STATES.some((state) => state === jobState);

function overdue(jobs: readonly Job[], now: number): Unusual[] {
  const late = jobs.filter(
    (job) => job.jobState === 'running' && Number(job.startTime) + Number(job.walltime) < now - 600,
  );
  return late.length === 0 ? [] : [{ kind: 'overdue', about: { ids: '' }, numbers: { jobs: late.length } }];
}

function idleCores(jobs: readonly Job[], now: number): Unusual[] {
  const idle = jobs.filter(({ jobState, startTime, footprint, numNodes, numHwthreads }) => {
    const load = Number(footprint?.['cpu_load_avg'] ?? 0);
    if (jobState !== 'running' || startTime > now - HOUR || load === 0) return false;
    return (load * numNodes) / numHwthreads <= 0.05;
  });
  const hwthreads = idle.reduce((sum, job) => sum + job.numHwthreads, 0);
  return idle.length === 0 ? [] : [{ kind: 'idle cores', about: {}, numbers: { jobs: idle.length, hwthreads } }];
}

function failures(jobs: readonly Job[], now: number): Unusual[] {
  const ended = jobs.filter(isToday(now)).filter(({ jobState }) => !isUnended(jobState));
  const hosts = [...new Set(ended.map(hostOf))];
  return hosts.flatMap((node): Unusual[] => {
    const [here, others] = [ended.filter((job) => hostOf(job) === node), ended.filter((job) => hostOf(job) !== node)];
    const [failed, otherFailed] = [here.filter(hasFailed), others.filter(hasFailed)];
    const users = new Set(failed.map(({ user }) => user)).size;
    if (failed.length < 5 || users < 2 || others.length < 50) return [];
    const [numerator, denominator] = [otherFailed.length + 1, others.length + 2];
    const chance = exactTail(here.length, failed.length, numerator, denominator) * hosts.length;
    if (chance >= 0.001 || failed.length / here.length < (2 * numerator) / denominator) return [];
    const numbers = {
      failed: failed.length,
      jobs: here.length,
      otherFailed: otherFailed.length,
      otherJobs: others.length,
    };
    return [
      { kind: 'failures', about: { cluster: 'small', subcluster: 'main', node }, numbers: { ...numbers, chance } },
    ];
  });
}

function hostOf({ resources }: Job): string {
  return resources[0]?.hostname ?? '';
}

function use(jobs: readonly Job[], now: number): Unusual[] {
  const before = now - 29 * DAY;
  if (jobs.filter(({ startTime }) => startTime >= before && startTime <= before + 14 * DAY).length < 100) return [];
  const total = hours(jobs, now - DAY, now, now);
  return (['user', 'project'] as const).flatMap((of) =>
    [...new Set(jobs.map((job) => job[of]))]
      .map((name) => ({ name, own: jobs.filter((job) => job[of] === name) }))
      .flatMap(({ name, own }): Unusual[] => {
        const coreHours = hours(own, now - DAY, now, now);
        const usualCoreHours = Math.round(hours(own, before, now - DAY, now) / 28);
        if (coreHours < 100 || coreHours < total / 10 || coreHours < 5 * usualCoreHours) return [];
        const about = of === 'user' ? { user: name } : { project: name };
        return [{ kind: 'use', about, numbers: { coreHours, usualCoreHours, share: coreHours / total } }];
      }),
  );
}

/** Core hours within a range, rounded down. */
function hours(jobs: readonly Job[], from: number, to: number, now: number): number {
  const seconds = jobs.map(({ startTime, jobState, duration, numHwthreads }) => {
    const end = jobState === 'running' ? now : startTime + duration;
    return Math.max(0, Math.min(to, end) - Math.max(from, startTime)) * numHwthreads;
  });
  return Math.floor(seconds.reduce((sum, one) => sum + one, 0) / HOUR);
}

function silence(jobs: readonly Job[], now: number): Unusual[] {
  const starts = jobs.filter(({ startTime }) => startTime >= now - 28 * DAY && startTime <= now);
  if (starts.length < 200) return [];
  const first = Math.min(...starts.map(({ startTime }) => Math.floor(startTime / HOUR)));
  const active = new Set(starts.map(({ startTime }) => Math.floor(startTime / HOUR)));
  let [pause, longest] = [0, 0];
  for (let hour = first; hour < Math.floor(now / HOUR); hour += 1) {
    if (active.has(hour)) {
      longest = Math.max(longest, pause);
      pause = 0;
    } else pause += 1;
  }
  if (active.has(Math.floor(now / HOUR)) || pause < 3 || pause < 2 * longest) return [];
  return [{ kind: 'silence', about: { cluster: 'small' }, numbers: { hours: pause, usualHours: longest } }];
}

function waits(jobs: readonly Job[], now: number): Unusual[] {
  const known = jobs.filter(({ submitTime, startTime }) => submitTime > 0 && submitTime <= startTime);
  return [...new Set(jobs.map(({ partition }) => partition))].flatMap((partition): Unusual[] => {
    const own = known.filter((job) => job.partition === partition);
    const today = own.filter(isToday(now));
    const before = own.filter(({ startTime }) => startTime < now - DAY && startTime >= now - 29 * DAY);
    if (today.length < 20 || before.length < 100) return [];
    const [medianSec, usualMedianSec] = [median(today), median(before)];
    if (medianSec < 1800 || medianSec < 3 * usualMedianSec || medianSec < usualMedianSec + 1800) return [];
    return [
      {
        kind: 'wait',
        about: { cluster: 'small', partition },
        numbers: { medianSec, usualMedianSec, jobs: today.length },
      },
    ];
  });
}

function median(jobs: readonly Job[]): number {
  const sorted = jobs
    .map(({ startTime, submitTime }) => Number(startTime) - Number(submitTime))
    .toSorted((a, b) => a - b);
  return sorted[Math.ceil(sorted.length / 2) - 1] ?? 0;
}
