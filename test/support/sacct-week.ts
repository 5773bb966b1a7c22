import { Random } from '../../src/dev/random.ts';

/** A job of a week as the accounting database knows it. Unix seconds. */
interface WeekJob {
  id: number;
  submit: number;
  start: number;
  end: number;
  state: string;
  user: string;
  hosts: string;
  cpus: number;
  /** Suspended from then on, for so many seconds. */
  suspended?: { from: number; sec: number };
}

const STATES = ['COMPLETED', 'COMPLETED', 'COMPLETED', 'FAILED', 'TIMEOUT', 'CANCELLED by 1000', 'OUT_OF_MEMORY'];
const HEADER =
  'JobID|JobIDRaw|Cluster|Partition|Account|User|Submit|Start|End|Elapsed|State|AllocCPUS|Timelimit|NodeList|JobName';

/** Jobs that start within the week from `from`: minutes to days long, some suspended for hours, some requeued under their id. */
export function sacctWeek(from: number, jobs: number): WeekJob[] {
  const random = new Random(7);
  return Array.from({ length: jobs }, (_, at): WeekJob => {
    const start = from + random.below(7 * 86_400);
    const length = random.chance(0.2) ? Math.floor(random.between(43_200, 259_200)) : random.below(43_200);
    const nodes = Math.floor(random.between(1, 5));
    return {
      id: 100 + (at % 20 === 19 ? at - 1 : at), // each twentieth is another run of the job before
      submit: start - random.below(86_400),
      start,
      end: start + length,
      state: random.pick(STATES),
      user: `u${Math.floor(random.between(1, 10))}`,
      hosts: nodes === 1 ? 'n001' : `n[001-00${nodes}]`,
      cpus: 32 * nodes,
      ...(length > 86_400 && random.chance(0.3)
        ? { suspended: { from: start + 7_200, sec: Math.floor(random.between(3_600, 72_000)) } }
        : {}),
    };
  });
}

/** What `sacct -P -S since -E until` answers at `until`. */
export function sacctDump(jobs: readonly WeekJob[], since: number, until: number): string {
  const seen = jobs.filter(({ submit, end }) => submit < until && end >= since);
  return [HEADER, ...seen.map((job) => recordOf(job, until))].join('\n');
}

function recordOf(job: WeekJob, now: number): string {
  const { id, user, hosts, cpus } = job;
  const hasStarted = job.start <= now;
  const hasEnded = job.end <= now;
  const until = Math.min(job.end, now);
  const suspendedSec =
    job.suspended === undefined ? 0 : Math.min(Math.max(0, until - job.suspended.from), job.suspended.sec);
  const isSuspended = !hasEnded && suspendedSec > 0 && suspendedSec < (job.suspended?.sec ?? 0);
  const state = hasEnded ? job.state : isSuspended ? 'SUSPENDED' : 'RUNNING';
  return [
    id,
    id,
    'week',
    'cpu',
    'prj',
    user,
    iso(job.submit),
    hasStarted ? iso(job.start) : 'Unknown',
    hasEnded ? iso(job.end) : 'Unknown',
    elapsed(hasStarted ? until - job.start - suspendedSec : 0),
    hasStarted ? state : 'PENDING',
    cpus,
    '3-00:00:00',
    hasStarted ? hosts : 'None assigned',
    'week',
  ].join('|');
}

function iso(sec: number): string {
  return new Date(sec * 1000).toISOString().slice(0, 19);
}

function elapsed(sec: number): string {
  return `${Math.floor(sec / 86_400)}-${new Date((sec % 86_400) * 1000).toISOString().slice(11, 19)}`;
}
