import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { chosenColumns } from '../../jobs/export-columns.ts';
import {
  EXPORT_FORMATS,
  EXPORT_WRITERS,
  type ExportFormat,
  type TableColumn,
  type TableRow,
} from '../../jobs/export-format.ts';
import type { JobFilter } from '../../jobs/filter.ts';
import { apiRoute, inParts, type JsonAnswer, resource, rowParts } from '../json/responses.ts';
import { filterOf } from '../query/job-filter-query.ts';
import { once, readQuery } from '../query/query-parameters.ts';
import { ofParameter } from '../query/query-values.ts';
import { queryOf } from '../request-values.ts';
import type { AppEnv } from '../service.ts';
import {
  acceptedFormat,
  answersExport,
  answersTable,
  beginParquet,
  type ExportAnswer,
  exportHeaders,
  ROWS_HEADER,
} from './export-answer.ts';

/** An answer as JSON and as the rows of a table. One of them is made. */
export interface TableAnswer {
  json(): JsonAnswer | Promise<JsonAnswer>;
  rows(): readonly TableRow[];
}

interface TableRoute<Query extends z.ZodObject> {
  readonly path: string;
  readonly summary: string;
  readonly query: Query;
  /** What the answer is, and the schema of its JSON. */
  readonly description: string;
  readonly schema: z.ZodType;
  /** The columns of the table that a request asks for. */
  readonly columns: (asked: z.output<Query>) => readonly TableColumn[];
  readonly ask: (c: Context<AppEnv>, asked: z.output<Query>, filter: JobFilter) => Promise<TableAnswer>;
}

const COLUMNS = {
  columns: once((text) => text, undefined, {
    description: 'columns, separated by commas, in their order; default: all',
  }),
};
const ColumnsQuery = z.looseObject(COLUMNS);

/**
 * Makes the routes of a question whose answer is a table: `path` answers with JSON or with the format that Accept
 * prefers, and `path` with the suffix of a format with that format. `exported` answers with a format elsewhere.
 */
export function tableResource<Query extends z.ZodObject>(route: TableRoute<Query>) {
  const { path, summary, description, schema, ask } = route;
  const query: z.ZodObject = route.query;
  const tableQuery = query.extend(COLUMNS);
  const name = path.slice(1).replaceAll('/', '-');
  const exported = async (c: Context<AppEnv>, format: ExportFormat) => {
    const asked = readQuery(queryOf(c), route.query);
    const columns = columnsOf(c, route.columns(asked));
    const { rows } = await ask(c, asked, filterOf(c, tableQuery));
    return await tableAnswer(c, name, format, columns, rows());
  };
  const routes = resource().openapi(
    apiRoute({ method: 'get', path, summary, request: { query }, responses: answersTable(description, schema) }),
    async (c) => {
      const format = acceptedFormat(c);
      if (format !== undefined) return await exported(c, format);
      return (await ask(c, readQuery(queryOf(c), route.query), filterOf(c, query))).json();
    },
  );
  for (const format of EXPORT_FORMATS) {
    const responses = answersExport('the same as a table', format);
    routes.openapi(
      apiRoute({
        method: 'get',
        path: `${path}.${format}`,
        summary: `${summary}, as ${format}`,
        request: { query: tableQuery },
        responses,
      }),
      (c) => exported(c, format),
    );
  }
  return { routes, exported };
}

/** Returns the columns that a request chooses of all. */
function columnsOf(c: Context<AppEnv>, all: readonly TableColumn[]): readonly TableColumn[] {
  const { columns: text } = readQuery(queryOf(c), ColumnsQuery);
  if (text === undefined) return all;
  const known = new Map(all.map((column) => [column.name, column]));
  const isKnown = (name: string): name is string => known.has(name);
  const chosen = ofParameter('columns', () => chosenColumns(text, isKnown, [...known.keys()].join(', ')));
  return chosen.flatMap((name) => known.get(name) ?? []);
}

async function tableAnswer(
  c: Context<AppEnv>,
  name: string,
  format: ExportFormat,
  columns: readonly TableColumn[],
  rows: readonly TableRow[],
): Promise<ExportAnswer> {
  const isText = format !== 'parquet';
  const { head, row, tail } = EXPORT_WRITERS[isText ? format : 'ndjson'];
  const names = columns.map((column) => column.name);
  const parts = await rowParts(rows, (some) => some.map((one) => row(names, one)).join(''), c.get('deadline'));
  const headers = { ...exportHeaders(name, format), [ROWS_HEADER]: String(rows.length) };
  if (isText) return inParts(headers, head(names), parts, tail(rows.length)) as ExportAnswer;
  return inParts(headers, await parquetOf(c, parts, columns)) as ExportAnswer;
}

/** A table has at most 100,000 rows, so its file is made before the answer begins. */
async function parquetOf(
  c: Context<AppEnv>,
  parts: readonly Uint8Array[],
  columns: readonly TableColumn[],
): Promise<Uint8Array[]> {
  const file = await beginParquet(c, columns);
  async function* lines() {
    yield* parts;
  }
  try {
    return await Array.fromAsync(file.bytes(lines(), c.get('deadline').signal));
  } finally {
    file.close();
  }
}
