import type { RunTime } from '../../src/jobs/run-time-curve.ts';
import type { Asked, PastJob, WalltimeAdvice } from '../../src/jobs/walltime-advice.ts';

const RAISES = [0, 0.2, 0.4, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 1];
const LEVELS = [['cluster', 'partition', 'family', 'size'], ['cluster', 'partition', 'size'], ['cluster']] as const;
type Names = readonly (typeof LEVELS)[number][number][];

/** The product-limit estimate by its definition: at each time of an end, the share that goes on is 1 - d / n. */
export function naiveShares(times: readonly RunTime[]): { sec: number; share: number }[] {
  const end = ({ has, sec }: RunTime) => (has === 'ended' ? sec : Number.POSITIVE_INFINITY);
  const ends = [...new Set(times.map(end))].filter(Number.isFinite).sort((a, b) => a - b);
  let longer = 1;
  return ends.map((sec) => {
    const atRisk = times.filter((time) => time.has === 'reached walltime' || time.sec >= sec).length;
    longer *= 1 - times.filter((time) => end(time) === sec).length / atRisk;
    return { sec, share: 1 - longer };
  });
}

function timeFor(shares: readonly { sec: number; share: number }[], wanted: number): number {
  return shares.find(({ share }) => share >= wanted - 1e-9)?.sec ?? Number.POSITIVE_INFINITY;
}

/** The advice by the description in docs/used.md. */
export function naiveAdvice(
  past: readonly PastJob[],
  asked: Asked,
  { coverage, nowSec }: { coverage: number; nowSec: number },
): Pick<WalltimeAdvice, 'walltime' | 'why'> {
  const alike = (job: PastJob | Asked, names: Names) =>
    past.filter((other) => names.every((name) => job[name] === undefined || other[name] === job[name]));
  const knownAt = (job: PastJob, at: number): RunTime =>
    job.has !== 'not ended' && job.startedAt + job.duration <= at
      ? { sec: job.duration, has: job.has }
      : { sec: Math.max(0, at - job.startedAt), has: 'not ended' };
  const estimates = (such: readonly PastJob[], at: number) => {
    const times = such.slice(0, 300).map((job) => knownAt(job, at));
    const n = times.filter(({ has }) => has !== 'not ended').length;
    const share = (coverage * (n + 1)) / n;
    if (n < 20 || share > 1) return undefined;
    const shares = naiveShares(times);
    return RAISES.map((raise) => timeFor(shares, share + (1 - share) * raise));
  };
  const before = (such: readonly PastJob[], at: number) => such.filter(({ startedAt }) => startedAt < at);
  const hasEstimate = (job: PastJob, names: Names) =>
    estimates(before(alike(job, names), job.submittedAt), job.submittedAt) !== undefined;
  next: for (const [level, names] of LEVELS.entries()) {
    const such = alike(asked, names);
    const now = estimates(such, nowSec);
    if (now === undefined) continue;
    const own = such
      .slice(0, 200)
      .filter((job) => !LEVELS.slice(0, level).some((narrow) => hasEstimate(job, narrow)))
      .map((job) => ({ job, given: estimates(before(such, job.submittedAt), job.submittedAt) }));
    for (const [raise, walltime] of now.entries()) {
      const isShorter = walltime < (asked.walltime ?? Number.POSITIVE_INFINITY);
      if (!isShorter) return { walltime: undefined, why: 'not_shorter' };
      const tried = own.flatMap(({ job, given }) => {
        const sec = given?.[raise] ?? Number.POSITIVE_INFINITY;
        const isGiven = sec < (job.walltime || Number.POSITIVE_INFINITY) && job.startedAt + sec <= nowSec;
        return isGiven ? [job.has === 'ended' && job.duration <= sec] : [];
      });
      const kept = tried.filter((isKept) => isKept).length;
      const wanted = coverage * (tried.length + 1);
      if (tried.length < 20 || wanted > tried.length) continue next;
      if (kept >= wanted) return { walltime, why: undefined };
    }
    return { walltime: undefined, why: 'unsteady' };
  }
  return { walltime: undefined, why: 'few_jobs' };
}
