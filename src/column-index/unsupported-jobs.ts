import { Unsupported } from './index-errors.ts';
import type { OddJob } from './source/job-reader.ts';

/** The jobs that the index does not hold, as shown to operators. */
export interface OddJobs {
  readonly jobs: number;
  /** Ids of some of these jobs. They are strings because they have 64 bits. */
  readonly ids: readonly string[];
  /** The reason for the first job. */
  readonly reason: string;
}

/** Each answer first checks the filter against all odd jobs, which takes about 10 µs per job. */
const MOST_ODD = 10_000;
const SHOWN_IDS = 10;

/** Throws Unsupported if there are too many odd jobs. */
export function checkOdd(odd: readonly OddJob[]): void {
  const [first] = odd;
  if (first === undefined || odd.length <= MOST_ODD) return;
  throw new Unsupported(`more than ${MOST_ODD} jobs are not supported; of job ${first.id} ${first.reason}`);
}

export function shownOdd(odd: readonly OddJob[]): OddJobs {
  const ids = odd.slice(0, SHOWN_IDS).map(({ id }) => String(id));
  return { jobs: odd.length, ids, reason: odd[0]?.reason ?? '' };
}

/**
 * Returns the odd jobs after a change: those that did not change, and those found among the changed jobs. Returns the
 * same list if it stays as it is.
 */
export function followedOdd(odd: readonly OddJob[], changed: readonly bigint[], found: readonly OddJob[]) {
  const ids = new Set(changed);
  const unchanged = odd.filter(({ id }) => !ids.has(id));
  return found.length === 0 && unchanged.length === odd.length ? odd : [...unchanged, ...found];
}
