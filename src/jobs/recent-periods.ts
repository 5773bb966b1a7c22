import type { JobFilter } from './filter.ts';

/** Ranges of time that end now: the word in a filter, the length, and what people read. */
export const RECENT = [
  { word: 'last6h', sec: 21_600, length: '6 hours', label: 'last 6 hours' },
  { word: 'last24h', sec: 86_400, length: '24 hours', label: 'last 24 hours' },
  { word: 'last7d', sec: 604_800, length: '7 days', label: 'last 7 days' },
  { word: 'last30d', sec: 2_592_000, length: '30 days', label: 'last 30 days' },
] as const;

export type RecentPeriod = (typeof RECENT)[number];

/** Returns the period of a word. A page has one of these, and its texts, links and filters follow from it. */
export function recentPeriod<Word extends RecentPeriod['word']>(word: Word) {
  return RECENT.find((recent) => recent.word === word) as Extract<RecentPeriod, { word: Word }>;
}

/** Returns the filter `start-time=WORD`. */
export function startedSince({ sec }: RecentPeriod, nowSec: number): JobFilter {
  return [{ kind: 'whole', field: 'start-time', range: { from: BigInt(nowSec - sec) } }];
}
