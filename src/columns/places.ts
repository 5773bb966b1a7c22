import type { PlacesQuestion } from '../db/question.ts';
import type { Place } from '../jobs/order.ts';
import { type ColumnQuery, wholeLiteral } from './query.ts';
import { type FilterContext, whereColumns } from './where.ts';

/** Far beyond any list, and what DuckDB takes as an offset. */
const LAST_ROW = 2n ** 53n;

/** The places of a list, newest first, as src/db/newest-first.ts has them. 64 bits as text. */
export function placesQuery(question: PlacesQuestion, context: FilterContext): ColumnQuery {
  const { jobs, after, offset, limit } = question;
  const isBehind = after === undefined ? '' : ` AND ${behind(after)}`;
  const sql = `SELECT CAST(id AS VARCHAR) AS id, CAST(start_time AS VARCHAR) AS "startTime" FROM job
    WHERE ${whereColumns(jobs.conditions, context)}${isBehind}
    ORDER BY start_time DESC, job.id DESC LIMIT ${wholeLiteral(limit)} OFFSET ${wholeLiteral(offset < LAST_ROW ? offset : LAST_ROW)}`;
  return { sql, parameters: context.parameters.values };
}

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
