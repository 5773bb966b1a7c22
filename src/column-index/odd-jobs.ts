import { Unsupported } from './index-errors.ts';
import type { OddJob } from './read/job-reader.ts';

/** What operators see of the jobs that the index does not hold. */
export interface OddJobs {
  readonly jobs: number;
  /** Of some of them. 64 bits, so texts. */
  readonly ids: readonly string[];
  /** Of the first. */
  readonly reason: string;
}

/** Before each answer the filter is asked of all of them, which takes some 10 µs each. */
const MOST_ODD = 10_000;
const SHOWN_IDS = 10;

/** Throws Unsupported if there are too many. */
export function checkOdd(odd: readonly OddJob[]): void {
  const [first] = odd;
  if (first === undefined || odd.length <= MOST_ODD) return;
  throw new Unsupported(`more than ${MOST_ODD} jobs are not supported; of job ${first.id} ${first.reason}`);
}

export function shownOdd(odd: readonly OddJob[]): OddJobs {
  const ids = odd.slice(0, SHOWN_IDS).map(({ id }) => String(id));
  return { jobs: odd.length, ids, reason: odd[0]?.reason ?? '' };
}

/** Those that remain after some jobs have changed, and those among the changed ones. */
export function followedOdd(odd: readonly OddJob[], changed: readonly bigint[], found: readonly OddJob[]) {
  if (odd.length === 0 && found.length === 0) return odd;
  const ids = new Set(changed);
  return [...odd.filter(({ id }) => !ids.has(id)), ...found];
}
