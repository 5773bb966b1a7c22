import type { AnyField } from '../../jobs/fields.ts';
import type { Condition, Range } from '../../jobs/filter.ts';
import { wholeLiteral } from '../duckdb-query.ts';
import { RUNNING } from '../index-columns.ts';
import { type FilterContext, matchingJobs, whereColumns } from '../where/duckdb.ts';
import {
  FINER,
  KEY_FIELDS,
  keptSummary,
  type Summary,
  type SummaryColumn,
  type SummaryName,
  spanAt,
  summariesFor,
} from './summary-tables.ts';

/** Parts of a filter. Together they match the same jobs, each job once. */
export interface FilterParts {
  /** Matches rows of the summary. */
  readonly summarized: { readonly spans: Range<bigint>; readonly conditions: readonly Condition[] };
  /** Match jobs before and after these spans. */
  readonly ends: readonly (readonly Condition[])[];
}

const KEYS: ReadonlySet<AnyField['name']> = new Set(KEY_FIELDS);

/**
 * Returns what a summary answers of a filter: whole spans, if all conditions are about its keys and the start time. The
 * jobs before and after these spans must be read one by one. Returns undefined if the summary answers nothing. Only
 * this function decides that.
 */
export function partsOf(filter: readonly Condition[], { spanSec }: Summary): FilterParts | undefined {
  const conditions = filter.filter((condition) => !isStart(condition));
  if (!conditions.every((condition) => fieldsOf(condition).every((field) => KEYS.has(field)))) return undefined;
  const { from, to } = filter
    .filter(isStart)
    .map(({ range }) => range)
    .reduce(common, {});
  const span = BigInt(spanSec);
  const first = from === undefined ? undefined : spanAt(from + span - 1n, spanSec);
  const last = to === undefined ? undefined : spanAt(to + 1n, spanSec) - 1n;
  if (first !== undefined && last !== undefined && first > last) return undefined;
  const ends: Required<Range<bigint>>[] = [
    ...(from === undefined || first === undefined ? [] : [{ from, to: first * span - 1n }]),
    ...(to === undefined || last === undefined ? [] : [{ from: (last + 1n) * span, to }]),
  ];
  return {
    summarized: {
      spans: { ...(first === undefined ? {} : { from: first }), ...(last === undefined ? {} : { to: last }) },
      conditions,
    },
    ends: ends
      .filter((range) => range.from <= range.to)
      .map((range) => [...conditions, { kind: 'whole', field: 'start-time', range }]),
  };
}

/**
 * A subquery with the keys and sums of a summary. Each row is for one or more jobs of the filter. It has the spans of
 * days, but no longer ones, since they are not those of a calendar. Returns undefined if the index keeps neither the
 * summary nor a finer one, or if they cannot answer.
 */
export function alikeJobs(filter: readonly Condition[], name: SummaryName, context: FilterContext): string | undefined {
  if (name !== 'jobs_by_duration' && context.selection !== undefined) return context.selection.alike;
  const columns = columnsOf(name, context);
  const rows = alikeRows(filter, name, columns, context);
  if (rows === undefined) return undefined;
  if (!context.hasWide) return `(${rows})`;
  const wide = `SELECT ${valuesOf(columns)}, wide_id FROM wide_job WHERE ${whereColumns(filter, context)}`;
  return `(SELECT *, NULL AS wide_id FROM (${rows}) UNION ALL ${wide})`;
}

function alikeRows(
  filter: readonly Condition[],
  name: SummaryName,
  columns: readonly SummaryColumn[],
  context: FilterContext,
): string | undefined {
  const finer = (conditions: readonly Condition[]) =>
    FINER[name] === undefined ? undefined : alikeRows(conditions, FINER[name], columns, context);
  const summary = keptSummary(name, context.summaries);
  const parts = summary === undefined ? undefined : partsOf(filter, summary);
  if (summary === undefined || parts === undefined) return finer(filter);
  const { spans, conditions } = parts.summarized;
  const isWithin = [
    ...(spans.from === undefined ? [] : [`span >= ${wholeLiteral(spans.from)}`]),
    ...(spans.to === undefined ? [] : [`span <= ${wholeLiteral(spans.to)}`]),
  ];
  const where = [...isWithin, whereColumns(conditions, context)].join(' AND ');
  const rows = `SELECT ${columns.map((column) => column.name)} FROM ${name} WHERE ${where}`;
  const each = valuesOf(columns);
  const ends = parts.ends.map((end) => finer(end) ?? `SELECT ${each} FROM job WHERE ${whereColumns(end, context)}`);
  return [rows, ...ends].join(' UNION ALL ');
}

/** The columns of the rows of a summary. */
function columnsOf(name: SummaryName, { summaries }: FilterContext): SummaryColumn[] {
  const { keys = [], sums = [] } = summariesFor(summaries?.shortJobSec ?? 0).find((each) => each.name === name) ?? {};
  return [...keys, ...sums].filter((column) => column.name !== 'span' || name === 'jobs_by_day');
}

/** The same columns for a single job. */
function valuesOf(columns: readonly SummaryColumn[]): string {
  return columns.map((column) => `${column.of} AS ${column.name}`).join(', ');
}

/** The jobs of a filter as a FROM clause, and their number as an aggregate over it. Rows have the keys of a summary. */
export function countedJobs(filter: readonly Condition[], context: FilterContext) {
  const alike = alikeJobs(filter, 'jobs_by_month', context);
  if (alike !== undefined) return { from: alike, count: 'coalesce(sum(jobs), 0)' };
  return { from: `${matchingJobs(filter, context)}`, count: 'count(*)' };
}

/** The running jobs of a filter as a FROM clause. They are few, and DuckDB skips blocks without any. */
export function runningJobs(filter: readonly Condition[], context: FilterContext): string {
  return context.selection?.running ?? `(SELECT * FROM ${matchingJobs(filter, context)} AND job_state = ${RUNNING})`;
}

/** The fields that a condition reads. */
function fieldsOf(condition: Condition): readonly AnyField['name'][] {
  switch (condition.kind) {
    case 'text':
    case 'id':
    case 'digits':
    case 'member':
    case 'whole':
    case 'decimal':
      return [condition.field];
    case 'owner':
      return ['user', 'project'];
    case 'tag':
    case 'schedule':
    case 'during':
      return [condition.kind];
    case 'ended':
      return ['end-time'];
    case 'footprint':
      return ['metric.NAME'];
  }
}

type StartCondition = Extract<Condition, { kind: 'whole' }>;

function isStart(condition: Condition): condition is StartCondition {
  return condition.kind === 'whole' && condition.field === 'start-time';
}

/** The values in both ranges. */
function common(one: Range<bigint>, other: Range<bigint>): Range<bigint> {
  const from = [one.from, other.from].filter((bound) => bound !== undefined).reduce(greater, undefined);
  const to = [one.to, other.to].filter((bound) => bound !== undefined).reduce(less, undefined);
  return { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
}

function greater(a: bigint | undefined, b: bigint): bigint {
  return a === undefined || b > a ? b : a;
}

function less(a: bigint | undefined, b: bigint): bigint {
  return a === undefined || b < a ? b : a;
}
