import fc from 'fast-check';
import { BUCKETS, bucketStarts } from '../../src/jobs/time-buckets.ts';
import { timeZone } from '../../src/jobs/time-zone.ts';
import { TIMELINE_GROUPS, type TimelineOptions } from '../../src/jobs/timeline.ts';

const NOW = 1_700_000_000;

/** Buckets of a time zone around the times of random jobs, cut short at both ends. */
const edges = fc
  .record({
    bucket: fc.constantFrom(...BUCKETS),
    zone: fc.constantFrom('UTC', 'Europe/Berlin', 'Asia/Kathmandu', 'Australia/Lord_Howe', 'America/New_York'),
    number: fc.integer({ min: 1, max: 8 }),
    from: fc.constantFrom(0, 1, 1_698_300_000, 1_699_000_000, 1_699_990_000, 1_699_996_400, NOW, NOW + 501),
    cut: fc.nat(4_000),
  })
  .map(({ bucket, zone, number, from, cut }) => {
    const found: number[] = [];
    for (const start of bucketStarts(bucket, timeZone(zone), from, from + 10 ** 9)) {
      found.push(Math.max(start, from));
      if (found.length > number) break;
    }
    const last = (found.pop() ?? from) - cut;
    return [...found.filter((edge) => edge < last || edge === from), Math.max(last, from + 1)];
  });
/** Neighbouring edges, as no calendar has them. */
const anyEdges = fc
  .uniqueArray(
    fc.constantFrom(0, 1, 2, 60, 3_600, 1_699_990_000, 1_699_996_400, 1_699_996_460, NOW, NOW + 1, NOW + 500),
    {
      minLength: 2,
      maxLength: 6,
    },
  )
  .filter((found) => Math.max(...found) - Math.min(...found) < 20_000)
  .map((found) => found.toSorted((a, b) => a - b));

export const randomTimelines: fc.Arbitrary<TimelineOptions> = fc.record({
  edges: fc.oneof({ weight: 3, arbitrary: edges }, { weight: 1, arbitrary: anyEdges }),
  nowSec: fc.constantFrom(NOW, NOW + 1_000),
  groupBy: fc.constantFrom(undefined, ...TIMELINE_GROUPS),
  top: fc.constantFrom(1, 2, 50),
});
