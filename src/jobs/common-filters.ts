import { RECENT } from './fields.ts';
import type { JobFilter } from './filter.ts';
import { FAILED_STATES } from './job-enums.ts';

export const RUNNING: JobFilter = [{ kind: 'member', field: 'state', values: ['running'] }];
export const FAILED: JobFilter = [{ kind: 'member', field: 'state', values: FAILED_STATES }];

/** Returns the filter `start-time=WORD`. */
export function startedSince(word: (typeof RECENT)[number]['word'], nowSec: number): JobFilter {
  const sec = RECENT.find((recent) => recent.word === word)?.sec ?? 0;
  return [{ kind: 'whole', field: 'start-time', range: { from: BigInt(nowSec - sec) } }];
}
