import { expect, test } from 'vitest';
import { statisticsSeriesOf } from '../../src/archive/statistics-series.ts';

const series = (...data: (number | null)[]) => ({
  hostname: 'n01',
  id: null,
  statistics: { min: 0, avg: 0, max: 0 },
  data,
});

test('each time step has minimum, median and maximum; with fewer than three samples it has none', () => {
  // Step 1: 1, 2, 3, 10. Step 2: 4 and 6, two samples. Step 3: 5, 7, 9 and one missing, which counts as 0 in the median.
  const all = [series(1, 4, 5), series(2, 6, 7), series(3, null, 9), series(10, null, null)];
  expect(statisticsSeriesOf(all)).toMatchObject({
    mean: [],
    min: [1, null, 5],
    median: [2.5, null, 6],
    max: [10, null, 9],
  });
});

test('a sample that is missing behind down-sampling is missing here', () => {
  // The same step with NaN for null: it counts as 0 in the median of 5, 7, 9 and 0.
  const all = [series(5), series(7), series(9), series(Number.NaN)];
  expect(statisticsSeriesOf(all)).toMatchObject({ min: [5], median: [6], max: [9] });
});

test('a job of two hundred thousand series has statistics as well', () => {
  const many = Array.from({ length: 200_000 }, (_, at) => series(at));
  expect(statisticsSeriesOf(many)).toMatchObject({ min: [0], max: [199_999], median: [99_999.5] });
});
