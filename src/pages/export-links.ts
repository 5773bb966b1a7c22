import type { ExportFormat } from '../jobs/export-format.ts';
import { address } from './filter/filter-words.ts';
import { type Html, html } from './html.ts';

const LABELS: Readonly<Record<ExportFormat, string>> = { csv: 'CSV', ndjson: 'NDJSON', parquet: 'Parquet' };

/** Renders links to a table as a file, in each of these formats. `name` is that of the table in the API. */
export function exportLinks(
  label: string,
  name: string,
  query: URLSearchParams,
  formats: readonly ExportFormat[],
): Html {
  const links = formats.map(
    (format) => html`<a href="${address(`/exports/${name}.${format}`, query)}">${LABELS[format]}</a> `,
  );
  return html`<nav class="exports" aria-label="${label}">${links}</nav>`;
}
