import { FIELDS } from '../../jobs/fields.ts';
import { DURATION_BINS } from '../../jobs/histograms.ts';
import { wholeLiteral } from '../duckdb-query.ts';
import { type Column, STORED_COLUMNS } from '../index-columns.ts';
import { duckDbEnergyUnits } from '../timeline/sums.ts';

/**
 * A table of the index with one row for all jobs that start in the same span of time and are equal in its keys. The
 * tables hold stored durations: questions read the time of running jobs from the table of jobs.
 */
export interface Summary {
  readonly name: SummaryName;
  /** Column `span` is the number of the span, counted from 1970-01-01 UTC. */
  readonly spanSec: number;
  /** `span` and the fields of KEY_FIELDS, and more. */
  readonly keys: readonly SummaryColumn[];
  /** Each value is the sum over the jobs of the row. The first is their number. */
  readonly sums: readonly SummaryColumn[];
}

export type SummaryName = 'jobs_by_day' | 'jobs_by_month' | 'jobs_by_duration';

export interface SummaryColumn extends Omit<Column, 'type'> {
  readonly type: Column['type'] | 'HUGEINT';
  /** The value of one job, as SQL over the table of jobs. */
  readonly of: string;
  /** A constraint of the column. */
  readonly check?: string;
}

/** The state of the summaries of an index. */
export interface Summaries {
  /** SHORT_JOB_S at their build. */
  readonly shortJobSec: number;
  /** Why a summary is not kept for these jobs. */
  readonly leftOut: Readonly<Partial<Record<SummaryName, string>>>;
}

/** The fields that a summary distinguishes. Other fields have too many values. */
export const KEY_FIELDS = [
  ...(['cluster', 'subcluster', 'partition', 'user', 'project'] as const),
  ...(['state', 'shared', 'num-nodes', 'num-hwthreads', 'num-acc'] as const),
] as const;

const DAY_SEC = 86_400;
/** Longer spans would make the tables smaller, and the ranges of time that are read elsewhere longer. */
const MONTH_SEC = 30 * DAY_SEC;

/** The summary with the same columns and shorter spans. It answers the days before and after whole months. */
export const FINER: Readonly<Partial<Record<SummaryName, SummaryName>>> = { jobs_by_month: 'jobs_by_day' };

const KEYS: readonly SummaryColumn[] = KEY_FIELDS.map((name) => {
  const column = STORED_COLUMNS.find((stored) => stored.name === FIELDS[name].column);
  if (column === undefined) throw new Error(`the index has no column for ${name}`);
  return { name: column.name, type: column.type, of: column.name };
});

/** The columns of the table of jobs of which every summary is made. */
export const SUMMED_COLUMNS = ['start_time', 'duration', 'energy', ...KEYS.map(({ name }) => name)];

const JOBS: SummaryColumn = { name: 'jobs', type: 'BIGINT', of: '1', check: 'CHECK (jobs > 0)' };

/** All summaries. SHORT_JOB_S is part of their definition. */
export function summariesFor(shortJobSec: number): readonly Summary[] {
  const sums: readonly SummaryColumn[] = [
    JOBS,
    { name: 'short', type: 'BIGINT', of: `CASE WHEN duration < ${wholeLiteral(shortJobSec)} THEN 1 ELSE 0 END` },
    { name: 'seconds', type: 'BIGINT', of: 'CAST(duration AS BIGINT)' },
    // For timelines.
    { name: 'energy_units', type: 'HUGEINT', of: duckDbEnergyUnits('energy') },
  ];
  return [
    { name: 'jobs_by_day', spanSec: DAY_SEC, keys: [spanOf(DAY_SEC), ...KEYS], sums },
    { name: 'jobs_by_month', spanSec: MONTH_SEC, keys: [spanOf(MONTH_SEC), ...KEYS], sums },
    // For the histogram of durations.
    {
      name: 'jobs_by_duration',
      spanSec: MONTH_SEC,
      keys: [spanOf(MONTH_SEC), ...KEYS, { name: 'duration_step', type: 'INTEGER', of: durationStep('duration') }],
      sums: [JOBS],
    },
  ];
}

/** Returns the summary if the index keeps it. */
export function keptSummary(name: SummaryName, kept: Summaries | undefined): Summary | undefined {
  if (kept === undefined || kept.leftOut[name] !== undefined) return undefined;
  return summariesFor(kept.shortJobSec).find((summary) => summary.name === name);
}

/** Every summary of these definitions has the same rows for the same jobs and the same SHORT_JOB_S. */
export const SUMMARY_DEFINITIONS = summariesFor(0)
  .map((summary) => `${summary.name}: ${[...summary.keys, ...summary.sums].map(({ name, of }) => `${name} ${of}`)}`)
  .join('; ');

/** The number of the span with this time. */
export function spanAt(timeSec: bigint, spanSec: number): bigint {
  const span = BigInt(spanSec);
  return (timeSec - (((timeSec % span) + span) % span)) / span;
}

function spanOf(spanSec: number): SummaryColumn {
  const rest = `((start_time % ${spanSec}) + ${spanSec}) % ${spanSec}`; // also of a start before 1970
  return { name: 'span', type: 'INTEGER', of: `(start_time - ${rest}) // ${spanSec}` };
}

/**
 * The start of the step that has the duration. Each bin of DURATION_BINS (jobs/histograms.ts) consists of whole steps. A
 * week has 175 steps, instead of 10,080 minutes. Negative durations, which are in no bin, are -1.
 */
function durationStep(duration: string): string {
  const byEnd = Object.values(DURATION_BINS)
    .map(({ widthSec, bins }) => ({ widthSec, end: widthSec * bins }))
    .sort((a, b) => a.end - b.end || a.widthSec - b.widthSec);
  const cases = byEnd.map(({ end }) => {
    const step = byEnd.filter((other) => other.end >= end).reduce((width, { widthSec }) => divisor(width, widthSec), 0);
    return `WHEN ${duration} < ${end} THEN ${duration} // ${step} * ${step}`;
  });
  return `CASE WHEN ${duration} < 0 THEN -1 ${cases.join(' ')} ELSE ${byEnd.at(-1)?.end} END`;
}

/** The greatest common divisor. */
function divisor(a: number, b: number): number {
  return b === 0 ? a : divisor(b, a % b);
}
