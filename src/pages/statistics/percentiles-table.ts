import { FIELDS } from '../../jobs/fields.ts';
import { DEFAULT_PERCENTILES, type Measure } from '../../jobs/percentiles.ts';
import type { Group, JobsStatistics } from '../../jobs/statistics.ts';
import { cut } from '../cut.ts';
import { address, type Filtered } from '../filter/words.ts';
import { type Html, html } from '../html.ts';

const SHOWN: readonly { name: Measure; label: string; unit: string }[] = [
  { name: 'wait', label: FIELDS.wait.form.label, unit: 's' },
  { name: 'duration', label: FIELDS.duration.form.label, unit: 's' },
  { name: 'walltime-used', label: 'Walltime used', unit: '' },
];

/** Of a query. The request line and the headers have 16 KiB. */
const MOST_CHARACTERS = 8_000;

/** Renders the table of percentiles of the groups that the page shows. Its script fills it in. */
export function percentilesTable(page: Filtered, groupBy: Group, groups: readonly JobsStatistics[]): Html | false {
  const asked = new URLSearchParams(page.query);
  asked.delete(groupBy);
  for (const { id } of groups) asked.append(groupBy, id);
  asked.set('group-by', groupBy);
  asked.set('p', DEFAULT_PERCENTILES.join());
  if (asked.toString().length > MOST_CHARACTERS) return false;
  const ends = DEFAULT_PERCENTILES.map((p) => html`<th scope="col" class="num">${p} %</th>`);
  const row = ({ id }: JobsStatistics) =>
    html`<tr data-id="${id}"><th scope="row" class="name"><bdi>${id === '' ? '(none)' : cut(id)}</bdi></th>${SHOWN.map(
      ({ name }) => DEFAULT_PERCENTILES.map(() => html`<td class="num" data-of="${name}"></td>`),
    )}</tr>\n`;
  return html`<section><h2>Percentiles</h2>
<noscript><p class="note">Percentiles require JavaScript.</p></noscript>
<p class="note" id="percentiles-state" aria-live="polite"></p>
<div class="scroll" tabindex="0" role="region" aria-label="Percentiles"><table class="data" id="percentiles" data-from="${address('/api/statistics/percentiles', asked)}" data-measures="${JSON.stringify(SHOWN)}"><thead>
<tr><th scope="col" rowspan="2">${FIELDS[groupBy].form.label}</th>${SHOWN.map(({ label }) => html`<th scope="colgroup" colspan="${DEFAULT_PERCENTILES.length}" class="num">${label}</th>`)}</tr>
<tr>${SHOWN.map(() => ends)}</tr></thead><tbody>
${groups.map(row)}</tbody></table></div></section>`;
}
