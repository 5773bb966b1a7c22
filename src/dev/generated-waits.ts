import type { Template } from './population.ts';
import type { Random } from './random.ts';

const INTERACTIVE_SEC = 8;
/** e to this is the factor of one deviation: a few jobs wait for days where most wait for minutes. */
const SPREAD = 1.9;
const MOST_SEC = 14 * 86_400;

/** How long a submission waits: heavy-tailed, longer in partitions that are in demand, for larger jobs and for longer limits. */
export function waitSec(random: Random, { partition, nodes, walltimeSec, metaData }: Template): number {
  const isInteractive = metaData['jobName'] === 'interactive';
  const median = isInteractive ? INTERACTIVE_SEC : partition.medianWaitSec;
  const size = nodes ** 0.6 * Math.max(0.3, walltimeSec / 86_400) ** 0.4;
  return Math.min(MOST_SEC, Math.round(random.lognormal(median * size, SPREAD)));
}
