import { type RunTime, type RunTimeCurve, runTimeCurve, timeWithin } from './run-time-curve.ts';

/** A job that has started. */
export interface PastJob {
  readonly cluster: string;
  readonly partition: string;
  /** The job name without trailing digits and separators. */
  readonly family: string;
  /** The smallest number of nodes of its size class. */
  readonly size: number;
  /** Unix seconds. At the submission the advice is needed. It is the start if it is unknown. */
  readonly submittedAt: number;
  readonly startedAt: number;
  /** In seconds, until now if it still runs. */
  readonly duration: number;
  /** 0 if it is unknown. */
  readonly walltime: number;
  readonly has: RunTime['has'];
}

/** The properties in which jobs are alike, besides their user. */
export type Likeness = 'cluster' | 'partition' | 'family' | 'size';
/** What is known of the job for which advice is asked. */
export type Asked = { readonly [Name in Likeness | 'walltime']?: PastJob[Name] | undefined };

/** From narrow to wide. */
const ALIKE: readonly (readonly Likeness[])[] = [
  ['cluster', 'partition', 'family', 'size'],
  ['cluster', 'partition', 'size'],
  ['cluster'],
];

/** Without as many, there is no advice. */
export const LEAST_JOBS = 20;
/** The newest jobs that an estimate uses. */
const ESTIMATE_JOBS = 300;
/** The newest jobs on which estimates are tried out. */
const TRIED_JOBS = 200;
/**
 * How far an estimate is raised towards the longest run time, if earlier estimates were not enough. 1 is the longest.
 */
const RAISES = [0, 0.2, 0.4, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 1];

export interface WalltimeAdvice {
  /** Seconds. Undefined without advice, for the reason `why`. */
  readonly walltime: number | undefined;
  /**
   * - `few_jobs`: fewer than LEAST_JOBS such jobs have ended, or too few have tried the advice out
   * - `unsteady`: run times change so much that earlier advice would not have been kept
   * - `not_shorter`: such jobs need what was asked for
   */
  readonly why: 'few_jobs' | 'unsteady' | 'not_shorter' | undefined;
  /** The properties that the jobs share. */
  readonly alike: readonly Likeness[];
  /** The jobs on which it rests: those that have ended, and of them those that would have ended within it. */
  readonly jobs: number;
  readonly within: number;
  /** Those that reached their walltime. */
  readonly reachedWalltime: number;
  /** The earlier advice that was tried out, and of it the advice within which the job ended. */
  readonly tried: number;
  readonly kept: number;
}

/**
 * Returns a walltime within which a share `coverage` of jobs like the asked one end. `past` are jobs of its user, newest
 * start first.
 *
 * The estimate is a quantile of the run times of the newest such jobs, with the correction of conformal prediction: of n
 * jobs the one at (n + 1) * coverage. That is right if jobs do not change. Since they do, the same estimate is made for
 * each of the last jobs, from what was known at its submission. If too few of them would have ended within it, the
 * quantile is raised, or there is no advice. docs/used.md has measurements.
 */
export function walltimeAdvice(
  past: readonly PastJob[],
  asked: Asked,
  { coverage, nowSec }: { readonly coverage: number; readonly nowSec: number },
): WalltimeAdvice {
  const alike = likenessOf(past);
  let first: WalltimeAdvice | undefined;
  for (const [level, all] of ALIKE.entries()) {
    const names = all.filter((name) => asked[name] !== undefined);
    const such = alike(asked, names);
    const isOwn = (job: PastJob) =>
      !ALIKE.slice(0, level).some((narrow) => hasEstimate(alike(job, narrow), job, coverage));
    const tried = such.slice(0, TRIED_JOBS).filter(isOwn);
    const found = { ...adviceOf(such, tried, asked.walltime ?? 0, { coverage, nowSec }), alike: names };
    if (found.why !== 'few_jobs') return found;
    first ??= found;
  }
  return first ?? { ...NONE, why: 'few_jobs', alike: [] };
}

/** Returns a function for the jobs that share some properties with a job, newest start first. */
function likenessOf(past: readonly PastJob[]) {
  const groups = new Map<string, Map<string, PastJob[]>>();
  const keyOf = (job: Asked, names: readonly Likeness[]) => JSON.stringify(names.map((name) => job[name]));
  return (job: Asked, names: readonly Likeness[]): readonly PastJob[] => {
    const grouped = groups.get(names.join()) ?? Map.groupBy(past, (one) => keyOf(one, names));
    groups.set(names.join(), grouped);
    return grouped.get(keyOf(job, names)) ?? [];
  };
}

