import { type RawBuilder, type SqlBool, sql } from 'kysely';
import type { Condition } from '../../jobs/filter.ts';
import type { ListCursor, Slice } from '../../jobs/paging.ts';
import type { VisibleJobs } from '../../jobs/visibility.ts';
import { branchesByStart, column, whereJob } from '../where/sqlite.ts';

const MOST_START = 2n ** 63n - 1n;
const LEAST_ID = -(2n ** 63n);
const MOST_BRANCHES = 12;
/** Each branch repeats the values of the other conditions. */
const MOST_REPEATED_VALUES = 100;

/** The lean indexes (migrations/0002), each without the start time at its end. */
const INDEXES: readonly string[] = ['', 'cluster', 'user', 'project', 'state', 'cluster user', 'cluster state'];

/**
 * True if an index leads to the rows of a list without reading others. All other conditions are checked for each job on
 * the way, in the worst case for all jobs.
 */
export function isAlongIndex({ conditions }: VisibleJobs): boolean {
  if (conditions.some(({ kind }) => kind === 'id')) return true; // a few rows by their id
  const asked = conditions.map(indexedField);
  const fields = [...new Set(asked.filter((field) => field !== 'start-time'))].sort();
  return INDEXES.includes(fields.join(' ')) && fields.length === asked.filter((field) => field !== 'start-time').length;
}

function indexedField(condition: Condition): string {
  switch (condition.kind) {
    case 'text':
      return condition.operator === 'is' ? condition.field : 'none';
    case 'member':
      return condition.field;
    case 'owner':
      return 'user';
    case 'whole':
      return condition.field;
    default:
      return 'none';
  }
}

/**
 * A query for `id` and `start_time` of a slice of the list, newest first, written so that it uses an index.
 *
 * "Any of these clusters" becomes one query per cluster. SQLite merges them lazily, each along its own index. With IN
 * it would collect and sort all jobs of these clusters to return 25 of them.
 */
export function newestFirst(jobs: VisibleJobs, { after, offset, limit }: Slice): RawBuilder<unknown> {
  const queries = branches(jobs).map((branch) => {
    const where = after === undefined ? whereJob(branch) : whereAfter(branch, after);
    return sql`SELECT job.id AS id, job.start_time AS start_time FROM job WHERE ${where}`;
  });
  return sql`${sql.join(queries, sql` UNION ALL `)} ORDER BY start_time DESC, id DESC LIMIT ${limit} OFFSET ${offset}`;
}

/**
 * The jobs of a filter after a position. SQLite uses one upper bound of an index. If the filter had another one, each
 * batch would walk over all jobs before it, so the bounds are joined: a filter that ends before the position begins
 * there.
 */
function whereAfter(jobs: VisibleJobs, { startTime, id }: ListCursor): RawBuilder<SqlBool> {
  const conditions: Condition[] = [];
  let end: bigint | undefined;
  for (const condition of jobs.conditions) {
    if (condition.kind !== 'whole' || condition.field !== 'start-time' || condition.range.to === undefined) {
      conditions.push(condition);
      continue;
    }
    const { from, to } = condition.range;
    if (from !== undefined) conditions.push({ ...condition, range: { from } });
    if (end === undefined || to < end) end = to;
  }
  const position = sql`(${column('start_time')}, ${column('id')})`;
  const isAfter =
    end === undefined || end >= MOST_START
      ? sql<SqlBool>`${position} < (${startTime}, ${id})`
      : sql<SqlBool>`${position} < (min(${startTime}, ${end + 1n}), iif(${startTime} <= ${end}, ${id}, ${LEAST_ID}))`;
  return sql<SqlBool>`${whereJob({ ...jobs, conditions })} AND ${isAfter}`;
}

/** Splits the filter into disjoint filters, each with one value instead of several. */
function branches(jobs: VisibleJobs): VisibleJobs[] {
  const byStart = branchesByStart(jobs);
  if (byStart.length > 1) return byStart;
  for (const [index, condition] of jobs.conditions.entries()) {
    const split = branchesOf(condition);
    if (split.length < 2 || split.length > MOST_BRANCHES) continue;
    const others = jobs.conditions.filter((other) => other !== condition);
    if (others.reduce((sum, other) => sum + valuesOf(other), 0) > MOST_REPEATED_VALUES) continue;
    return split.map((conditions) => ({ ...jobs, conditions: jobs.conditions.toSpliced(index, 1, ...conditions) }));
  }
  return [jobs];
}

function valuesOf(condition: Condition): number {
  if (condition.kind === 'owner') return condition.projects.length + 1;
  return condition.kind === 'text' ? condition.values.length : 1;
}

/** Only conditions with an index of their own that ends in start_time are split. */
function branchesOf(condition: Condition): Condition[][] {
  switch (condition.kind) {
    case 'member': {
      const { kind, field, values } = condition;
      return field === 'state' ? [...new Set(values)].map((state) => [{ kind, field, values: [state] }]) : [];
    }
    case 'text': {
      const { field, operator } = condition;
      if (operator !== 'is' || !['cluster', 'user', 'project'].includes(field)) return [];
      return distinct(condition.values).map((value) => [{ kind: 'text', field, operator, values: [value] }]);
    }
    case 'owner': {
      const projects = distinct(condition.projects);
      if (projects.length === 0) return [];
      return [
        ...projects.map((project): Condition[] => [is('project', project)]),
        [is('user', condition.user), { kind: 'text', field: 'project', operator: 'not', values: projects }],
      ];
    }
    default:
      return [];
  }
}

function is(field: 'project' | 'user', value: string): Condition {
  return { kind: 'text', field, operator: 'is', values: [value] };
}

/** Removes values that are equal once they are bound: two different lone surrogates are one value. */
function distinct(values: readonly string[]): string[] {
  return [...new Set(values.map((value) => value.toWellFormed()))];
}
