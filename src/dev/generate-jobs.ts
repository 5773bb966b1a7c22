import type { Job } from '../jobs/job.ts';
import { busyWeeks } from './busy-weeks.ts';
import { GENERATED_CLUSTERS } from './generated-clusters.ts';
import { jobOf, type Submission } from './generated-job.ts';
import { waitSec } from './generated-waits.ts';
import { Occupancy } from './occupancy.ts';
import { type Pool, population, type Template } from './population.ts';
import { Random } from './random.ts';

export interface GenerateOptions {
  /** The number of jobs. */
  jobs: number;
  seed: number;
  /** "Now" of the generated site in Unix seconds. All jobs start before it. Jobs that would end later are running. */
  endTime: number;
}

/** The first job id. The ids of different clusters are far apart, as on real sites. */
const FIRST_JOB_ID = 100_000;
/** Maximum number of seconds between two jobs of one submission. The average is half of it. */
const BURST_STEP_SEC = 3;
/** Submissions looked at until one fits. */
const MOST_TRIES = 200;
/** Fraction of submissions in which nearly all jobs fail. */
const BROKEN_RATE = 0.02;

/** Realistic jobs in the order of their submission. The same options give the same jobs. */
export function* generateJobs({ jobs, seed, endTime }: GenerateOptions): Generator<Job, void, void> {
  const random = new Random(seed);
  const templates = population(seed, jobs);
  const timeAt = busyWeeks(jobs, endTime);
  // Of their own, so that waits leave all else as it is.
  const waits = new Random(seed ^ 0x3a17);
  const nextId = new Map(GENERATED_CLUSTERS.map(({ name }, at) => [name, FIRST_JOB_ID + at * 50_000_000]));
  const occupancies = new Map(
    [...new Set(templates.map(({ pool }) => pool))].map((pool) => [pool, new Occupancy(pool)]),
  );
  for (let made = 0; made < jobs; ) {
    let startTime = timeAt(made / jobs);
    const { template, room } = fitting(random, templates, occupancies, startTime);
    const { name } = template.pool.cluster;
    const wanted = template.burst === 1 ? 1 : 1 + random.below(template.burst * 2);
    const size = Math.min(jobs - made, wanted, room);
    let jobId = nextId.get(name) ?? FIRST_JOB_ID;
    const isArray = template.isArray && size > 1;
    const submission: Submission = { template, broken: random.chance(BROKEN_RATE), arrayJobId: isArray ? jobId : 0 };
    const submitTime = startTime - waitSec(waits, template);
    for (let at = 0; at < size; at++) {
      startTime = Math.min(endTime - 1, startTime + random.below(BURST_STEP_SEC));
      const job = jobOf(random, submission, jobId++, { submitTime, startTime }, endTime);
      const { duration, jobState, numHwthreads } = job;
      const untilSec = jobState === 'running' ? Number.POSITIVE_INFINITY : startTime + duration;
      occupancies.get(template.pool)?.hold(untilSec, numHwthreads);
      yield job;
    }
    made += size;
    // Ids have gaps, from job steps, other tools, and jobs cancelled before they began.
    nextId.set(name, jobId + random.below(3));
  }
}

/**
 * Picks a template whose pool has room for a job now, with the number of jobs for which there is room. Users whose jobs
 * do not fit submit them at another time.
 */
function fitting(
  random: Random,
  templates: readonly Template[],
  occupancies: ReadonlyMap<Pool, Occupancy>,
  atSec: number,
): { template: Template; room: number } {
  for (let tries = 1; ; tries += 1) {
    const template = random.pick(templates);
    const room = occupancies.get(template.pool)?.roomAt(atSec, template.hwthreads) ?? 1;
    // If nothing fits, one job too many is better than none.
    if (room > 0 || tries === MOST_TRIES) return { template, room: Math.max(1, room) };
  }
}
