import { type RawBuilder, type SqlBool, sql } from 'kysely';
import { allOf, anyOf, isAnyId, isAnyOf, NOTHING, textMatches } from '../../db/conditions.ts';
import { jsonNumber, jsonText } from '../../db/stored-json.ts';
import type { JobTable } from '../../db/tables.ts';
import type { Condition, Range, WholeField } from '../../jobs/filter.ts';
import { isFootprintKey } from '../../jobs/filter.ts';
import { JOB_STATES, type JobState, SHARED } from '../../jobs/job.ts';
import type { VisibleJobs } from '../../jobs/visibility.ts';
import { nodeCondition } from './hosts.ts';

/** A column of the job at hand; every statement calls the table `job`. */
export function column(name: keyof JobTable): RawBuilder<unknown> {
  return sql.ref(`job.${name}`);
}

/** Whose the job at hand is; '' where the caller may not know. */
export function userOf({ named }: Pick<VisibleJobs, 'named'>): RawBuilder<unknown> {
  const user = column('hpc_user');
  return named === undefined ? user : sql`CASE WHEN ${one(named, [])} THEN ${user} ELSE '' END`;
}

const TEXT_COLUMNS = { cluster: 'cluster', subcluster: 'subcluster', project: 'project', user: 'hpc_user' } as const;

/** The columns of what is filtered, and sorted, as a whole number. */
export const WHOLE_COLUMNS = {
  'start-time': 'start_time',
  duration: 'duration',
  'num-nodes': 'num_nodes',
  'num-acc': 'num_acc',
  'num-hwthreads': 'num_hwthreads',
} as const satisfies Record<WholeField, keyof JobTable>;

/** The key of the metadata that is the job's name: NULL where the metadata is broken or has none. */
const JOB_NAME = jsonText(column('meta_data'), 'jobName');

/**
 * What a WHERE wants of table `job`: these conditions, and no text of a caller's outside of parameters. Values of closed
 * sets are literals: only `job_state = 'running'` as a literal lets the partial indexes of cc-backend serve.
 */
export function whereJob({ conditions, tagScopes }: VisibleJobs): RawBuilder<SqlBool> {
  const few = conditions.some(selectsFew);
  const fewer = conditions.some(selectsFewerThanACluster);
  return allOf(
    conditions.map((condition) => {
      // Without statistics SQLite takes "completed" to be as rare as a user: `+` keeps it from the index of the states.
      if (condition.kind === 'state' && few && !onlyRunning(condition.values)) {
        return sql<SqlBool>`(${literals(sql`+${column('job_state')}`, JOB_STATES, condition.values)})`;
      }
      // The same for a cluster, which may hold most of the jobs.
      if (condition.kind === 'text' && condition.field === 'cluster' && condition.operator === 'is' && fewer) {
        return sql<SqlBool>`(${textMatches(sql`+${column('cluster')}`, 'is', condition.values)})`;
      }
      return sql<SqlBool>`(${one(condition, tagScopes)})`;
    }),
  );
}

/** Whether a condition has an index of its own under which there are fewer jobs than under a state. */
function selectsFew(condition: Condition): boolean {
  switch (condition.kind) {
    case 'id':
    case 'tag':
    case 'owner':
      return true;
    case 'text':
      return condition.operator === 'is' && (condition.field === 'user' || condition.field === 'project');
    default:
      return false;
  }
}

/** One user on one cluster has an index of its own (cluster, user): that needs the cluster as it is. */
function selectsFewerThanACluster(condition: Condition): boolean {
  if (condition.kind !== 'text') return selectsFew(condition);
  return selectsFew(condition) && !(condition.field === 'user' && condition.values.length === 1);
}

function onlyRunning(states: readonly JobState[]): boolean {
  return states.length === 1 && states[0] === 'running';
}

