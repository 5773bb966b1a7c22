import { FIELDS } from '../../jobs/fields.ts';
import { type DuckDbQuery, Parameters } from '../duckdb-query.ts';
import { isSelectable, selectedColumns } from '../group-keys/duckdb.ts';
import { COUNTED, storedJobs } from '../statistics/duckdb.ts';
import { runningJobs } from '../summaries/answered-by-summary.ts';
import { KEY_FIELDS } from '../summaries/summary-tables.ts';
import type { FilterContext, Selection } from '../where/duckdb.ts';
import type { OverviewPart, OverviewQuestion } from './question.ts';

type Row = Record<string, unknown>;

/** A connection to the index, in a transaction. */
interface Queryable {
  run(sql: string, parameters: readonly (string | number)[]): Promise<unknown>;
  rows(query: DuckDbQuery): Promise<Row[]>;
}

const SELECTION: Selection = { alike: 'selected_alike', running: 'selected_running' };
const OF_RUNNING = [...KEY_FIELDS.map((name) => FIELDS[name].column), 'start_time', 'duration'];

/**
 * The rows of each part. Totals, groups and histograms of sizes are answered from a selection, which is read once: all
 * jobs with equal values of what the parts ask for are one row of it. These are few: 1,700 of 20 M generated jobs.
 */
export async function overviewRows(
  connection: Queryable,
  question: OverviewQuestion,
  index: Omit<FilterContext, 'parameters' | 'selection'>,
  queryFor: (part: OverviewPart, selection: Selection | undefined) => DuckDbQuery,
): Promise<Row[][]> {
  const parts = question.parts.filter(isSelected);
  const hasSelection = parts.length > 1;
  if (hasSelection) {
    for (const { sql, parameters } of selectionQueries({ ...question, parts }, index)) {
      await connection.run(sql, parameters);
    }
  }
  const rows: Row[][] = [];
  for (const part of question.parts) {
    rows.push(await connection.rows(queryFor(part, hasSelection && isSelected(part) ? SELECTION : undefined)));
  }
  if (hasSelection) for (const table of Object.values(SELECTION)) await connection.run(`DROP TABLE ${table}`, []);
  return rows;
}

/** True if the part is answered from the selection. */
function isSelected(part: OverviewPart): boolean {
  return part.kind === 'statistics' ? isSelectable(part) : part.kind !== 'metric histograms';
}

function selectionQueries(question: OverviewQuestion, index: Omit<FilterContext, 'parameters'>): DuckDbQuery[] {
  const into = (table: string, query: (context: FilterContext) => string) => {
    const context = { ...index, parameters: new Parameters() };
    return { sql: `CREATE TEMP TABLE ${table} AS ${query(context)}`, parameters: context.parameters.values };
  };
  return [
    into(SELECTION.alike, (context) => {
      const groupBy = question.parts.flatMap((part) => (part.kind === 'statistics' ? (part.groupBy ?? []) : []));
      const { jobs, short, from, rows } = storedJobs({ ...question, groupBy }, context);
      const sums = `${jobs} AS jobs, ${short} AS short, sum(s) AS seconds`;
      const columns = groupBy.flatMap((name) => selectedColumns(name, rows, question));
      const keys = [...new Set([FIELDS.user.column, ...columns, ...COUNTED]), ...(index.hasWide ? ['wide_id'] : [])];
      return `SELECT ${keys.join(', ')}, ${sums} FROM ${from} GROUP BY ALL`;
    }),
    into(
      SELECTION.running,
      (context) => `SELECT ${OF_RUNNING.join(', ')} FROM ${runningJobs(question.jobs.conditions, context)}`,
    ),
  ];
}
