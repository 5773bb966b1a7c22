import fc from 'fast-check';
import { DURATION_BINS_NAMES } from '../../src/jobs/histograms.ts';
import { SORT_FIELDS } from '../../src/jobs/statistics.ts';
import type { VisibleJobs } from '../../src/jobs/visibility.ts';
import { jobsWithin } from '../../src/questions/timeline/question.ts';
import { randomUnused } from './naive-unused.ts';
import type { OneQuery } from './questions.ts';
import { randomWindow } from './random-filters.ts';
import { randomGroupBy, randomZone } from './random-groups.ts';
import { randomPercentiles } from './random-percentiles.ts';
import { randomTimelines } from './random-timelines.ts';

const NOW = 1_700_000_000;

const scale = fc.record({
  metric: fc.constantFrom('load', 'mem', 'none', "x'"),
  stat: fc.constantFrom('avg', 'max', ''),
  unit: fc.constant('GB'),
  peak: fc.constantFrom(0, 7, 10, 99.9, 100, 256),
});

/** A question about the jobs that match a filter. */
export const randomQuestion: fc.Arbitrary<(jobs: VisibleJobs) => OneQuery> = fc.oneof(
  fc.constant((jobs: VisibleJobs): OneQuery => ({ kind: 'count', jobs })),
  fc
    .record({
      groupBy: randomGroupBy,
      zone: randomZone,
      sortBy: fc.constantFrom(undefined, ...SORT_FIELDS),
      page: fc.constantFrom(
        undefined,
        { page: 1, itemsPerPage: 3 },
        { page: 2, itemsPerPage: 2 },
        { page: 2 ** 53 - 1, itemsPerPage: 2 ** 53 - 1 },
      ),
      shortJobSec: fc.constantFrom(0, 300, 300),
      nowSec: fc.constantFrom(NOW, NOW + 1_000),
      clip: fc.option(randomWindow, { nil: undefined }),
    })
    .map(
      (options) =>
        (jobs: VisibleJobs): OneQuery => ({ kind: 'statistics', jobs, ...options }),
    ),
  fc
    .record({
      bins: fc.constantFrom(...DURATION_BINS_NAMES),
      nowSec: fc.constant(NOW),
      withWait: fc.boolean(),
    })
    .map(
      (options) =>
        (jobs: VisibleJobs): OneQuery => ({ kind: 'histograms', jobs, ...options }),
    ),
  randomPercentiles.map(
    (options) =>
      (jobs: VisibleJobs): OneQuery => ({ kind: 'percentiles', jobs, ...options }),
  ),
  fc
    .record({
      kind: fc.constantFrom('timeline' as const, 'timeline waits' as const, 'timeline groups' as const),
      options: randomTimelines,
      groups: fc.constantFrom([], ['a'], ['b', 'A', '']),
      started: fc.option(fc.array(fc.constantFrom(0, 1, 600_000, 2_000_000), { maxLength: 7 }), { nil: undefined }),
    })
    .map(({ kind, options, groups, started }) => (jobs: VisibleJobs): OneQuery => {
      const asked = { ...options, jobs: jobsWithin(jobs, options), groups };
      if (kind === 'timeline groups') {
        const { edges, nowSec, groupBy = 'user', top } = options;
        return { kind, edges, nowSec, groupBy, most: top, jobs: asked.jobs };
      }
      return kind === 'timeline' ? { kind, ...asked } : { kind, ...asked, started };
    }),
  randomUnused.map(
    (options) =>
      (jobs: VisibleJobs): OneQuery => ({ kind: 'unused', jobs, ...options }),
  ),
  fc.record({ scales: fc.array(scale, { maxLength: 3 }), bins: fc.constantFrom(1, 3, 10, 100) }).map(
    ({ scales, bins }) =>
      (jobs: VisibleJobs): OneQuery => ({ kind: 'metric histograms', jobs, scales, bins }),
  ),
);
