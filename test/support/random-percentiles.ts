import fc from 'fast-check';
import { MEASURES } from '../../src/jobs/percentiles.ts';
import type { PercentilesOptions } from '../../src/questions/percentiles/question.ts';
import { randomGroupBy, randomZone } from './random-groups.ts';

/** Percentiles of any number of a job, at and next to the ends. */
export const randomPercentiles: fc.Arbitrary<PercentilesOptions> = fc.record({
  of: fc.constantFrom(...MEASURES, 'metric.load_avg', 'metric.mem_max', 'metric.missing' as const),
  percentiles: fc.array(fc.constantFrom(0, 0.001, 10, 25, 33.333, 50, 66.667, 90, 99.9, 99.999, 100), {
    minLength: 1,
    maxLength: 4,
  }),
  groupBy: randomGroupBy,
  zone: randomZone,
  page: fc.constantFrom(
    undefined,
    { page: 1, itemsPerPage: 3 },
    { page: 2, itemsPerPage: 2 },
    { page: 2 ** 53 - 1, itemsPerPage: 2 ** 53 - 1 },
  ),
  nowSec: fc.constantFrom(1_700_000_000, 1_700_001_000),
});
