import { z } from 'zod';
import type { ExportColumn } from '../../jobs/export-columns.ts';
import { UNFILTERED_NUMBERS } from '../../jobs/number-fields.ts';
import type { VisibleJobs } from '../../jobs/visibility.ts';

/** How to divide an exported list into parts: rows of ExportPart, newest first. Together they have all jobs. */
export interface ExportPartsQuestion {
  readonly kind: 'export parts';
  readonly jobs: VisibleJobs;
  /** Jobs of a part, if they did not all start within the same second. */
  readonly most: number;
}

/** What the rows of an exported list have. */
export interface ExportOptions {
  readonly columns: readonly ExportColumn[];
  /** Unix seconds at which the duration of running jobs ends. */
  readonly nowSec: number;
}

/** The index does not have their values. It has the submit time, because it has the wait. */
const NOT_IN_INDEX = [
  ...UNFILTERED_NUMBERS.map(({ property }) => property).filter((property) => property !== 'submitTime'),
  ...(['hosts', 'tags'] as const),
] satisfies readonly ExportColumn[];
export type IndexedColumn = Exclude<ExportColumn, (typeof NOT_IN_INDEX)[number]>;

/** A part of an exported list, newest first, as a Parquet file. The only row of the answer is the file. */
export interface ExportPartQuestion extends ExportOptions {
  readonly kind: 'export part';
  readonly columns: readonly IndexedColumn[];
  /** Those of the part. */
  readonly jobs: VisibleJobs;
}

const time = z.string().transform(BigInt).optional();

/** The jobs of an exported list that started in this time. */
export const ExportPart = z.object({
  from: time,
  to: time,
  /** The number of jobs when the list was divided. */
  jobs: z.number(),
});
export type ExportPart = z.output<typeof ExportPart>;

/** Numbers of a part. They are sorted in memory, and a part is small enough to be sent as a message. */
const PART_VALUES = 1_400_000;
/** Jobs of a part. With 61,440 jobs a part takes 70 ms, and other questions of the lane wait for it. */
const MOST_JOBS = 61_440;
/** So many times the jobs of a part are too many to sort them: many jobs started within the same second. */
const TOO_MANY = 4;

/** Returns undefined if the index lacks a column. */
export function exportPartsQuestion(
  jobs: VisibleJobs,
  columns: readonly ExportColumn[],
): ExportPartsQuestion | undefined {
  if (!areInIndex(columns)) return undefined;
  return { kind: 'export parts', jobs, most: mostJobs(columns) };
}

/** Returns undefined if the index lacks a column, or the part has too many jobs. */
export function exportPartQuestion(
  jobs: VisibleJobs,
  options: ExportOptions,
  part: ExportPart,
): ExportPartQuestion | undefined {
  const { columns, nowSec } = options;
  if (!areInIndex(columns) || part.jobs > TOO_MANY * mostJobs(columns)) return undefined;
  return { kind: 'export part', jobs: startedWithin(jobs, part), columns, nowSec };
}

/** The jobs of a part. */
export function startedWithin(jobs: VisibleJobs, { from, to }: Pick<ExportPart, 'from' | 'to'>): VisibleJobs {
  if (from === undefined && to === undefined) return jobs;
  const range = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
  return { ...jobs, conditions: [...jobs.conditions, { kind: 'whole', field: 'start-time', range }] };
}

function areInIndex(columns: readonly ExportColumn[]): columns is readonly IndexedColumn[] {
  return !columns.some((column) => NOT_IN_INDEX.some((name) => name === column));
}

function mostJobs(columns: readonly ExportColumn[]): number {
  return Math.min(MOST_JOBS, Math.floor(PART_VALUES / columns.length));
}
