import { BOUNDS } from '../../jobs/input-bounds.ts';
import type { SavedFilter } from '../../jobs/saved-filter.ts';
import { plainWords, type TagNames } from '../filter/filter-words.ts';
import { hiddenFields, SAVED_PATH, type Saved, savedAddress, WHY_NOT } from '../filter/saved.ts';
import { capitalized } from '../format.ts';
import { type Html, html } from '../html.ts';

/** Renders the saved filters of a visitor, with forms to rename and delete them. */
export function savedFiltersContent({ filters, lacks }: Saved, tags: TagNames): Html {
  return html`<h1>Saved filters</h1>
${filters.length === 0 ? none(lacks) : table({ filters, lacks }, tags)}`;
}

function none(lacks: Saved['lacks']): Html {
  const how =
    lacks === undefined
      ? html`The <a href="/jobs">list of jobs</a>, the <a href="/statistics">statistics</a> and the <a href="/timeline">timeline</a> can save their filter.`
      : WHY_NOT[lacks];
  return html`<p class="note">There are no saved filters. ${how}</p>`;
}

function table({ filters, lacks }: Saved, tags: TagNames): Html {
  const mayChange = lacks === undefined;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Saved filters"><table class="data">
<thead><tr><th scope="col">Name</th><th scope="col">Page</th><th scope="col">Filter</th>${mayChange && html`<th scope="col">Change</th>`}</tr></thead>
<tbody>${filters.map(
    (
      filter,
    ) => html`<tr><th scope="row"><a href="${savedAddress(filter)}"><bdi>${filter.name}</bdi></a></th><td>${capitalized(filter.page)}</td>
<td class="words">${plainWords(new URLSearchParams(filter.query), tags)}</td>
${mayChange && html`<td>${changes(filter)}</td>`}</tr>\n`,
  )}</tbody></table></div>`;
}

function changes({ name }: SavedFilter): Html {
  return html`<div class="forms"><form method="post" action="${SAVED_PATH}" class="inline">${hiddenFields({ do: 'rename', name })}<input name="to" value="${name}" required maxlength="${BOUNDS.savedFilterName.most}" aria-label="New name of ${name}" autocomplete="off"><button>Rename</button></form>
<form method="post" action="${SAVED_PATH}">${hiddenFields({ do: 'delete', name })}<button class="quiet">Delete<span class="hidden"> ${name}</span></button></form></div>`;
}

/** Renders the question whether to replace a saved filter. */
export function replaceContent(filter: SavedFilter): Html {
  const { name, page, query } = filter;
  return html`<section class="narrow"><h1>Replace the saved filter?</h1>
<p class="problem" role="alert">There is a saved filter with the name <bdi>${name}</bdi>.</p>
<form method="post" action="${SAVED_PATH}">${hiddenFields({ do: 'replace', name, page, query })}<button class="main">Replace it</button> <a href="${savedAddress(filter)}">Back</a></form></section>`;
}
