import { WHOLE_COLUMNS } from '../db/filters.ts';
import type { PlacesQuestion } from '../db/question.ts';
import type { Place } from '../jobs/order.ts';
import { type ColumnQuery, wholeLiteral } from './query.ts';
import { durationAt } from './statistics.ts';
import { type FilterContext, whereColumns } from './where.ts';

/** Far beyond any list, and what DuckDB takes as an offset. */
const LAST_ROW = 2n ** 53n;

/** The places of a list, newest first, as src/db/newest-first.ts has them. 64 bits as text. */
export function placesQuery(question: PlacesQuestion, context: FilterContext): ColumnQuery {
  const { jobs, sorted, after, offset, limit } = question;
  const isBehind = after === undefined ? '' : ` AND ${behind(after)}`;
  const sql = `SELECT CAST(id AS VARCHAR) AS id, CAST(start_time AS VARCHAR) AS "startTime" FROM job
    WHERE ${whereColumns(jobs.conditions, context)}${isBehind}
    ORDER BY ${sorted === undefined ? NEWEST_FIRST : orderOf(sorted)} LIMIT ${wholeLiteral(limit)} OFFSET ${wholeLiteral(offset < LAST_ROW ? offset : LAST_ROW)}`;
  return { sql, parameters: context.parameters.values };
}

// Of the columns of the table: the answer has texts under their names.
const NEWEST_FIRST = 'job.start_time DESC, job.id DESC';

/** As src/db/statements/listed-jobs.ts sorts. */
function orderOf({ column, order, nowSec }: NonNullable<PlacesQuestion['sorted']>): string {
  const direction = order === 'asc' ? 'ASC' : 'DESC';
  switch (column) {
    case 'start-time':
      return `job.start_time ${direction}, job.id ${direction}`;
    case 'duration':
      return `${durationAt(nowSec)} ${direction}, ${NEWEST_FIRST}`;
    default:
      return `job.${SORTED[column]} ${direction}, ${NEWEST_FIRST}`;
  }
}

const SORTED = { ...WHOLE_COLUMNS, energy: 'energy' } as const;

/** The first condition tells DuckDB which blocks to leave out. */
function behind({ startTime, id }: Place): string {
  const [start, last] = [wholeLiteral(startTime), wholeLiteral(id)];
  return `start_time <= ${start} AND (start_time < ${start} OR id < ${last})`;
}

/** A row of the answer as a place. Throws for one that is none. */
export function placeOf(row: unknown): Place {
  const { id, startTime } = row as { id: string; startTime: string };
  return { id: BigInt(id), startTime: BigInt(startTime) };
}