const NONE = { walltime: undefined, jobs: 0, within: 0, reachedWalltime: 0, tried: 0, kept: 0 } as const;

/** Advice from jobs that are alike. `tried` are those whose advice would have come from such jobs. */
function adviceOf(
  such: readonly PastJob[],
  tried: readonly PastJob[],
  walltime: number,
  { coverage, nowSec }: { readonly coverage: number; readonly nowSec: number },
): Omit<WalltimeAdvice, 'alike'> {
  const newest = such.slice(0, ESTIMATE_JOBS);
  const curve = runTimeCurve(newest.map((job) => knownAt(job, nowSec)));
  const counts = { jobs: curve.jobs, reachedWalltime: newest.filter(({ has }) => has === 'reached walltime').length };
  const shares = sharesFor(curve, coverage);
  if (shares === undefined) return { ...NONE, ...counts, why: 'few_jobs' };
  const earlier = tried.map((job) => ({ job, estimates: estimatesAt(such, job.submittedAt, coverage) }));
  for (const [raise, share] of shares.entries()) {
    const seconds = timeWithin(curve, share);
    if (seconds === Number.POSITIVE_INFINITY || (walltime > 0 && seconds >= walltime)) {
      return { ...NONE, ...counts, why: 'not_shorter' };
    }
    const record = recordOf(
      earlier.map(({ job, estimates }) => ({ job, advice: estimates?.[raise] })),
      nowSec,
    );
    const wanted = coverage * (record.tried + 1);
    // Without a record it is not known whether the jobs change.
    if (record.tried < LEAST_JOBS || record.tried < wanted) return { ...NONE, ...counts, ...record, why: 'few_jobs' };
    if (record.kept < wanted) continue;
    const within = newest.filter(({ has, duration }) => has === 'ended' && duration <= seconds).length;
    return { ...counts, ...record, walltime: seconds, why: undefined, within };
  }
  return { ...NONE, ...counts, why: 'unsteady' };
}

/** Of earlier advice that was shorter than the walltime: how much of it was enough. */
function recordOf(earlier: readonly { job: PastJob; advice: number | undefined }[], nowSec: number) {
  let [tried, kept] = [0, 0];
  for (const { job, advice } of earlier) {
    if (advice === undefined || advice === Number.POSITIVE_INFINITY || (job.walltime > 0 && advice >= job.walltime))
      continue;
    // Before that it is not known whether the job ends within it. To count jobs that have would favour short ones.
    if (job.startedAt + advice > nowSec) continue;
    tried += 1;
    if (job.has === 'ended' && job.duration <= advice) kept += 1;
  }
  return { tried, kept };
}

/** The estimates of the jobs that had started at some time, from what was known then. Undefined if too few had ended. */
function estimatesAt(such: readonly PastJob[], atSec: number, coverage: number): number[] | undefined {
  const curve = runTimeCurve(newestBefore(such, atSec).map((job) => knownAt(job, atSec)));
  return sharesFor(curve, coverage)?.map((share) => timeWithin(curve, share));
}

/** The share for each of RAISES. Undefined if the jobs are too few for any share. */
function sharesFor({ jobs }: Pick<RunTimeCurve, 'jobs'>, coverage: number): number[] | undefined {
  const share = (coverage * (jobs + 1)) / jobs;
  if (jobs < LEAST_JOBS || share > 1) return undefined;
  return RAISES.map((raise) => share + (1 - share) * raise);
}

/** True if the jobs that are alike were enough for an estimate when a job was submitted. */
function hasEstimate(such: readonly PastJob[], { submittedAt }: PastJob, coverage: number): boolean {
  const before = newestBefore(such, submittedAt);
  const jobs = before.filter((job) => knownAt(job, submittedAt).has !== 'not ended').length;
  return sharesFor({ jobs }, coverage) !== undefined;
}

/** `such` is in descending order of the start. */
function newestBefore(such: readonly PastJob[], atSec: number): readonly PastJob[] {
  const first = such.findIndex(({ startedAt }) => startedAt < atSec);
  return first < 0 ? [] : such.slice(first, first + ESTIMATE_JOBS);
}

function knownAt({ startedAt, duration, has }: PastJob, atSec: number): RunTime {
  const isKnown = has !== 'not ended' && startedAt + duration <= atSec;
  return isKnown ? { sec: duration, has } : { sec: Math.max(0, atSec - startedAt), has: 'not ended' };
}
