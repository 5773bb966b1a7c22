import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type RunTime, runTimeCurve, timeWithin } from '../../src/jobs/run-time-curve.ts';
import { type PastJob, walltimeAdvice } from '../../src/jobs/walltime-advice.ts';
import { naiveAdvice, naiveShares } from '../support/naive-advice.ts';

const NOW = 1_800_000_000;
const HOUR = 3600;
const ALIKE = { cluster: 'c', partition: 'p', family: 'f', size: 1 } as const;

/** Jobs that started one hour after the other, the last one 30 hours ago. Newest start first. */
function jobs(count: number, of: (nth: number) => Partial<PastJob> = () => ({})): PastJob[] {
  return Array.from({ length: count }, (_, nth) => {
    const startedAt = NOW - (nth + 30) * HOUR;
    return {
      ...ALIKE,
      submittedAt: startedAt,
      startedAt,
      duration: 600 + nth,
      walltime: 24 * HOUR,
      has: 'ended',
      ...of(nth),
    };
  });
}
const ask = (past: readonly PastJob[], coverage = 0.9, asked = {}) =>
  walltimeAdvice(past, { ...ALIKE, walltime: 24 * HOUR, ...asked }, { coverage, nowSec: NOW });

describe('a curve of run times', () => {
  const has = fc.constantFrom('ended', 'ended', 'reached walltime', 'not ended' as const);
  const times: fc.Arbitrary<RunTime[]> = fc.array(fc.record({ sec: fc.integer({ min: 0, max: 12 }), has }), {
    maxLength: 30,
  });

  test('is the product-limit estimate', () => {
    fc.assert(
      fc.property(times, (given) => {
        const curve = runTimeCurve(given);
        for (const { sec, share } of naiveShares(given)) {
          const last = curve.seconds.lastIndexOf(sec);
          expect(curve.shares[last]).toBeCloseTo(share, 9);
          expect(timeWithin(curve, share)).toBeLessThanOrEqual(sec);
        }
        expect(timeWithin(curve, 1.1)).toBe(Number.POSITIVE_INFINITY);
      }),
    );
  });

  test('has the quantiles of conformal prediction if all jobs have ended', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 10, maxLength: 60 }), (seconds) => {
        const curve = runTimeCurve(seconds.map((sec) => ({ sec, has: 'ended' })));
        const sorted = seconds.toSorted((a, b) => a - b);
        const rank = Math.ceil((sorted.length + 1) * 0.9 - 1e-9);
        const share = (0.9 * (sorted.length + 1)) / sorted.length;
        if (rank <= sorted.length) expect(timeWithin(curve, share)).toBe(sorted[rank - 1]);
      }),
    );
  });
});

