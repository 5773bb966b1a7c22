import type { Clusters } from '../../clusters/clusters.ts';
import { RECENT } from '../../jobs/recent-periods.ts';
import { type Html, html } from '../html.ts';
import { address, type Filtered, filterWords } from './filter-words.ts';

/** The number of clusters suggested. A longer list would be hard to read. */
const MOST_CLUSTERS = 6;

/** Renders the filter of a question that was too large, and ways to ask for less. */
export function suggestSmaller(page: Filtered, clusters: Clusters): Html {
  const { path, query, keep } = page;
  const withOne = (name: string, value: string) => {
    const less = new URLSearchParams(query);
    less.set(name, value);
    return address(path, less, keep);
  };
  const now = RECENT.find(({ word }) => word === query.get('start-time'));
  const times = RECENT.filter(({ sec }) => now === undefined || sec < now.sec);
  const names = query.has('cluster') ? [] : clusters.list.map(({ name }) => name).slice(0, MOST_CLUSTERS);
  return html`${filterWords(page, new Map())}
<p>Narrow the filter: ${times.map(({ word, label }) => html`<a href="${withOne('start-time', word)}">${label}</a> · `)}
${names.map((name) => html`<a href="${withOne('cluster', name)}">only ${name}</a> · `)}<a href="${address(path, query, keep)}">try again</a></p>`;
}
