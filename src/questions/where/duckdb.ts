import { foldCase } from '../../db/sql/conditions.ts';
import { FIELDS, type FieldOf, type FractionField } from '../../jobs/fields.ts';
import { type Condition, isFootprintKey, type Range, type TextOperator } from '../../jobs/filter.ts';
import { ENDED_STATES } from '../../jobs/job-enums.ts';
import type { VisibleJobs } from '../../jobs/visibility.ts';
import { type Parameters, wholeLiteral } from '../duckdb-query.ts';
import { footprintName, HOST_MARK, indexColumn, membersOf, RUNNING } from '../index-columns.ts';
import { quantizedRange } from '../quantized-doubles.ts';
import type { Summaries } from '../summaries/summary-tables.ts';
import { fractionColumn } from '../used-fractions/duckdb.ts';
import { startRanges } from './run-times.ts';

/** Properties of the index that a question needs. */
export interface FilterContext {
  readonly parameters: Parameters;
  /** The keys of the footprint columns, in their order. */
  readonly footprintKeys: readonly string[];
  /** Ids of the tags that the caller may read. Empty if no condition needs one. */
  readonly readableTags: ReadonlySet<bigint>;
  /** Those of the question's jobs. */
  readonly nodePeaks?: VisibleJobs['nodePeaks'];
  /** True if some jobs are in table `wide_job`. */
  readonly hasWide?: boolean | undefined;
  /**
   * True if products of the seconds of jobs that are alike and their size are to have 128 bits. DuckDB multiplies 64
   * bits three times as fast, and fails if they are too few.
   */
  readonly hasLargeProducts?: boolean | undefined;
  /** Without it only the tables of jobs answer. */
  readonly summaries?: Summaries | undefined;
  /** The jobs of the question, if they have already been read. */
  readonly selection?: Selection | undefined;
}

/** Tables with the jobs of several questions about the same jobs. */
export interface Selection {
  /** Has the columns of the summary `jobs_by_month` that the questions need. `seconds` are those inside the clip. */
  readonly alike: string;
  /** Running jobs. */
  readonly running: string;
}

/** DuckDB's lower() folds more letters than A-Z. SQLite's does not. */
const UPPER = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const LEAST_ID = -(2n ** 63n);
const MOST_ID = 2n ** 63n - 1n;
/** Up to this many ids are written into the text. */
const FEW_IDS = 8;

/** The jobs of the index in a FROM clause. */
export function jobsIn({ hasWide = false }: Pick<FilterContext, 'hasWide'>): string {
  return hasWide ? '(SELECT * FROM job UNION ALL SELECT * FROM wide_job) AS job' : 'job';
}

/**
 * The jobs of a filter in a FROM clause with their WHERE, which may be followed by AND. DuckDB skips blocks by the ranges
 * of their columns, but not by those of conditions that OR joins: jobs that ran in a month are found in 20 million ten
 * times as fast by their starts.
 */
export function matchingJobs(conditions: readonly Condition[], context: FilterContext): string {
  const ranges = startRanges(conditions).map((range) => whereColumns(range, context));
  const from =
    ranges.length === 1
      ? jobsIn(context)
      : `(${ranges.map((range) => `SELECT * FROM ${jobsIn(context)} WHERE ${range}`).join(' UNION ALL ')}) AS job`;
  return `${from} WHERE ${whereColumns(conditions, context)}`;
}

/** The condition of src/questions/where/sqlite.ts over the columns of the index. A test compares the two. */
export function whereColumns(conditions: readonly Condition[], context: FilterContext): string {
  return allOf(conditions.map((condition) => `(${one(condition, context)})`));
}

