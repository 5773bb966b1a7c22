import type { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { EXPORT_FORMATS, EXPORT_WRITERS, type ExportFormat, type Table } from '../../jobs/export-format.ts';
import type { AppEnv } from '../env.ts';
import { apiRoute, inParts, type JsonAnswer, resource, rowParts } from '../json/responses.ts';
import { readQuery } from '../query/query-parameters.ts';
import { queryOf } from '../request.ts';
import {
  acceptedFormat,
  answersExport,
  answersTable,
  type ExportAnswer,
  exportHeaders,
  ROWS_HEADER,
} from './export-answer.ts';

/** An answer as JSON and as a table. One of them is made. */
export interface TableAnswer {
  json(): JsonAnswer | Promise<JsonAnswer>;
  table(): Table;
}

interface TableRoute<Query extends z.ZodObject> {
  readonly path: string;
  readonly summary: string;
  readonly query: Query;
  /** What the answer is, and the schema of its JSON. */
  readonly description: string;
  readonly schema: z.ZodType;
  readonly ask: (c: Context<AppEnv>, asked: z.output<Query>) => Promise<TableAnswer>;
}

/**
 * Makes the routes of a question whose answer is a table: `path` answers with JSON or with the format that Accept
 * prefers, and `path` with the suffix of a format with that format. `exported` answers with a format elsewhere.
 */
export function tableResource<Query extends z.ZodObject>(route: TableRoute<Query>) {
  const { path, summary, description, schema, ask } = route;
  const request: { query: z.ZodObject } = { query: route.query };
  const name = path.slice(1).replaceAll('/', '-');
  const answer = async (c: Context<AppEnv>, format: ExportFormat | undefined) => {
    const { json, table } = await ask(c, readQuery(queryOf(c), route.query));
    return format === undefined ? await json() : await tableAnswer(c, name, format, table());
  };
  const exported = (c: Context<AppEnv>, format: ExportFormat) => answer(c, format) as Promise<ExportAnswer>;
  const routes = resource().openapi(
    apiRoute({ method: 'get', path, summary, request, responses: answersTable(description, schema) }),
    (c) => answer(c, acceptedFormat(c)),
  );
  for (const format of EXPORT_FORMATS) {
    const responses = answersExport('the same as a table', format);
    routes.openapi(
      apiRoute({
        method: 'get',
        path: `${path}.${format}`,
        summary: `${summary}, as ${format}`,
        request,
        responses,
      }),
      (c) => exported(c, format),
    );
  }
  return { routes, exported };
}

async function tableAnswer(
  c: Context<AppEnv>,
  name: string,
  format: ExportFormat,
  { columns, rows }: Table,
): Promise<ExportAnswer> {
  const { head, row, tail } = EXPORT_WRITERS[format];
  const parts = await rowParts(rows, (some) => some.map((one) => row(columns, one)).join(''), c.get('deadline'));
  const headers = { ...exportHeaders(name, format), [ROWS_HEADER]: String(rows.length) };
  return inParts(headers, head(columns), parts, tail(rows.length)) as ExportAnswer;
}
