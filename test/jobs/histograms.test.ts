import { expect, test } from 'vitest';
import {
  DURATION_BINS,
  DURATION_BINS_LIMIT,
  jobHistogramsOf,
  metricBin,
  metricHistogram,
} from '../../src/jobs/histograms.ts';

const scale = { metric: 'mem_used', unit: 'GB', stat: 'max', peak: 256 };

test('the bins of a duration are at most as many as the column index can number', () => {
  expect(Math.max(...Object.values(DURATION_BINS).map(({ bins }) => bins))).toBeLessThanOrEqual(DURATION_BINS_LIMIT);
});

test('printed edges are whole and end before a peak that is no multiple of the bins', () => {
  // step = floor(256 / 10) = 25, so the last bin is reported as 225..250, although it ends at 256
  const { data } = metricHistogram(scale, 10, new Map([[10, 3]]));
  expect(data[0]).toEqual({ bin: 1, count: 0, min: 0, max: 25 });
  expect(data[9]).toEqual({ bin: 10, count: 3, min: 225, max: 250 });
});

test('a peak below the number of bins prints edges of 0', () => {
  expect(
    metricHistogram({ ...scale, peak: 9.9 }, 10, new Map()).data.every(({ min, max }) => min === 0 && max === 0),
  ).toBe(true);
});

test.each([
  [0, 1],
  [25.5, 1], // 25.5 / 256 * 10 = 0.996
  [25.6, 2], // 1.0 exactly
  [255.9, 10],
  [256, 10], // the peak itself: bin 11 by the formula, counted in the last
  [256.1, undefined],
  [-5, 1], // trunc(-0.195) + 1
  [-30, undefined], // trunc(-1.17) + 1 = 0
])('the value %d is in bin %s of 10', (value, bin) => {
  expect(metricBin(value, 256, 10)).toBe(bin);
});

test('a peak of 0 has no bins', () => {
  expect(metricBin(0, 0, 10)).toBeUndefined();
});

test.each([
  ['1m', 60, 3600],
  ['10m', 72, 43_200],
  ['1h', 48, 172_800],
  ['6h', 12, 259_200],
  ['12h', 14, 604_800],
  ['24h', 24, 86_400], // as in cc-backend: bins of one hour over a day
] as const)('%s has %i bins up to %i s, empty ones too', (bins, number, end) => {
  const { histDuration } = jobHistogramsOf(bins, []);
  expect(histDuration).toHaveLength(number);
  expect(histDuration.at(-1)).toEqual({ value: end, count: 0 });
});