describe('advice on a walltime', () => {
  test('is that of its definition', () => {
    const job = fc.record({
      family: fc.constantFrom('f', 'f', 'f', 'g'),
      size: fc.constantFrom(1, 1, 1, 2),
      partition: fc.constantFrom('p', 'p', 'p', 'p', 'q'),
      cluster: fc.constant('c'),
      wait: fc.constantFrom(0, 60, 7200),
      gap: fc.constantFrom(0, 10, 600, 4000),
      duration: fc.constantFrom(0, 60, 61, 300, 3600, 7200, 90_000),
      walltime: fc.constantFrom(0, 3600, 7200, 86_400),
      has: fc.constantFrom(...Array<'ended'>(8).fill('ended'), 'reached walltime', 'not ended' as const),
    });
    const given = fc.record({
      list: fc.array(job, { minLength: 60, maxLength: 160 }),
      coverage: fc.constantFrom(0.5, 0.8, 0.9, 0.95),
      walltime: fc.constantFrom(undefined, 300, 86_400),
    });
    const found = new Set<string | undefined>();
    fc.assert(
      fc.property(given, ({ list, coverage, walltime }) => {
        let startedAt = NOW;
        const past = list.map(({ wait, gap, ...one }): PastJob => {
          startedAt -= gap;
          const running = one.has === 'not ended' || startedAt + one.duration > NOW;
          const state = running ? ({ has: 'not ended', duration: NOW - startedAt } as const) : {};
          return { ...one, ...state, startedAt, submittedAt: startedAt - wait };
        });
        const asked = { ...ALIKE, walltime };
        const advice = walltimeAdvice(past, asked, { coverage, nowSec: NOW });
        found.add(advice.why);
        expect({ walltime: advice.walltime, why: advice.why }).toEqual(
          naiveAdvice(past, asked, { coverage, nowSec: NOW }),
        );
      }),
      { numRuns: 60 },
    );
    expect(found).toContain(undefined);
    expect(found.size).toBeGreaterThan(1);
  });

  test('is the run time that enough of the last jobs did not exceed', () => {
    // Of 99 jobs of 600 to 698 s, the 90th lasted 689 s: (99 + 1) * 0.9 = 90.
    expect(ask(jobs(99))).toMatchObject({
      walltime: 689,
      why: undefined,
      jobs: 99,
      within: 90,
      alike: ['cluster', 'partition', 'family', 'size'],
    });
    expect(ask(jobs(99), 0.98)).toMatchObject({ walltime: 697, within: 98 });
  });

  test('needs 20 jobs that have ended, and 20 after them that try it out', () => {
    expect(ask(jobs(19))).toMatchObject({ walltime: undefined, why: 'few_jobs', jobs: 19, tried: 0 });
    expect(ask(jobs(39))).toMatchObject({ walltime: undefined, why: 'few_jobs', jobs: 39, tried: 19 });
    expect(ask(jobs(40))).toMatchObject({ walltime: 636, jobs: 40, tried: 20, kept: 20 }); // the 37th: 41 * 0.9 = 36.9
    // Fewer than 49 cannot tell what 98 % need.
    expect(ask(jobs(97), 0.98).why).toBe('few_jobs');
    expect(ask(jobs(98), 0.98)).toMatchObject({ walltime: 697, tried: 49 }); // the last one: 99 * 0.98 = 97.02
    const running = { has: 'not ended', startedAt: NOW - 60, submittedAt: NOW - 60, duration: 60 } as const;
    expect(ask(jobs(60, (nth) => (nth < 21 ? running : {}))).why).toBe('few_jobs');
  });

  test('does not count a job that reached its walltime as ended within any time', () => {
    const some = jobs(100, (nth) => (nth % 5 === 0 ? { has: 'reached walltime', duration: 24 * HOUR } : {}));
    expect(ask(some)).toMatchObject({ walltime: undefined, why: 'not_shorter', reachedWalltime: 20 });
    expect(ask(some, 0.7).walltime).toBeGreaterThan(600);
  });

  test('is not longer than what was asked for', () => {
    expect(ask(jobs(99), 0.9, { walltime: 689 })).toMatchObject({ walltime: undefined, why: 'not_shorter' });
    expect(ask(jobs(99), 0.9, { walltime: 690 }).walltime).toBe(689);
  });

  test('comes from a wider group if jobs of the same kind have tried it out', () => {
    // Each job has a name of its own, so the jobs of a partition and size tell.
    const named = jobs(200, (nth) => ({ family: `f${nth}` }));
    expect(ask(named, 0.9, { family: 'new' })).toMatchObject({
      alike: ['cluster', 'partition', 'size'],
      why: undefined,
    });
    // All others had a name that tells: it is not known how well other names tell of a new one.
    expect(ask(jobs(200), 0.9, { family: 'new' }).why).toBe('few_jobs');
  });

  test('is not given where earlier advice was not kept', () => {
    // Run times double every 30 jobs.
    const growing = jobs(200, (nth) => ({ duration: Math.round(2 ** ((200 - nth) / 15)), walltime: 100 * 24 * HOUR }));
    expect(ask(growing, 0.9, { walltime: 100 * 24 * HOUR })).toMatchObject({ walltime: undefined, why: 'unsteady' });
  });
});
