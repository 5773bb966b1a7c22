import type { Template } from './population.ts';
import type { Random } from './random.ts';

/** Median of the seconds that a job of one node waits in a partition. */
const MEDIAN_SEC: Readonly<Record<string, number>> = {
  preempt: 15,
  short: 20,
  singlenode: 180,
  work: 400,
  multinode: 900,
  big: 2_400,
};
/** Partitions of accelerators. */
const OTHERS_SEC = 1_500;
const INTERACTIVE_SEC = 8;
/** e to this is the factor of one deviation: a few jobs wait for days where most wait for minutes. */
const SPREAD = 1.9;
const MOST_SEC = 14 * 86_400;

/** How long a submission waits: heavy-tailed, longer in partitions that are in demand, for larger jobs and for longer limits. */
export function waitSec(random: Random, { partition, nodes, walltimeSec, metaData }: Template): number {
  const isInteractive = metaData['jobName'] === 'interactive';
  const median = isInteractive ? INTERACTIVE_SEC : (MEDIAN_SEC[partition] ?? OTHERS_SEC);
  const size = nodes ** 0.6 * Math.max(0.3, walltimeSec / 86_400) ** 0.4;
  return Math.min(MOST_SEC, Math.round(random.lognormal(median * size, SPREAD)));
}
