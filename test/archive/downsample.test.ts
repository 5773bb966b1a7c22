import { describe, expect, test } from 'vitest';
import { downsampledLength, largestTriangles } from '../../src/archive/downsample.ts';
import { statisticsSeriesOf } from '../../src/archive/statistics-series.ts';

const series = (data: (number | null)[]) => ({
  hostname: 'n',
  id: null,
  statistics: { min: 0, avg: 0, max: 0 },
  data,
});

describe('down-sampling', () => {
  test('has the length of the whole multiples, from 1000 points on', () => {
    expect(downsampledLength(1441, 60, 240)).toBe(360);
    expect(downsampledLength(999, 60, 240)).toBeUndefined();
    expect(downsampledLength(1441, 60, 60)).toBeUndefined();
    expect(downsampledLength(1441, 60, 30)).toBeUndefined();
    expect(downsampledLength(1000, 1, 2000)).toBeUndefined();
  });

  test('fails for a resolution that is no multiple, however short the series', () => {
    expect(() => downsampledLength(3, 60, 90)).toThrow(/not a multiple/);
  });

  test('keeps first and last point and the largest triangle of each bucket', () => {
    // n 8, m 4, b = 6/2 = 3: buckets 1..3 and 4..5, whose end 7 is capped at 6. Bucket 0 compares with the mean of 4..6:
    // x 5, y (0+9+0)/3 = 3. From (0,0): |x_c * 3 - 5 * y_c| / 2 -> at 1: 1.5, at 2 (y 5): |6-25|/2 = 9.5, at 3: 4.5.
    // Bucket 1 compares with 6 (y 0). From (2,5): |-4 * (y_c - 5) + (2 - x_c) * 5| / 2 -> at 4: 5, at 5 (y 9): 15.5.
    expect(largestTriangles([0, 0, 5, 0, 0, 9, 0, 7], 4)).toEqual([0, 5, 9, 7]);
  });

  test('to three points leaves the last but one in the middle', () => {
    // The only bucket, 1..4, compares with 5..4, which is empty: its mean is NaN, so its last point wins.
    expect(largestTriangles([0, 9, 9, 9, 2, 1], 3)).toEqual([0, 2, 1]);
  });

  test('prefers the last missing sample', () => {
    const nan = Number.NaN;
    expect(largestTriangles([0, nan, nan, 100, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], 5).slice(0, 2)).toEqual([0, nan]);
  });

  test('to one or two points leaves the ends', () => {
    expect(largestTriangles([1, 2, 3, 4], 2)).toEqual([1, 4]);
    expect(largestTriangles([1, 2, 3, 4], 1)).toEqual([1, 4]);
  });
});

describe('statistics over series', () => {
  test('take zero for missing samples in the median only', () => {
    const all = [4, 6, 8, null, null].map((value) => series([value]));
    // sorted with zeros: 0 0 4 6 8
    expect(statisticsSeriesOf(all)).toMatchObject({ min: [4], median: [4], max: [8], mean: [] });
    // of four: 0 4 6 8 -> (4 + 6) / 2
    expect(statisticsSeriesOf(all.slice(0, 4)).median).toEqual([5]);
  });

  test('are missing in a step with fewer than three samples', () => {
    const all = [series([1, 1]), series([2, null]), series([3])];
    expect(statisticsSeriesOf(all)).toMatchObject({ min: [1, null], median: [2, null], max: [3, null] });
  });
});
