import { FIELDS } from '../../jobs/fields.ts';
import type { ListCursor, Slice } from '../../jobs/order.ts';
import { type DuckDbQuery, Parameters, wholeLiteral } from '../duckdb-query.ts';
import { duckDbDurationAt } from '../statistics/duckdb.ts';
import { type FilterContext, whereColumns } from '../where/duckdb.ts';
import type { PageIdsQuestion } from './question.ts';

/** The sort value of a list: a column, or the duration until now. */
export interface SortKey {
  /** BIGINT for whole numbers, DOUBLE otherwise. Never NULL. */
  readonly value: string;
  readonly order: 'ASC' | 'DESC';
  readonly isInteger: boolean;
}

/** The jobs whose value of a key is in a range, both ends included. */
export interface Between {
  readonly key: SortKey;
  readonly from: number | bigint;
  readonly to: number | bigint;
}

/** Beyond any list, and valid as an offset in DuckDB. */
const LAST_ROW = 2n ** 53n;

/** The keys of a list before the id, as in src/questions/list/listed-jobs.ts and src/questions/list/newest-first.ts. */
export function sortKeys({ sorted }: PageIdsQuestion): readonly SortKey[] {
  const started = (order: SortKey['order']): SortKey => ({ value: 'job.start_time', order, isInteger: true });
  if (sorted === undefined) return [started('DESC')];
  const order = sorted.order === 'asc' ? 'ASC' : 'DESC';
  const field = FIELDS[sorted.column];
  switch (field.kind) {
    case 'time':
      return [started(order)];
    case 'decimal':
      return [{ value: `job.${field.column}`, order, isInteger: false }, started('DESC')];
    case 'whole': {
      const value =
        field.name === 'duration' ? `(${duckDbDurationAt(sorted.nowSec)})` : `CAST(job.${field.column} AS BIGINT)`;
      return [{ value, order, isInteger: true }, started('DESC')];
    }
  }
}

/** The condition for the jobs of a list, or for those within value ranges of its keys. */
export function whereListed({ jobs, after }: PageIdsQuestion, within: readonly Between[], context: FilterContext) {
  const isAfter = after === undefined ? [] : [comesAfter(after)];
  const bounds = within.map(({ key, from, to }) => {
    const bound = (value: number | bigint) =>
      key.isInteger ? wholeLiteral(value) : context.parameters.add(Number(value));
    return `${key.value} BETWEEN ${bound(from)} AND ${bound(to)}`;
  });
  return [whereColumns(jobs.conditions, context), ...isAfter, ...bounds].join(' AND ');
}

/** The positions of a list in its order: all, or those within value ranges of its keys. 64-bit numbers are text. */
export function pageIdsQuery(
  question: PageIdsQuestion,
  index: Omit<FilterContext, 'parameters'>,
  { offset, limit, within = [] }: Pick<Slice, 'offset' | 'limit'> & { within?: readonly Between[] } = question,
): DuckDbQuery {
  const context = { ...index, parameters: new Parameters() };
  const keys = sortKeys(question);
  // Columns of the table, because the answer has texts under the same names.
  const order = [...keys.map(({ value, order }) => `${value} ${order}`), `job.id ${keys.at(-1)?.order ?? 'DESC'}`];
  const sql = `SELECT CAST(id AS VARCHAR) AS id, CAST(start_time AS VARCHAR) AS "startTime" FROM job
    WHERE ${whereListed(question, within, context)}
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
