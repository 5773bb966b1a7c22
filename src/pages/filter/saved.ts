import { BOUNDS } from '../../jobs/input-bounds.ts';
import { SAVED_PAGES, type SavedFilter, type SavedPage } from '../../jobs/saved-filter.ts';
import { type Html, html } from '../html.ts';
import type { Filtered } from './filter-words.ts';

export const SAVED_PATH = '/saved-filters';

export interface Saved {
  filters: readonly SavedFilter[];
  /** What the visitor lacks to save filters. Undefined: nothing. */
  lacks: keyof typeof WHY_NOT | undefined;
}

/** Why a visitor cannot save filters. */
export const WHY_NOT = {
  account: 'Only users with an account can save filters.',
  right: 'The roles of your account do not allow saving filters.',
} as const;

export function savedAddress({ page, query }: Pick<SavedFilter, 'page' | 'query'>): string {
  return query === '' ? `/${page}` : `/${page}?${query}`;
}

/** Renders links to the saved filters of the visitor, and a form to save the filter of the page. */
export function savedFilters({ path, query, keep }: Filtered, { filters, lacks }: Saved): Html {
  const page = SAVED_PAGES.find((name) => path === `/${name}`);
  if (page === undefined) return html``;
  const present = new URLSearchParams([...query, ...keep]).toString();
  return html`<details class="filter saved"><summary>Saved filters${filters.length > 0 && html` <span class="of">${filters.length}</span>`}</summary>
${
  filters.length > 0 &&
  html`<ul class="results">${filters.map(
    (filter) => html`<li><a href="${savedAddress(filter)}"><bdi>${filter.name}</bdi></a></li>\n`,
  )}</ul>${lacks === undefined && html`<p><a href="${SAVED_PATH}">Rename or delete</a></p>`}`
}
${lacks === undefined ? saveForm(page, present) : html`<p class="note">${WHY_NOT[lacks]}</p>`}</details>`;
}

function saveForm(page: SavedPage, query: string): Html {
  if (query.length > BOUNDS.savedFilter.most) return html`<p class="note">This filter is too long to be saved.</p>`;
  return html`<form method="post" action="${SAVED_PATH}" class="inline">${hiddenFields({ do: 'save', page, query })}
<label>Save this filter as <input name="name" required maxlength="${BOUNDS.savedFilterName.most}" autocomplete="off"></label><button>Save</button></form>`;
}

export function hiddenFields(fields: Readonly<Record<string, string>>): Html {
  return html`${Object.entries(fields).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}`;
}
