export const DAY_SEC = 86_400;

/** The bucket in which all jobs of a day of UTC count at first is that of one second of the day. */
export interface DaySql {
  /** This second of the day with a beginning in Unix seconds, in seconds since the first edge. It is within the edges. */
  begins(daySec: string): string;
  /** True for all jobs that start in another bucket. Undefined if there are none. */
  readonly isMoved: string | undefined;
}

/** Undefined if so many jobs would start in another bucket that all may be read one by one. */
export function daysIn(edges: readonly number[]): DaySql | undefined {
  // The range cuts the first and the last bucket.
  const inner = edges.slice(1, -1);
  if (inner.some((edge, at) => at > 0 && edge - (inner[at - 1] ?? 0) < DAY_SEC / 2)) return undefined;
  const [firstSec = 0, lastSec = 0] = [edges[0], edges.at(-1)];
  const begins = (second: number) => (daySec: string) =>
    `least(greatest(${daySec} + ${second - firstSec}, 0), ${lastSec - firstSec - 1})`;
  const times = inner.map((edge) => edge % DAY_SEC).filter((time) => time > 0);
  if (times.length === 0) return { begins: begins(0), isMoved: undefined };
  // Edges are after the first second and before the last one. Fewer jobs start between them and the nearer one.
  const [earliest, latest] = [Math.min(...times), Math.max(...times)];
  return DAY_SEC - earliest <= latest
    ? { begins: begins(0), isMoved: `start_time % ${DAY_SEC} >= ${earliest}` }
    : { begins: begins(DAY_SEC - 1), isMoved: `start_time % ${DAY_SEC} < ${latest}` };
}
