import { fieldOfParameter, METRIC } from '../../jobs/fields.ts';
import { RECENT } from '../../jobs/recent-periods.ts';
import { cut, firstOf } from '../cut-text.ts';
import { type Html, html } from '../html.ts';
import { isConfigured, OPERATORS, words } from './form-fields.ts';
import { notationOf } from './number-notations.ts';

/** The number of conditions shown. Each has a link that contains all others. */
const MOST_CHIPS = 20;

/** The known names of tags, by id. */
export type TagNames = ReadonlyMap<string, string>;

/** A page with a filter. */
export interface Filtered {
  path: string;
  /** The filter, with the parameters of the API. */
  query: URLSearchParams;
  /** The other parameters of the page. They are kept when the filter changes. */
  keep: URLSearchParams;
}

/** Renders a filter as a list of conditions, each with a link to the same page without it. */
export function filterWords({ path, query, keep }: Filtered, tags: TagNames): Html {
  const conditions = [...query].map(([name, value], index) => ({ index, ...sentence(name, value, tags) }));
  if (conditions.length === 0) return html``;
  const [shown, others] = firstOf(conditions, MOST_CHIPS, (count) => html`<li class="bare">and ${count} more</li>`);
  return html`<ul class="chips" aria-label="Active filter">
${shown.map(({ index, label, what }) => {
  const rest = new URLSearchParams([...query].filter((_, other) => other !== index));
  return html`<li><span class="of">${label}</span> <bdi>${typeof what === 'string' ? cut(what) : what}</bdi><a href="${address(path, rest, keep)}" title="Remove"><span aria-hidden="true">×</span><span class="hidden">Remove ${label} ${typeof what === 'string' ? cut(what) : what}</span></a></li>\n`;
})}${others}${conditions.length > 1 && html`<li class="bare"><a href="${address(path, keep)}">Clear all</a></li>`}</ul>`;
}

/** Renders a filter as text, for a list of filters. */
export function plainWords(query: URLSearchParams, tags: TagNames): Html {
  const [shown, others] = firstOf([...query], MOST_CHIPS, (count) => html`, and ${count} more`);
  if (shown.length === 0) return html`all jobs`;
  return html`${shown.map(([name, value], index) => {
    const { label, what } = sentence(name, value, tags);
    return html`${index > 0 && ', '}<span class="of">${label}</span> <bdi>${typeof what === 'string' ? cut(what) : what}</bdi>`;
  })}${others}`;
}

export function address(path: string, ...queries: readonly URLSearchParams[]): string {
  const all = new URLSearchParams(queries.flatMap((query) => [...query]));
  return all.size === 0 ? path : `${path}?${all}`;
}

/** Renders a link to a list, or to another page, with a filter. */
export function linked(
  query: Readonly<Record<string, string | readonly string[]>>,
  text: string,
  path = '/jobs',
): Html {
  const parameters = Object.entries(query).flatMap(([name, value]) =>
    [value].flat().map((one) => [name, one] as [string, string]),
  );
  return html`<a class="plain" href="${address(path, new URLSearchParams(parameters))}"><bdi>${text}</bdi></a>`;
}

interface Sentence {
  label: string;
  what: string | Html;
}

function sentence(parameter: string, value: string, tags: TagNames): Sentence {
  const field = fieldOfParameter(parameter);
  if (field === undefined) return { label: words(parameter), what: value };
  const { label } = field.form;
  switch (field.kind) {
    case 'text':
    case 'name':
    case 'hosts': {
      const operator = OPERATORS.find(({ suffix }) => parameter === `${field.name}${suffix}`);
      return { label: isConfigured(field) ? label : `${label} ${operator?.label ?? ''}`, what: value };
    }
    case 'id':
    case 'schedule':
    case 'member':
      return { label, what: words(value) };
    case 'tag':
      return { label, what: tags.get(value) ?? `id ${value}` };
    case 'time':
    case 'during':
    case 'ended':
      return { label, what: RECENT.find(({ word }) => word === value)?.label ?? rangeWords(field, value) };
    case 'whole':
    case 'derived':
    case 'decimal':
    case 'fraction':
      return { label, what: rangeWords(field, value) };
    case 'footprint':
      return { label: parameter.slice(METRIC.length), what: rangeWords(field, value) };
  }
}

function rangeWords(field: Parameters<typeof notationOf>[0], value: string): Html | string {
  const { say } = notationOf(field);
  const [, from = '', to = ''] = /^([^-]*)-([^-]*)$/.exec(value) ?? [];
  const end = field.kind === 'decimal' && ` ${field.unit}`;
  if (from !== '' && to !== '') return from === to ? html`${say(from)}${end}` : html`${say(from)} to ${say(to)}${end}`;
  if (from !== '') return html`from ${say(from)}${end}`;
  return to === '' ? value : html`up to ${say(to)}${end}`;
}
