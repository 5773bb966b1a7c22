import { type RawBuilder, type SqlBool, sql } from 'kysely';
import { allOf, anyOf, isAnyId, isAnyOf, NOTHING, textMatches } from '../../db/sql/conditions.ts';
import { DERIVED_VALUES } from '../../db/sql/derived-fields.ts';
import type { JobColumn } from '../../db/sql/sql-builder.ts';
import { jsonNumber, jsonText } from '../../db/sql/stored-json.ts';
import { FIELDS, type ValueField } from '../../jobs/fields.ts';
import { type Condition, isFootprintKey, type Range } from '../../jobs/filter.ts';
import type { VisibleJobs } from '../../jobs/visibility.ts';
import { fractionValue } from '../used-fractions/sqlite.ts';
import { nodeCondition } from './hosts.ts';
import { endedWithin, LONG_SEC, ranDuring, startRanges } from './run-times.ts';

/** A column of the current job. Every statement names the table `job`. */
export function column(name: JobColumn): RawBuilder<unknown> {
  return sql.ref(`job.${name}`);
}

/** The user of the current job, or '' if the caller may not know it. */
export function userOf({ named }: Pick<VisibleJobs, 'named'>): RawBuilder<unknown> {
  const user = column('hpc_user');
  return named === undefined ? user : sql`CASE WHEN ${one(named, { tagScopes: [] })} THEN ${user} ELSE '' END`;
}

/** A field of the current job as filters and orders read it: a stored NULL as '' or 0, others as NULL. */
export function fieldValue(field: ValueField, nodePeaks?: VisibleJobs['nodePeaks']): RawBuilder<unknown> {
  if (field.kind === 'fraction') return fractionValue(field, nodePeaks);
  if (field.kind === 'derived') return sql.raw(DERIVED_VALUES[field.name]);
  const bare = column(field.column);
  if (!field.nullable) return bare;
  return field.kind === 'text' ? sql`ifnull(${bare}, '')` : sql`ifnull(${bare}, 0)`;
}

/** The job's name in the metadata. NULL if the metadata is invalid or has none. */
export const JOB_NAME = jsonText(column('meta_data'), 'jobName');

/**
 * The WHERE condition of table `job`. User input is passed in parameters only. Values of closed sets are literals,
 * because SQLite uses the partial indexes of cc-backend only with `job_state = 'running'` as a literal.
 */
export function whereJob(jobs: VisibleJobs): RawBuilder<SqlBool> {
  const { conditions } = jobs;
  const few = conditions.some(selectsFew);
  const fewer = conditions.some(selectsFewerThanACluster);
  return allOf(
    conditions.map((condition) => {
      // Without statistics SQLite takes "completed" to be as rare as a user. `+` keeps it from the index of the states.
      if (condition.kind === 'member' && condition.field === 'state' && few && !onlyRunning(condition.values)) {
        return sql<SqlBool>`(${literals(sql`+${column('job_state')}`, FIELDS.state.members, condition.values)})`;
      }
      // `+` also keeps SQLite from the index of a cluster, which may have most of the jobs.
      if (condition.kind === 'text' && condition.field === 'cluster' && condition.operator === 'is' && fewer) {
        return sql<SqlBool>`(${textMatches(sql`+${column('cluster')}`, 'is', condition.values)})`;
      }
      return sql<SqlBool>`(${one(condition, jobs)})`;
    }),
  );
}

/**
 * A query over the matching jobs. `select` makes it from a WHERE condition. If no index leads to all jobs, it consists
 * of several such queries joined by UNION ALL.
 */
export function overJobs(jobs: VisibleJobs, select: (where: RawBuilder<SqlBool>) => RawBuilder<unknown>) {
  const queries = branchesByStart(jobs).map((branch) => select(whereJob(branch)));
  return sql.join(queries, sql` UNION ALL `);
}

/** Filters that share no job, each along an index that ends in the start time. */
export function branchesByStart(jobs: VisibleJobs): VisibleJobs[] {
  const { conditions } = jobs;
  if (conditions.some(selectsFew)) return [jobs];
  return startRanges(conditions).map((range) => ({ ...jobs, conditions: [...conditions, ...range] }));
}

/** True if a condition has an index of its own that selects fewer jobs than a state does. */
function selectsFew(condition: Condition): boolean {
  switch (condition.kind) {
    case 'id':
    case 'tag':
    case 'owner':
      return true;
    case 'whole':
      return isLong(condition);
    case 'text':
      return condition.operator === 'is' && (condition.field === 'user' || condition.field === 'project');
    default:
      return false;
  }
}

/** One user on one cluster has its own index (cluster, user), which needs the cluster column without `+`. */
function selectsFewerThanACluster(condition: Condition): boolean {
  if (condition.kind !== 'text') return selectsFew(condition);
  return selectsFew(condition) && !(condition.field === 'user' && condition.values.length === 1);
}

function onlyRunning(states: readonly string[]): boolean {
  return states.length === 1 && states[0] === 'running';
}

/** What a condition means depends on these properties of its caller. */
type Context = Pick<VisibleJobs, 'tagScopes' | 'nodePeaks'>;

