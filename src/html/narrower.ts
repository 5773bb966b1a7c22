import type { Clusters } from '../clusters/clusters.ts';
import { RECENT } from './filter/fields.ts';
import { address, type Filtered, filterWords } from './filter/words.ts';
import { type Html, html } from './html.ts';

/** More would be a list to search in. */
const MOST_CLUSTERS = 6;

/** For a question that was too large: its filter, and ways to ask for less. */
export function narrower(page: Filtered, clusters: Clusters): Html {
  const { path, query, keep } = page;
  const withOne = (name: string, value: string) => {
    const less = new URLSearchParams(query);
    less.set(name, value);
    return address(path, less, keep);
  };
  const times = RECENT.filter(({ value }) => value !== query.get('start-time') && value !== 'last6h');
  const names = query.has('cluster') ? [] : clusters.list.map(({ name }) => name).slice(0, MOST_CLUSTERS);
  return html`${filterWords(page, new Map())}
<p>Narrow the filter: ${times.map(({ value, label }) => html`<a href="${withOne('start-time', value)}">${label}</a> · `)}
${names.map((name) => html`<a href="${withOne('cluster', name)}">only ${name}</a> · `)}<a href="${address(path, query, keep)}">try again</a></p>`;
}
