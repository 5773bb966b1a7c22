/** The ends of the bins of a metric. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { metricBin } from '../../src/jobs/histograms.ts';
import { binEnds } from '../../src/questions/metric-histograms/bin-ends.ts';

const peaks = fc.oneof(
  fc.constantFrom(1, 7, 9216, 99.9, 1e-320, 5e-324, Number.MAX_VALUE),
  fc.double({ min: 5e-324, noNaN: true, noDefaultInfinity: true }),
);

/** The bin by comparisons: that of the first end which is not smaller. Undefined below and above all bins. */
function binByEnds(ends: Map<number, number>, value: number): number | undefined {
  const [, bin] = [...ends].find(([end]) => value <= end) ?? [];
  return bin === 0 ? undefined : bin;
}

/** A value and its neighbours, which differ by one step of a double. */
function around(value: number): number[] {
  const number = new Float64Array([value]);
  const bits = new BigInt64Array(number.buffer);
  return [-1n, 0n, 1n].map((step) => new Float64Array(new BigInt64Array([(bits[0] ?? 0n) + step]).buffer)[0] ?? 0);
}

test('a value is in the same bin by comparisons with the ends as by its quotient', () => {
  fc.assert(
    fc.property(peaks, fc.integer({ min: 1, max: 60 }), fc.double({ noNaN: true }), (peak, bins, any) => {
      const ends = binEnds(peak, bins);
      const values = [any, 0, -0, -peak, ...[...ends.keys()].flatMap(around)].filter(Number.isFinite);
      for (const value of values) expect(binByEnds(ends, value), `${value}`).toBe(metricBin(value, peak, bins));
    }),
  );
});