function one(condition: Condition, context: Context): RawBuilder<SqlBool> {
  switch (condition.kind) {
    case 'text':
      return text(condition);
    case 'id':
      return condition.values.length === 0 ? NOTHING : id(condition);
    case 'digits': {
      const digits = sql`CAST(${fieldValue(FIELDS[condition.field])} AS TEXT)`;
      return textMatches(digits, condition.operator, condition.values);
    }
    case 'member': {
      const { column: name, members } = FIELDS[condition.field];
      return literals(column(name), members, condition.values);
    }
    case 'tag':
      return tagged(condition.ids, context.tagScopes);
    case 'schedule':
      return textMatches(JOB_NAME, condition.schedule === 'interactive' ? 'is' : 'not', ['interactive']);
    case 'whole':
    case 'decimal':
      return number(condition, context);
    case 'during':
      return ranDuring(condition);
    case 'ended':
      return endedWithin(condition);
    case 'footprint':
      if (!isFootprintKey(condition.key)) return NOTHING;
      return ranged(jsonNumber(column('footprint'), condition.key), condition.range);
    case 'owner':
      return anyOf([
        ...(condition.projects.length === 0 ? [] : [isAnyOf(column('project'), wellFormed(condition.projects))]),
        isAnyOf(column('hpc_user'), wellFormed([condition.user])),
      ]);
  }
}

type ConditionOf<Kind> = Extract<Condition, { kind: Kind }>;

function text({ field, operator, values }: ConditionOf<'text'>): RawBuilder<SqlBool> {
  switch (field) {
    case 'node':
      return nodeCondition(operator, values);
    case 'job-name':
      return textMatches(JOB_NAME, operator, values);
    default:
      return textMatches(compared(FIELDS[field], operator !== 'is' || values.includes('')), operator, values);
  }
}

function id({ field, values }: ConditionOf<'id'>): RawBuilder<SqlBool> {
  const matches = isAnyId(compared(FIELDS[field], values.includes(0n)), values);
  // SQLite uses the partial index of migrations/0002 only with this literal.
  const hasArray = field === 'array-job-id' && values.every((value) => value > 0n);
  return hasArray ? allOf([matches, sql`${column('array_job_id')} > 0`]) : matches;
}

/**
 * Selects by id instead of a join: a job with several of the tags is one job, and few tagged jobs are found without a
 * scan. CROSS JOIN keeps the order: first a tag, then its jobs.
 */
function tagged(ids: readonly bigint[], tagScopes: readonly string[]): RawBuilder<SqlBool> {
  return sql`${column('id')} IN (SELECT jobtag.job_id FROM tag CROSS JOIN jobtag ON jobtag.tag_id = tag.id WHERE ${isReadableTag(ids, tagScopes)})`;
}

/** SQL that is true if a row of table `tag` is one of these, in a scope that the caller may read. */
export function isReadableTag(ids: readonly bigint[], tagScopes: readonly string[]): RawBuilder<SqlBool> {
  if (ids.length === 0 || tagScopes.length === 0) return NOTHING;
  return allOf([isAnyId(sql.ref('tag.id'), ids), sql`tag.tag_scope IN (${sql.join(wellFormed(tagScopes))})`]);
}

function number(condition: ConditionOf<'whole' | 'decimal'>, { nodePeaks }: Context): RawBuilder<SqlBool> {
  const { field, range } = condition;
  const matchesNull = (range.from ?? 0) <= 0 && (range.to ?? 0) >= 0;
  const matches = ranged(compared(FIELDS[field], matchesNull, nodePeaks), range);
  if (!isLong(condition)) return matches;
  // SQLite uses the partial index of migrations/0008 only with this literal. likelihood() leads to a cc-backend index.
  const literal = sql<SqlBool>`${column('duration')} > ${sql.lit(LONG_SEC)}`;
  return allOf([sql`likelihood(${matches}, 0.001)`, literal]);
}

/** Only jobs that have an index of their own. */
function isLong({ field, range }: ConditionOf<'whole' | 'decimal'>): boolean {
  return field === 'duration' && range.from !== undefined && range.from > LONG_SEC;
}

/** A field in a condition. The bare column if NULL cannot match, because ifnull() prevents the use of an index. */
function compared(field: ValueField, matchesNull: boolean, nodePeaks?: VisibleJobs['nodePeaks']): RawBuilder<unknown> {
  return matchesNull || !('column' in field) ? fieldValue(field, nodePeaks) : column(field.column);
}

function ranged(value: RawBuilder<unknown>, { from, to }: Range<bigint | number>): RawBuilder<SqlBool> {
  if (from !== undefined && to !== undefined) return sql`${value} BETWEEN ${from} AND ${to}`;
  if (from !== undefined) return sql`${value} >= ${from}`;
  if (to !== undefined) return sql`${value} <= ${to}`;
  return sql`${value} IS NOT NULL`;
}

/** Only members of the closed set reach the SQL text, whatever a caller has sent. */
function literals(
  target: RawBuilder<unknown>,
  closedSet: readonly string[],
  values: readonly string[],
): RawBuilder<SqlBool> {
  const known = closedSet.filter((value) => values.includes(value)).map((value) => sql.lit(value));
  const [first] = known;
  if (first === undefined) return NOTHING;
  return known.length === 1 ? sql`${target} = ${first}` : sql`${target} IN (${sql.join(known)})`;
}

function wellFormed(texts: readonly string[]): string[] {
  return texts.map((value) => value.toWellFormed());
}
