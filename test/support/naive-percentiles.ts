import { type Measure, measuredField, measuredKey, type Percentiles } from '../../src/jobs/percentiles.ts';
import type { PercentilesOptions } from '../../src/questions/percentiles/question.ts';
import { memoryAskedOf, waitOf } from './naive-filter.ts';
import { NODE_PEAKS, naiveFraction } from './naive-fractions.ts';
import { groupsOf, type NaiveGrouping } from './naive-groups.ts';
import { exact, lasted } from './naive-statistics.ts';
import type { Row } from './random-jobs.ts';

/** Percentiles by their definition: the first of the sorted values that has at least p % of them at or below it. */
export function naivePercentiles(rows: readonly Row[], options: PercentilesOptions & NaiveGrouping): Percentiles[] {
  const { groupBy, page } = options;
  if (groupBy === undefined) return [ofRows({ id: '' }, rows, options)];
  const groups = groupsOf(rows, options).map(({ members: { name, name2, ...ids }, rows: found }) =>
    ofRows(ids, found, options),
  );
  return page === undefined ? groups : groups.slice((page.page - 1) * page.itemsPerPage, page.page * page.itemsPerPage);
}

function ofRows(
  ids: Pick<Percentiles, 'id' | 'id2'>,
  rows: readonly Row[],
  { of, percentiles, nowSec }: PercentilesOptions,
): Percentiles {
  const values = rows
    .map((row) => measureOf(row, of, nowSec))
    .filter((value) => value !== undefined)
    .sort((a, b) => (a < b ? -1 : Number(a > b)));
  const share = (value: bigint | number) => (values.filter((other) => other <= value).length * 100) / values.length;
  return {
    ...ids,
    jobs: values.length,
    unknown: rows.length - values.length,
    values: percentiles.map((p) => {
      const value = values.find((each) => share(each) >= p);
      return { p, value: value === undefined ? null : typeof value === 'bigint' ? exact(value) : value };
    }),
  };
}

/** Undefined if the job does not have the number. */
function measureOf(row: Row, measure: Measure, nowSec: number): bigint | number | undefined {
  const field = measuredField(measure);
  if (field === undefined) {
    const value = row.footprint.meaning?.[measuredKey(measure) ?? ''];
    return value === undefined || Math.abs(value) > 1e308 ? undefined : value;
  }
  if (field.kind === 'fraction') return naiveFraction(row, field.name, NODE_PEAKS);
  switch (field.name) {
    case 'wait':
      return waitOf(row);
    case 'memory-asked':
      return memoryAskedOf(row);
    case 'duration':
      return lasted(row, nowSec);
    case 'walltime':
    case 'energy':
      return Number(row[field.name]) === 0 ? undefined : row[field.name];
    default:
      return row[field.name] ?? 0n;
  }
}