function one(condition: Condition, tagScopes: readonly string[]): RawBuilder<SqlBool> {
  switch (condition.kind) {
    case 'text':
      return text(condition);
    case 'id':
      return condition.values.length === 0 ? NOTHING : id(condition.field, condition.values);
    case 'state':
      return literals(column('job_state'), JOB_STATES, condition.values);
    case 'shared':
      return literals(column('shared'), SHARED, condition.values);
    case 'tag':
      return tagged(condition.ids, tagScopes);
    case 'schedule':
      return textMatches(JOB_NAME, condition.schedule === 'interactive' ? 'is' : 'not', ['interactive']);
    case 'whole':
      return whole(condition.field, condition.range);
    case 'energy':
      return ranged(column('energy'), condition.range);
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

type TextCondition = Extract<Condition, { kind: 'text' }>;

function text({ field, operator, values }: TextCondition): RawBuilder<SqlBool> {
  switch (field) {
    case 'node':
      return nodeCondition(operator, values);
    case 'job-name':
      return textMatches(JOB_NAME, operator, values);
    case 'partition':
      return partition(operator, values);
    default:
      return textMatches(column(TEXT_COLUMNS[field]), operator, values);
  }
}

/** The one text column that may be NULL, which reads as ''. */
function partition(operator: TextCondition['operator'], values: readonly string[]): RawBuilder<SqlBool> {
  const bare = column('cluster_partition');
  // Kept bare where NULL cannot match: ifnull() would keep an index from serving.
  if (operator === 'is' && !values.includes('')) return textMatches(bare, operator, values);
  return textMatches(sql`ifnull(${bare}, '')`, operator, values);
}

function id(field: Extract<Condition, { kind: 'id' }>['field'], values: readonly bigint[]): RawBuilder<SqlBool> {
  if (field === 'db-id') return isAnyId(column('id'), values);
  if (field === 'job-id') return isAnyId(column('job_id'), values);
  const array = column('array_job_id');
  if (values.includes(0n)) return isAnyId(sql`ifnull(${array}, 0)`, values);
  // The literal is what makes the partial index of migrations/0002 serve.
  return values.every((value) => value > 0n)
    ? allOf([isAnyId(array, values), sql`${array} > 0`])
    : isAnyId(array, values);
}

/**
 * By id, not joined: a job with several of the tags is one job, and few tagged jobs are found without a scan. CROSS JOIN
 * keeps the order: a tag, then its jobs.
 */
function tagged(ids: readonly bigint[], tagScopes: readonly string[]): RawBuilder<SqlBool> {
  if (ids.length === 0 || tagScopes.length === 0) return NOTHING;
  const readable = sql`${isAnyId(sql.ref('tag.id'), ids)} AND tag.tag_scope IN (${sql.join(wellFormed(tagScopes))})`;
  return sql`${column('id')} IN (SELECT jobtag.job_id FROM tag CROSS JOIN jobtag ON jobtag.tag_id = tag.id WHERE ${readable})`;
}

function whole(field: WholeField, range: Range<bigint>): RawBuilder<SqlBool> {
  const bare = column(WHOLE_COLUMNS[field]);
  const nullable = field === 'num-acc' || field === 'num-hwthreads';
  const holdsZero = (range.from ?? 0n) <= 0n && (range.to ?? 0n) >= 0n;
  return nullable && holdsZero ? ranged(sql`ifnull(${bare}, 0)`, range) : ranged(bare, range);
}

function ranged(value: RawBuilder<unknown>, { from, to }: Range<bigint | number>): RawBuilder<SqlBool> {
  if (from !== undefined && to !== undefined) return sql`${value} BETWEEN ${from} AND ${to}`;
  if (from !== undefined) return sql`${value} >= ${from}`;
  if (to !== undefined) return sql`${value} <= ${to}`;
  return sql`${value} IS NOT NULL`;
}

/** Only members of the closed set reach the SQL text, whatever a caller managed to send. */
function literals<Value extends string>(
  target: RawBuilder<unknown>,
  closedSet: readonly Value[],
  values: readonly Value[],
): RawBuilder<SqlBool> {
  const known = closedSet.filter((value) => values.includes(value)).map((value) => sql.lit(value));
  const [first] = known;
  if (first === undefined) return NOTHING;
  return known.length === 1 ? sql`${target} = ${first}` : sql`${target} IN (${sql.join(known)})`;
}

function wellFormed(texts: readonly string[]): string[] {
  return texts.map((value) => value.toWellFormed());
}
