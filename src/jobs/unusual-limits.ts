import { recentPeriod } from './recent-periods.ts';

/** What is called unusual, of PERIOD compared with BEFORE. docs/pages.md says why. */
export const LIMITS = {
  /** A node whose jobs fail more often than on the other nodes of its subcluster. */
  failures: { failed: 5, users: 2, otherJobs: 50, times: 2, chance: 0.001 },
  wait: { jobs: 20, jobsBefore: 100, times: 3, moreSec: 1800 },
  use: { coreHours: 100, share: 0.1, times: 5, jobsBefore: 100 },
  idle: { fraction: 0.05, sec: 3600 },
  overdue: { sec: 600 },
  silence: { starts: 200, hours: 3, times: 2 },
} as const;

/** The nodes, partitions and so on that are listed of each kind. */
export const MOST_OF_KIND = 10;

/** The period in which it happened, also in the lists to which the pages lead. */
export const PERIOD = recentPeriod('last24h');
/** The period before, with which it is compared. */
export const BEFORE = { sec: 28 * PERIOD.sec, length: 'four weeks' };
