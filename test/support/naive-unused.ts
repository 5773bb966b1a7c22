import fc from 'fast-check';
import { UNUSED_TOTALS, type Unused } from '../../src/jobs/unused-hours.ts';
import type { UnusedOptions } from '../../src/questions/unused-hours/question.ts';
import { NODE_PEAKS, naiveFraction } from './naive-fractions.ts';
import { groupsOf, type NaiveGrouping } from './naive-groups.ts';
import { exact, lasted } from './naive-statistics.ts';
import { randomGroupBy, randomZone } from './random-groups.ts';
import type { Row } from './random-jobs.ts';

export const randomUnused: fc.Arbitrary<UnusedOptions> = fc.record({
  groupBy: randomGroupBy,
  zone: randomZone,
  sortBy: fc.constantFrom(undefined, ...UNUSED_TOTALS),
  page: fc.constantFrom(undefined, { page: 1, itemsPerPage: 3 }, { page: 2, itemsPerPage: 2 }),
  nowSec: fc.constantFrom(1_700_000_000, 1_700_001_000),
});

/** The sums of src/jobs/unused-hours.ts over rows in memory, with integers of any size. */
export function naiveUnused(rows: readonly Row[], options: UnusedOptions & NaiveGrouping): Unused[] {
  const { groupBy, sortBy, page } = options;
  if (groupBy === undefined) return [totals({ id: '' }, rows, options)];
  const groups = groupsOf(rows, options).map(({ members: { name, name2, ...ids }, rows: found }) =>
    totals(ids, found, options),
  );
  if (sortBy !== undefined) groups.sort((a, b) => (a[sortBy] === b[sortBy] ? 0 : a[sortBy] < b[sortBy] ? 1 : -1));
  return page === undefined ? groups : groups.slice((page.page - 1) * page.itemsPerPage, page.page * page.itemsPerPage);
}

function totals(ids: Pick<Unused, 'id' | 'id2'>, rows: readonly Row[], { nowSec }: UnusedOptions): Unused {
  const each = rows.map((row) => {
    const seconds = lasted(row, nowSec) > 0n ? lasted(row, nowSec) : 0n;
    const threads = row['num-hwthreads'] ?? 0n;
    const [cores, accs] = [seconds * threads, seconds * (row['num-acc'] ?? 0n)];
    const hasEnded = !['pending', 'running', 'suspended'].includes(row.state);
    const left = (row.walltime > 2n ** 31n - 1n ? 2n ** 31n - 1n : row.walltime) - row.duration;
    return {
      ...{ cores, accs },
      unused: hasEnded && left > 0n ? left * threads : 0n,
      idleCores: idle(cores, naiveFraction(row, 'cores-used', NODE_PEAKS)),
      idleAccs: idle(accs, naiveFraction(row, 'acc-used', NODE_PEAKS)),
    };
  });
  const hours = (value: (one: (typeof each)[number]) => bigint | undefined) =>
    exact(each.reduce((sum, one) => sum + (value(one) ?? 0n), 0n) / 3600n);
  return {
    ...ids,
    totalJobs: each.length,
    measuredJobs: each.filter((one) => (one.idleCores ?? one.idleAccs) !== undefined).length,
    totalCoreHours: hours((one) => one.cores),
    measuredCoreHours: hours((one) => (one.idleCores === undefined ? 0n : one.cores)),
    idleCoreHours: hours((one) => one.idleCores),
    unusedWalltimeCoreHours: hours((one) => one.unused),
    totalAccHours: hours((one) => one.accs),
    measuredAccHours: hours((one) => (one.idleAccs === undefined ? 0n : one.accs)),
    idleAccHours: hours((one) => one.idleAccs),
  };
}

function idle(seconds: bigint, used: number | undefined): bigint | undefined {
  return used === undefined ? undefined : seconds - BigInt(Math.trunc(Number(seconds) * Math.min(1, used)));
}