function one(condition: Condition, context: FilterContext): string {
  switch (condition.kind) {
    case 'text':
      return text(condition, context);
    case 'id':
      return isAnyId(FIELDS[condition.field].column, condition.values, context);
    case 'digits':
      return textMatches(
        `CAST(${FIELDS[condition.field].column} AS VARCHAR)`,
        condition.operator,
        condition.values,
        context,
      );
    case 'member':
      return isMember(FIELDS[condition.field], condition.values);
    case 'tag':
      return anyOf(
        condition.ids
          .filter((id) => context.readableTags.has(id))
          .map((id) => `contains(tags, ',${wholeLiteral(id)},')`),
      );
    case 'schedule':
      return `job_name ${condition.schedule === 'interactive' ? '=' : '<>'} 'interactive'`;
    case 'whole':
      return ranged(indexColumn(FIELDS[condition.field]), condition.range);
    case 'decimal': {
      const field = FIELDS[condition.field];
      if (field.kind === 'fraction') return fractionRange(field, condition.range, context);
      return quantizedRange(field.column, condition.range, (value) => context.parameters.add(value));
    }
    case 'during': {
      const { range, nowSec } = condition;
      const { from, to } = range;
      return allOf([
        ...(to === undefined ? [] : [`start_time < ${wholeLiteral(to)}`]),
        ...(from === undefined ? [] : [ranSince(from, nowSec)]),
      ]);
    }
    case 'ended': {
      const { from, to } = condition.range;
      return allOf([
        isMember(FIELDS.state, ENDED_STATES),
        ...(from === undefined ? [] : [`start_time >= ${wholeLiteral(from)} - greatest(duration, 0)`]),
        ...(to === undefined ? [] : [`start_time <= ${wholeLiteral(to)} - greatest(duration, 0)`]),
      ]);
    }
    case 'footprint': {
      const index = isFootprintKey(condition.key) ? context.footprintKeys.indexOf(condition.key) : -1;
      if (index < 0) return 'false';
      return quantizedRange(footprintName(index), condition.range, (value) => context.parameters.add(value));
    }
    case 'owner':
      return anyOf([
        textMatches('hpc_user', 'is', [condition.user], context),
        textMatches('project', 'is', condition.projects, context),
      ]);
  }
}

/** Each occurrence of the value has its own parameters. */
function fractionRange(field: FractionField, { from, to }: Range<number>, context: FilterContext): string {
  const { parameters } = context;
  const value = fractionColumn(field, context);
  if (from !== undefined && to !== undefined) {
    return `${value} BETWEEN CAST(${parameters.add(from)} AS DOUBLE) AND CAST(${parameters.add(to)} AS DOUBLE)`;
  }
  if (from !== undefined) return `${value} >= CAST(${parameters.add(from)} AS DOUBLE)`;
  return to === undefined ? `${value} IS NOT NULL` : `${value} <= CAST(${parameters.add(to)} AS DOUBLE)`;
}

/** The job started then or later, or ended later. Its start and duration are not added: the sum may exceed 64 bits. */
function ranSince(from: bigint, nowSec: number): string {
  const first = wholeLiteral(from);
  // NULL, which matches no filter, of a duration far below 0.
  const startsAfter = `start_time > TRY(${first} - duration)`;
  return `(start_time >= ${first} OR CASE WHEN job_state = ${RUNNING} THEN ${nowSec > from} ELSE ${startsAfter} END)`;
}

function text({ field, operator, values }: Extract<Condition, { kind: 'text' }>, context: FilterContext): string {
  switch (field) {
    case 'node':
      return hostMatches(operator, values, context);
    case 'job-name':
      return textMatches('job_name', operator, values, context);
    default:
      return textMatches(FIELDS[field].column, operator, values, context);
  }
}

/** NULL matches nothing, not even `not`. */
function textMatches(
  column: string,
  operator: TextOperator,
  given: readonly string[],
  { parameters }: FilterContext,
): string {
  if (given.length === 0) return 'false';
  const values = storable(given);
  const place = (value: string) => parameters.add(value);
  switch (operator) {
    case 'is':
      return values.length === 0 ? 'false' : `${column} IN (${values.map(place).join(', ')})`;
    case 'not':
      return values.length === 0 ? `${column} IS NOT NULL` : `${column} NOT IN (${values.map(place).join(', ')})`;
    case 'contains':
      return anyOf(values.map((value) => `contains(${folded(column)}, ${place(foldCase(value))})`));
    case 'starts-with':
      return anyOf(values.map((value) => `starts_with(${folded(column)}, ${place(foldCase(value))})`));
    case 'ends-with':
      return anyOf(values.map((value) => `ends_with(${folded(column)}, ${place(foldCase(value))})`));
  }
}

