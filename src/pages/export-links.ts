import { EXPORT_FORMATS } from '../jobs/export-format.ts';
import { address } from './filter/words.ts';
import { type Html, html } from './html.ts';

/** Renders links to a table as a file, in each format. `name` is that of the table in the API. */
export function exportLinks(label: string, name: string, query: URLSearchParams): Html {
  const links = EXPORT_FORMATS.map(
    (format) => html`<a href="${address(`/exports/${name}.${format}`, query)}">${format.toUpperCase()}</a> `,
  );
  return html`<nav class="exports" aria-label="${label}">${links}</nav>`;
}
