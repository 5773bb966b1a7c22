import { DURATION_BINS, type DurationBins, type MetricScale } from '../../src/jobs/histograms.ts';
import type { JobsStatistics } from '../../src/jobs/statistics.ts';
import type { StatisticsOptions } from '../../src/questions/statistics/question.ts';
import { waitOf } from './naive-filter.ts';
import { groupsOf, type NaiveGroup, type NaiveGrouping } from './naive-groups.ts';
import type { Row } from './random-jobs.ts';

/** The statistics of contract/graphql.md §6, with integers of any size. */
export function naiveStatistics(rows: readonly Row[], options: StatisticsOptions & NaiveGrouping) {
  const { groupBy, sortBy, page } = options;
  if (groupBy === undefined) return [totals({ id: '', name: '' }, rows, options)];
  const groups = groupsOf(rows, options).map(({ members, rows: found }) => totals(members, found, options));
  if (sortBy !== undefined) groups.sort((a, b) => (a[sortBy] === b[sortBy] ? 0 : a[sortBy] < b[sortBy] ? 1 : -1));
  if (page === undefined) return groups;
  return groups.slice((page.page - 1) * page.itemsPerPage, page.page * page.itemsPerPage);
}

function totals(
  members: NaiveGroup['members'],
  rows: readonly Row[],
  { nowSec, shortJobSec, clip }: StatisticsOptions,
): JobsStatistics {
  const sum = (value: (row: Row) => bigint) => rows.reduce((all, row) => all + value(row), 0n);
  const seconds = (value: (row: Row) => bigint) => sum((row) => secondsIn(clip, row, nowSec) * value(row));
  const hours = (value: (row: Row) => bigint) => exact(floorDivide(seconds(value), 3600n));
  return {
    ...members,
    totalJobs: rows.length,
    totalUsers: new Set(rows.map(({ user }) => user.toString('latin1'))).size,
    runningJobs: rows.filter(({ state }) => state === 'running').length,
    shortJobs: rows.filter(({ duration }) => duration < shortJobSec).length,
    totalWalltime: hours(() => 1n),
    totalNodes: exact(sum(nodes)),
    totalNodeHours: hours(nodes),
    totalCores: exact(sum(cores)),
    totalCoreHours: hours(cores),
    totalAccs: exact(sum(accs)),
    totalAccHours: hours(accs),
    ...(clip !== undefined && {
      totalWalltimeSeconds: exact(seconds(() => 1n)),
      totalNodeSeconds: exact(seconds(nodes)),
      totalCoreSeconds: exact(seconds(cores)),
      totalAccSeconds: exact(seconds(accs)),
    }),
  };
}

/** Of the moments of a job, each a second long, those from `from` to before `to`. */
function secondsIn(clip: StatisticsOptions['clip'], row: Row, nowSec: number): bigint {
  const [start, all] = [row['start-time'], lasted(row, nowSec)];
  if (clip === undefined) return all;
  const before = (moment: bigint) => (moment < start ? 0n : moment > start + all ? all : moment - start);
  return (clip.to === undefined ? all : before(clip.to)) - (clip.from === undefined ? 0n : before(clip.from));
}

const nodes = (row: Row) => row['num-nodes'];
const cores = (row: Row) => row['num-hwthreads'] ?? 0n;
const accs = (row: Row) => row['num-acc'] ?? 0n;

export function lasted(row: Row, nowSec: number): bigint {
  if (row.state !== 'running') return row.duration;
  const seconds = BigInt(nowSec) - row['start-time'];
  return seconds > 0n ? seconds : 0n;
}

function floorDivide(value: bigint, by: bigint): bigint {
  return (value - (((value % by) + by) % by)) / by;
}

export function exact(value: bigint): number | bigint {
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

/** The histograms of contract/graphql.md §6.1. */
export function naiveHistograms(rows: readonly Row[], bins: DurationBins, nowSec: number, withWait = false) {
  const { widthSec, bins: number } = DURATION_BINS[bins];
  const binned = (seconds: (row: Row) => bigint | undefined) => {
    const found = rows.map((row) => floorDivide(seconds(row) ?? -1n, BigInt(widthSec)) + 1n);
    return Array.from({ length: number }, (_, index) => ({
      value: (index + 1) * widthSec,
      count: found.filter((bin) => bin === BigInt(index + 1)).length,
    }));
  };
  const occurring = (value: (row: Row) => bigint) =>
    [...new Set(rows.map(value))]
      .sort((a, b) => (a < b ? -1 : 1))
      .map((one) => ({ value: exact(one), count: rows.filter((row) => value(row) === one).length }));
  return {
    histDuration: binned((row) => lasted(row, nowSec)),
    ...(withWait ? { histWait: binned(waitOf) } : {}),
    histNumNodes: occurring(nodes),
    histNumCores: occurring(cores),
    histNumAccs: occurring(accs),
  };
}

/** The metric histogram of contract/graphql.md §6.2. */
export function naiveMetricHistogram(rows: readonly Row[], { metric, unit, stat, peak }: MetricScale, bins: number) {
  const values = rows.flatMap(({ footprint }) => footprint.meaning?.[`${metric}_${stat}`] ?? []);
  const inRange = peak > 0 ? values.filter((value) => value <= peak) : [];
  const binOf = (value: number) => (value === peak ? bins : Math.trunc((value / peak) * bins) + 1);
  const step = Math.floor(Math.floor(peak) / bins);
  const data = Array.from({ length: bins }, (_, index) => ({
    bin: index + 1,
    count: inRange.filter((value) => binOf(value) === index + 1).length,
    min: step * index,
    max: step * (index + 1),
  }));
  return { metric, unit, stat, data };
}
