import { cut, firstOf } from '../cut.ts';
import { duration } from '../format.ts';
import { type Html, html } from '../html.ts';
import { CHOICE_FIELDS, ID_FIELDS, OPERATORS, RANGE_FIELDS, RECENT, TEXT_FIELDS, words } from './fields.ts';
import { instantText } from './human.ts';

/** Each has a link with all of the others. */
const MOST_CHIPS = 20;

/** Names of tags by their ids, as far as they are known. */
export type TagNames = ReadonlyMap<string, string>;

/** A page that has a filter. */
export interface Filtered {
  path: string;
  /** The filter: parameters with the names of the API. */
  query: URLSearchParams;
  /** Other parameters of the page, which stay when the filter changes. */
  keep: URLSearchParams;
}

/** A filter as one sentence after the other, each with a link to the same page without it. */
export function filterWords({ path, query, keep }: Filtered, tags: TagNames): Html {
  const conditions = [...query].map(([name, value], index) => ({ index, ...sentence(name, value, tags) }));
  if (conditions.length === 0) return html``;
  const [shown, others] = firstOf(conditions, MOST_CHIPS, (count) => html`<li class="bare">and ${count} more</li>`);
  return html`<ul class="chips" aria-label="Filter in force">
${shown.map(({ index, label, what }) => {
  const rest = new URLSearchParams([...query].filter((_, other) => other !== index));
  return html`<li><span class="of">${label}</span> <bdi>${typeof what === 'string' ? cut(what) : what}</bdi><a href="${address(path, rest, keep)}" title="Without it"><span aria-hidden="true">×</span><span class="hidden">Without ${label} ${typeof what === 'string' ? cut(what) : what}</span></a></li>\n`;
})}${others}${conditions.length > 1 && html`<li class="bare"><a href="${address(path, keep)}">Clear all</a></li>`}</ul>`;
}

export function address(path: string, ...queries: readonly URLSearchParams[]): string {
  const all = new URLSearchParams(queries.flatMap((query) => [...query]));
  return all.size === 0 ? path : `${path}?${all}`;
}

interface Sentence {
  label: string;
  what: string | Html;
}

function sentence(name: string, value: string, tags: TagNames): Sentence {
  const text = TEXT_FIELDS.find((field) => name === field.name || name.startsWith(`${field.name}.`));
  if (text !== undefined) {
    const operator = OPERATORS.find(({ suffix }) => name === `${text.name}${suffix}`);
    return { label: `${text.label} ${operator?.label ?? ''}`, what: value };
  }
  const range = RANGE_FIELDS.find((field) => field.name === name);
  if (range !== undefined) {
    const show = range.kind === 'duration' ? (part: string) => duration(BigInt(part)) : String;
    return { label: range.label, what: rangeWords(value, show, range.unit) };
  }
  if (name.startsWith('metric.')) return { label: name.slice('metric.'.length), what: rangeWords(value, String, '') };
  if (name === 'start-time') {
    const recent = RECENT.find((word) => word.value === value);
    return { label: 'Started', what: recent?.label ?? rangeWords(value, instant, '') };
  }
  const choice = [...CHOICE_FIELDS, ...ID_FIELDS].find((field) => field.name === name);
  if (name === 'tag') return { label: 'Tag', what: tags.get(value) ?? `with the id ${value}` };
  return { label: choice?.label ?? words(name), what: name === 'state' || name === 'shared' ? words(value) : value };
}

function instant(seconds: string): Html | string {
  const text = instantText(seconds);
  return text === '' ? seconds : html`<time datetime="${text}Z">${text.replace('T', ' ')} UTC</time>`;
}

function rangeWords(value: string, show: (part: string) => string | Html, unit: string): Html | string {
  const [, from = '', to = ''] = /^([^-]*)-([^-]*)$/.exec(value) ?? [];
  const end = unit === '' ? '' : ` ${unit}`;
  if (from !== '' && to !== '')
    return from === to ? html`${show(from)}${end}` : html`${show(from)} to ${show(to)}${end}`;
  if (from !== '') return html`from ${show(from)}${end}`;
  return to === '' ? value : html`up to ${show(to)}${end}`;
}
