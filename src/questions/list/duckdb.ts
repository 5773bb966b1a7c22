import { FIELDS, type ValueField } from '../../jobs/fields.ts';
import { footprintKeyOf, type OrderColumn } from '../../jobs/list-order.ts';
import type { ListCursor, Slice } from '../../jobs/paging.ts';
import { type DuckDbQuery, Parameters, wholeLiteral } from '../duckdb-query.ts';
import { footprintName, indexColumn, membersOf } from '../index-columns.ts';
import { duckDbDurationAt } from '../statistics/duckdb.ts';
import { fractionColumn } from '../used-fractions/duckdb.ts';
import { type FilterContext, matchingJobs } from '../where/duckdb.ts';
import type { PageIdsQuestion } from './question.ts';

/** The sort value of a list: a column, or the duration until now. */
export interface SortKey {
  readonly value: string;
  readonly order: 'ASC' | 'DESC';
  /** BIGINT or DOUBLE, without NULL. Other values are texts or may be NULL. */
  readonly type: 'whole' | 'decimal' | 'other';
}

/** The jobs whose value of a key is in a range, both ends included. */
export interface Between {
  readonly key: SortKey;
  readonly from: number | bigint;
  readonly to: number | bigint;
}

/** Beyond any list, and valid as an offset in DuckDB. */
const LAST_ROW = 2n ** 53n;

/** The keys of a list before the id, as in src/questions/list/listed-job-rows.ts and src/questions/list/newest-first.ts. */
export function sortKeys({ sorted }: PageIdsQuestion, context: FilterContext): readonly SortKey[] {
  const started = (order: SortKey['order']): SortKey => ({ value: 'job.start_time', order, type: 'whole' });
  if (sorted === undefined) return [started('DESC')];
  const order: SortKey['order'] = sorted.order === 'asc' ? 'ASC' : 'DESC';
  if (sorted.column === 'start-time') return [started(order)];
  const value = valueAt(sorted.column, sorted.nowSec, context);
  // Without the value all jobs are equal.
  return [...(value === undefined ? [] : [{ ...value, order }]), started('DESC')];
}

/** The value of src/questions/list/in-order.ts in the columns of the index. Undefined for a key that no job has. */
function valueAt(by: OrderColumn, nowSec: number, context: FilterContext): Omit<SortKey, 'order'> | undefined {
  const { footprintKeys } = context;
  const key = footprintKeyOf(by);
  if (key !== undefined) {
    const index = footprintKeys.indexOf(key);
    return index < 0 ? undefined : { value: `job.${footprintName(index)}`, type: 'other' };
  }
  const field = FIELDS[by as ValueField['name']];
  if (field.kind === 'fraction') return { value: fractionColumn(field, context), type: 'other' };
  const column = `job.${indexColumn(field)}`;
  switch (field.kind) {
    case 'decimal':
      return { value: column, type: 'decimal' };
    case 'text':
    case 'derived':
      return { value: column, type: 'other' };
    case 'member': {
      // The index has numbers of its own for the members. A list is in the order of their names.
      const members = membersOf(field);
      const inOrder = members.toSorted();
      const cases = members.map((member, number) => `WHEN ${number} THEN ${inOrder.indexOf(member)}`);
      return { value: `(CASE ${column} ${cases.join(' ')} END)`, type: 'other' };
    }
    case 'time':
    case 'whole':
    case 'id':
      return {
        value: field.name === 'duration' ? `(${duckDbDurationAt(nowSec)})` : `CAST(${column} AS BIGINT)`,
        type: 'whole',
      };
  }
}

/** The jobs of a list, or those within value ranges of its keys, in a FROM clause. */
export function jobsListed({ jobs, after }: PageIdsQuestion, within: readonly Between[], context: FilterContext) {
  const isAfter = after === undefined ? [] : [comesAfter(after)];
  const bounds = within.map(({ key, from, to }) => {
    const bound = (value: number | bigint) =>
      key.type === 'whole' ? wholeLiteral(value) : context.parameters.add(Number(value));
    return `${key.value} BETWEEN ${bound(from)} AND ${bound(to)}`;
  });
  return [matchingJobs(jobs.conditions, context), ...isAfter, ...bounds].join(' AND ');
}

/** The positions of a list in its order: all, or those within value ranges of its keys. 64-bit numbers are text. */
export function pageIdsQuery(
  question: PageIdsQuestion,
  index: Omit<FilterContext, 'parameters'>,
  { offset, limit, within = [] }: Pick<Slice, 'offset' | 'limit'> & { within?: readonly Between[] } = question,
): DuckDbQuery {
  const context = { ...index, parameters: new Parameters() };
  const keys = sortKeys(question, context);
  // Columns of the table, because the answer has texts under the same names.
  const order = [
    // NULL is the least value, as in SQLite.
    ...keys.map(({ value, order }) => `${value} ${order} NULLS ${order === 'ASC' ? 'FIRST' : 'LAST'}`),
    `job.id ${keys.at(-1)?.order ?? 'DESC'}`,
  ];
  const sql = `SELECT CAST(id AS VARCHAR) AS id, CAST(start_time AS VARCHAR) AS "startTime"
    FROM ${jobsListed(question, within, context)}
    ORDER BY ${order.join(', ')} LIMIT ${wholeLiteral(limit)} OFFSET ${wholeLiteral(offset < LAST_ROW ? offset : LAST_ROW)}`;
  return { sql, parameters: context.parameters.values };
}

/** The first condition tells DuckDB which blocks to skip. */
function comesAfter({ startTime, id }: ListCursor): string {
  const [start, last] = [wholeLiteral(startTime), wholeLiteral(id)];
  return `start_time <= ${start} AND (start_time < ${start} OR id < ${last})`;
}

/** A row of the answer as a position. Throws if it is invalid. */
export function cursorOf(row: unknown): ListCursor {
  const { id, startTime } = row as { id: string; startTime: string };
  return { id: BigInt(id), startTime: BigInt(startTime) };
}
