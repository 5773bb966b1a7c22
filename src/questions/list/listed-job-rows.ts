import { type RawBuilder, sql } from 'kysely';
import { z } from 'zod';
import { exactWhole, statementOf } from '../../db/sql/sql-rows.ts';
import { jsonText } from '../../db/sql/stored-json.ts';
import { firstCharacters } from '../../db/sql/stored-text.ts';
import type { Statement } from '../../db/statement.ts';
import { LISTED_NAME_CHARACTERS, MOST_LISTED_TAGS, TAG_CHARACTERS } from '../../jobs/cut-lengths.ts';
import { BOUNDS } from '../../jobs/input-bounds.ts';
import { isNewestFirst, type ListOrder } from '../../jobs/list-order.ts';
import { LISTED_FIELDS, type ListedField } from '../../jobs/listed-fields.ts';
import { byProperty } from '../../jobs/number-fields.ts';
import { type ListCursor, offsetOf, type PageRequest } from '../../jobs/paging.ts';
import type { VisibleJobs } from '../../jobs/visibility.ts';
import { column, userOf } from '../where/sqlite.ts';
import { inOrder, type OrderedSlice, valueAt } from './in-order.ts';
import { isAlongIndex } from './newest-first.ts';
import type { PageIdsQuestion } from './question.ts';
import { withIds } from './sqlite.ts';

/** One more than the maximum length of names (src/jobs/input-bounds.ts), so that longer ones are recognized. */
const TEXT_CHARACTERS = BOUNDS.text.most + 1;

const ListedJob = z.object({
  id: exactWhole,
  jobId: exactWhole,
  /** At most LISTED_NAME_CHARACTERS of the jobName in its metadata; '' without one. */
  name: z.string(),
  user: z.string(),
  project: z.string(),
  cluster: z.string(),
  subCluster: z.string(),
  jobState: z.string(),
  /** The duration of a running job is that until now; a decimal is null for what is not a number. */
  ...byProperty(LISTED_FIELDS, {
    whole: exactWhole,
    decimal: z.number().nullable(),
    derived: exactWhole.nullable(),
  }),
  tags: z
    .string()
    .transform((json): unknown => JSON.parse(json))
    .pipe(z.array(z.object({ type: z.string(), name: z.string(), scope: z.string() }))),
});

/** A job as a line of a list. */
export type ListedJob = z.output<typeof ListedJob>;

export interface ListedJobsOptions extends PageRequest, ListOrder {
  readonly nowSec: number;
}

/**
 * A page of a list of jobs. Each job has only small data that fits in a line, so neither hosts nor metadata. Newest
 * first uses an index. Other orders read every matching job.
 */
export function listedJobs(jobs: VisibleJobs, options: ListedJobsOptions): Statement<ListedJob> {
  return listedAt(jobs, options, inOrder(jobs, sliceOf(options)));
}

/** Lists the jobs of a page that the column index has found. */
export function listedJobsAt(
  jobs: VisibleJobs,
  options: ListedJobsOptions,
  found: readonly ListCursor[],
): Statement<ListedJob> {
  return listedAt(jobs, options, withIds(jobs, found.map(({ id }) => id).join()));
}

/** The page as a slice of its list. */
export function sliceOf({ page, itemsPerPage, column: by, order, nowSec }: ListedJobsOptions): OrderedSlice {
  return { column: by, order, nowSec, offset: offsetOf({ page, itemsPerPage }), limit: itemsPerPage };
}

/** The question for the jobs of a slice. Undefined if an index of SQLite leads to them. */
export function pageIdsQuestion(jobs: VisibleJobs, slice: OrderedSlice): PageIdsQuestion | undefined {
  const { column: by, order, nowSec, offset, limit } = slice;
  if (by === 'start-time' && isAlongIndex(jobs)) return undefined;
  const sorted = isNewestFirst(slice) ? {} : { sorted: { column: by, order, nowSec } };
  return { kind: 'page ids', jobs, ...sorted, offset, limit };
}

/** The jobs of a query for `id`, in its order. */
function listedAt(jobs: VisibleJobs, options: ListedJobsOptions, positions: RawBuilder<unknown>): Statement<ListedJob> {
  const text = (name: Parameters<typeof column>[0]) => firstCharacters(column(name), TEXT_CHARACTERS);
  const number = (value: RawBuilder<unknown>) => sql`CAST(CAST(ifnull(${value}, 0) AS INTEGER) AS TEXT)`;
  // A BLOB or text stored as a decimal reads as the number at its beginning. JSON has no infinity.
  const decimal = (value: RawBuilder<unknown>) =>
    sql`CASE WHEN abs(CAST(${value} AS REAL)) < 1e308 THEN CAST(${value} AS REAL) END`;
  const shown = (kind: ListedField['kind'], value: RawBuilder<unknown>) => {
    if (kind === 'decimal') return decimal(value);
    return kind === 'derived' ? sql`CAST(${value} AS TEXT)` : number(value);
  };
  const numbers = LISTED_FIELDS.map((field) => {
    const value = valueAt(field.name, options.nowSec);
    return sql`${shown(field.kind, value)} AS ${sql.ref(field.property)}`;
  });
  // The rows keep the order of `positions`, the outer loop of the join (as in src/questions/list/sqlite.ts).
  const query = sql`WITH positions AS MATERIALIZED (${positions})
    SELECT ${number(column('id'))} AS id, ${number(column('job_id'))} AS "jobId",
      ${firstCharacters(sql`ifnull(${jsonText(column('meta_data'), 'jobName')}, '')`, LISTED_NAME_CHARACTERS)} AS name,
      ${firstCharacters(userOf(jobs), TEXT_CHARACTERS)} AS user, ${text('project')} AS project, ${text('cluster')} AS cluster, ${text('subcluster')} AS "subCluster",
      ${text('job_state')} AS "jobState", ${sql.join(numbers)}, ${tags(jobs.tagScopes)} AS tags
    FROM positions CROSS JOIN job ON job.id = positions.id`;
  return statementOf('listed jobs', query, ListedJob);
}

/** The tags that the caller may read, by database id, as JSON. */
function tags(scopes: readonly string[]): RawBuilder<unknown> {
  const inScope = sql`tag.tag_scope IN (${sql.join(scopes.map((scope) => scope.toWellFormed()))})`;
  const shown = (value: RawBuilder<unknown>) => firstCharacters(value, TAG_CHARACTERS);
  const inOrder = sql`SELECT json_object('type', ${shown(sql`tag.tag_type`)}, 'name', ${shown(sql`tag.tag_name`)}, 'scope', ${shown(sql`tag.tag_scope`)}) AS tag FROM jobtag JOIN tag ON tag.id = jobtag.tag_id WHERE jobtag.job_id = ${column('id')} AND ${inScope} ORDER BY tag.id LIMIT ${MOST_LISTED_TAGS + 1}`;
  return sql`(SELECT concat('[', ifnull(group_concat(shown.tag, ','), ''), ']') FROM (${inOrder}) AS shown)`;
}
