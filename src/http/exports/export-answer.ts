import { z } from '@hono/zod-openapi';
import type { Context, TypedResponse } from 'hono';
import { parseAccept } from 'hono/utils/accept';
import { Fault } from '../../faults.ts';
import {
  EXPORT_FORMATS,
  type ExportFormat,
  MEDIA_TYPES,
  type TableColumn,
  TEXT_FORMATS,
} from '../../jobs/export-format.ts';
import type { ParquetFile } from '../../parquet/parquet-port.ts';
import { answers } from '../json/responses.ts';
import type { AppEnv } from '../service.ts';

/** An answer whose body is not JSON. The document of the route describes it. */
export type ExportAnswer = Response & TypedResponse<never, 200, 'text'>;

/** The header or trailer with the number of rows. */
export const ROWS_HEADER = 'X-Rows';

/** The headers of an export. Browsers save it as a file of this name. */
export function exportHeaders(name: string, format: ExportFormat): Record<string, string> {
  return {
    'Content-Type': MEDIA_TYPES[format].contentType,
    'Content-Disposition': `attachment; filename="${name}.${format}"`,
  };
}

/** The formats that the service can write. */
export function exportFormats(c: Context<AppEnv>): readonly ExportFormat[] {
  return c.get('service').parquet === undefined ? TEXT_FORMATS : EXPORT_FORMATS;
}

/** Waits until a Parquet file may be written for this request. Throws not_found if the service writes none. */
export async function beginParquet(c: Context<AppEnv>, columns: readonly TableColumn[]): Promise<ParquetFile> {
  const { parquet } = c.get('service');
  if (parquet === undefined) {
    const others = TEXT_FORMATS.map((format) => `.${format}`).join(' or ');
    throw new Fault(
      'not_found',
      `this service has no column index or too little memory to write Parquet: use ${others}`,
    );
  }
  return await parquet.begin(columns, c.get('deadline'));
}

/**
 * Returns the format that a request prefers in Accept: the type with the highest `q`, of several the first. Undefined
 * means JSON, as for every type that is not one of an export (contract/rest.md §14).
 */
export function acceptedFormat(c: Context<AppEnv>): ExportFormat | undefined {
  const [preferred] = parseAccept(c.req.header('Accept') ?? '').filter(({ q }) => q > 0);
  return exportFormats(c).find((format) => MEDIA_TYPES[format].accepted === preferred?.type.toLowerCase());
}

/** The `responses` of a route that answers 200 with a table in this format, or with an error. */
export function answersExport(description: string, format: ExportFormat) {
  const { 200: json, ...others } = answers(description, z.string());
  return { 200: { ...json, content: contentOf(format) }, ...others };
}

/** The `responses` of a route that answers 200 with JSON, or with a table that Accept asks for, or with an error. */
export function answersTable<Schema extends z.ZodType>(description: string, schema: Schema) {
  const { 200: json, ...others } = answers(description, schema);
  const exports: TextContent = Object.assign({}, ...EXPORT_FORMATS.map(contentOf));
  return { 200: { ...json, content: { ...json.content, ...exports } }, ...others };
}

/** The type of every format, since the types of Hono take NDJSON for JSON. */
type TextContent = { 'text/csv': { schema: z.ZodString } };

function contentOf(format: ExportFormat): TextContent {
  return { [MEDIA_TYPES[format].accepted]: { schema: z.string() } } as unknown as TextContent;
}
