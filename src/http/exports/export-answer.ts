import { z } from '@hono/zod-openapi';
import type { Context, TypedResponse } from 'hono';
import { parseAccept } from 'hono/utils/accept';
import { EXPORT_FORMATS, EXPORT_WRITERS, type ExportFormat } from '../../jobs/export-format.ts';
import { answers } from '../json/responses.ts';

/** An answer whose body is not JSON. The document of the route describes it. */
export type ExportAnswer = Response & TypedResponse<never, 200, 'text'>;

/** The header or trailer with the number of rows. */
export const ROWS_HEADER = 'X-Rows';

/** The headers of an export. Browsers save it as a file of this name. */
export function exportHeaders(name: string, format: ExportFormat): Record<string, string> {
  return {
    'Content-Type': EXPORT_WRITERS[format].contentType,
    'Content-Disposition': `attachment; filename="${name}.${format}"`,
  };
}

/**
 * Returns the format that a request prefers in Accept: the type with the highest `q`, of several the first. Undefined
 * means JSON, as for every type that is not one of an export (contract/rest.md §14).
 */
export function acceptedFormat(c: Context): ExportFormat | undefined {
  const [preferred] = parseAccept(c.req.header('Accept') ?? '').filter(({ q }) => q > 0);
  return EXPORT_FORMATS.find((format) => EXPORT_WRITERS[format].mediaType === preferred?.type.toLowerCase());
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
  return { [EXPORT_WRITERS[format].mediaType]: { schema: z.string() } } as unknown as TextContent;
}
