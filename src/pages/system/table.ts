import { type Html, html } from '../html.ts';

/** Renders a table. A column whose name begins with # is numeric. */
export function table(labelledBy: string, columns: readonly string[], rows: readonly Html[]): Html {
  const heads = columns.map((name) =>
    name.startsWith('#') ? html`<th scope="col" class="num">${name.slice(1)}</th>` : html`<th scope="col">${name}</th>`,
  );
  return html`<div class="scroll" tabindex="0" role="region" aria-labelledby="${labelledBy}"><table class="data"><thead><tr>${heads}</tr></thead><tbody>
${rows}</tbody></table></div>`;
}
