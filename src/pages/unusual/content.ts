import type { UnusualKind } from '../../jobs/unusual-kinds.ts';
import { PERIOD } from '../../jobs/unusual-limits.ts';
import { type Html, html } from '../html.ts';
import { CHECKED, rules } from './unusual-words.ts';

export interface ShownUnusual {
  text: string;
  link: string;
}

export interface UnusualContent {
  found: readonly ShownUnusual[];
  more: number;
  unchecked: readonly UnusualKind[];
}

/** Renders what is unusual, and how it is found. */
export function unusualContent({ found, more, unchecked }: UnusualContent): Html {
  return html`<h1>Unusual in the ${PERIOD.label}</h1>
${found.length === 0 ? html`<p class="note">Nothing unusual was found.</p>` : html`<ul class="unusual">${found.map(({ text, link }) => html`<li><a href="${link}"><bdi>${text}</bdi></a></li>\n`)}</ul>`}
${more > 0 && html`<p class="note">And ${more} more of the same kinds.</p>`}
${unchecked.length > 0 && html`<p class="problem">Not checked, for lack of time: ${unchecked.map((kind) => CHECKED[kind]).join(', ')}.</p>`}
<section><h2>How it is found</h2><dl class="facts">${[...new Map(Object.values(rules()))].map(([what, rule]) => html`<div><dt>${what}</dt><dd>${rule}</dd></div>\n`)}</dl></section>`;
}

/** Renders the place on the overview. Its script requests what is unusual. */
export function unusualSection(): Html {
  return html`<section><div class="head"><h2 id="unusual">Unusual in the ${PERIOD.label}</h2><a class="across" href="/unusual">How it is found</a></div>
<ul class="unusual" data-from="/api/unusual" hidden></ul><p class="note" data-unusual-state aria-live="polite"><noscript><a href="/unusual">Show</a></noscript></p></section>
`;
}