/** At least one host is, contains, starts or ends with one of the values, or (`not`) is none of them. */
function hostMatches(operator: TextOperator, given: readonly string[], { parameters }: FilterContext): string {
  if (given.length === 0) return 'false';
  const values = storable(given).filter((value) => !value.includes(HOST_MARK));
  const place = (value: string) => parameters.add(value);
  const found = (() => {
    switch (operator) {
      case 'is':
        return anyOf(values.map((value) => `contains(hosts, ${place(HOST_MARK + value + HOST_MARK)})`));
      case 'not':
        // Its hosts without the empty strings at both ends of the list.
        return values.length === 0
          ? 'true'
          : `NOT list_has_all([${values.map(place).join(', ')}], string_split(hosts, chr(31))[2:-2])`;
      case 'contains':
        return anyOf(values.map((value) => `contains(${folded('hosts')}, ${place(foldCase(value))})`));
      case 'starts-with':
        return anyOf(values.map((value) => `contains(${folded('hosts')}, ${place(HOST_MARK + foldCase(value))})`));
      case 'ends-with':
        return anyOf(values.map((value) => `contains(${folded('hosts')}, ${place(foldCase(value) + HOST_MARK)})`));
    }
  })();
  return `hosts <> '' AND (${found})`;
}

/** The values as they are stored: lone surrogates become U+FFFD, and no text of the index contains NUL. */
function storable(values: readonly string[]): string[] {
  return values.map((value) => value.toWellFormed()).filter((value) => !value.includes('\0'));
}

function folded(column: string): string {
  if (column === 'job_name') return 'job_name_folded';
  if (column === 'hosts') return `coalesce(${column}_folded, ${column})`;
  return `translate(${column}, '${UPPER}', '${UPPER.toLowerCase()}')`;
}

function isAnyId(column: string, ids: readonly bigint[], { parameters }: FilterContext): string {
  const known = ids.filter((id) => id >= LEAST_ID && id <= MOST_ID);
  if (known.length === 0) return 'false';
  if (known.length <= FEW_IDS) return `${column} IN (${known.map(wholeLiteral).join(', ')})`;
  return `${column} IN (SELECT unnest(string_split(${parameters.add(known.map(wholeLiteral).join())}, ',')::BIGINT[]))`;
}

/** Only the numbers of members of the closed set reach the SQL text. */
export function isMember(field: FieldOf<'member'>, values: readonly string[]): string {
  const members = membersOf(field);
  const numbers = [...new Set(values)].map((value) => members.indexOf(value)).filter((number) => number >= 0);
  return numbers.length === 0 ? 'false' : `${field.column} IN (${numbers.join(', ')})`;
}

function ranged(column: string, { from, to }: Range<bigint>): string {
  const bounds = [
    ...(from === undefined ? [] : [`${column} >= ${wholeLiteral(from)}`]),
    ...(to === undefined ? [] : [`${column} <= ${wholeLiteral(to)}`]),
  ];
  return bounds.length === 0 ? `${column} IS NOT NULL` : bounds.join(' AND ');
}

function allOf(conditions: readonly string[]): string {
  return conditions.length === 0 ? 'true' : conditions.join(' AND ');
}

function anyOf(conditions: readonly string[]): string {
  return conditions.length === 0 ? 'false' : `(${conditions.join(' OR ')})`;
}

/** Maximum number of substrings that one condition may search for in the index. */
const MOST_PATTERNS = 32;

/**
 * True if a question searches for so many substrings that DuckDB would run for minutes without checking for an
 * interrupt. Each substring is a pass of its own over a column (600 of them took more than ten minutes). SQLite does
 * the same in steps that can be interrupted.
 */
export function hasManyPatterns({ jobs }: { jobs: VisibleJobs }): boolean {
  return jobs.conditions.some(
    (condition) =>
      (condition.kind === 'text' || condition.kind === 'digits') &&
      condition.operator !== 'is' &&
      condition.operator !== 'not' &&
      condition.values.length > MOST_PATTERNS,
  );
}
