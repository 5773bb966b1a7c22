import type { JobFilter } from './filter.ts';

/** Words for a range of time that ends now, and their length. */
export const RECENT = [
  { word: 'last6h', sec: 21_600, label: 'last 6 hours' },
  { word: 'last24h', sec: 86_400, label: 'last 24 hours' },
  { word: 'last7d', sec: 604_800, label: 'last 7 days' },
  { word: 'last30d', sec: 2_592_000, label: 'last 30 days' },
] as const;

export type RecentWord = (typeof RECENT)[number]['word'];

/** Returns the length of a recent period in seconds. */
export function recentSec(word: RecentWord): number {
  return RECENT.find((recent) => recent.word === word)?.sec ?? 0;
}

/** Returns the filter `start-time=WORD`. */
export function startedSince(word: RecentWord, nowSec: number): JobFilter {
  return [{ kind: 'whole', field: 'start-time', range: { from: BigInt(nowSec - recentSec(word)) } }];
}
