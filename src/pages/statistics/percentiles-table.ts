import type { ExportFormat } from '../../jobs/export-format.ts';
import { FIELDS } from '../../jobs/fields.ts';
import { type Group, groupMembers, groupOf } from '../../jobs/groups.ts';
import { DEFAULT_PERCENTILES, type Measure } from '../../jobs/percentiles.ts';
import type { JobsStatistics } from '../../jobs/statistics.ts';
import { type TimeZone, UTC } from '../../jobs/time-zone.ts';
import { exportLinks } from '../export-links.ts';
import { address, type Filtered } from '../filter/filter-words.ts';
import { type Html, html } from '../html.ts';
import { shownGroup } from './group-words-and-links.ts';

const SHOWN: readonly { name: Measure; label: string; unit: string }[] = [
  { name: 'wait', label: FIELDS.wait.form.label, unit: 's' },
  { name: 'duration', label: FIELDS.duration.form.label, unit: 's' },
  { name: 'walltime-used', label: 'Walltime used', unit: '' },
];

/** The groups of a page. */
export interface ShownGroups {
  page: Filtered;
  /** The formats in which tables are exported. */
  formats: readonly ExportFormat[];
  /** One or two. */
  groupBy: readonly Group[];
  /** The time zone of starts. */
  zone: TimeZone;
  groups: readonly JobsStatistics[];
  pageNumber: number;
  /** True if another page of groups may follow. */
  hasMore: boolean;
}

/** Of a query. The request line and the headers have 16 KiB. */
const MOST_CHARACTERS = 8_000;

/**
 * Renders the table of percentiles of the groups that the page shows. Its script fills it in. Groups that a filter does
 * not select are only shown if they are all.
 */
export function percentilesTable({
  page,
  formats,
  groupBy,
  zone,
  groups,
  pageNumber,
  hasMore,
}: ShownGroups): Html | false {
  const [first, second] = groupBy;
  const ofAllGroups = new URLSearchParams(page.query);
  ofAllGroups.set('group-by', groupBy.join());
  if (zone !== UTC) ofAllGroups.set('zone', zone.name);
  ofAllGroups.set('p', DEFAULT_PERCENTILES.join());
  const asked = new URLSearchParams(ofAllGroups);
  if (first !== undefined && second === undefined && groupOf(first).kind === 'field') {
    asked.delete(first);
    for (const { id } of groups) asked.append(first, id);
  } else if (hasMore || pageNumber > 1) return false;
  if (asked.toString().length > MOST_CHARACTERS) return false;
  const ends = DEFAULT_PERCENTILES.map((p) => html`<th scope="col" class="num">${p} %</th>`);
  const head = ({ name, label }: (typeof SHOWN)[number]) => {
    const links = exportLinks(
      `Export ${label}`,
      'statistics/percentiles',
      new URLSearchParams([...ofAllGroups, ['of', name]]),
      formats,
    );
    return html`<th scope="colgroup" colspan="${DEFAULT_PERCENTILES.length}" class="num">${label} ${links}</th>`;
  };
  const members = groupMembers({ groupBy });
  const row = (group: JobsStatistics) =>
    html`<tr data-id="${JSON.stringify(members.map(({ id }) => group[id]))}">${members.map(({ id, group: by }) => html`<th scope="row" class="name"><bdi>${shownGroup(by, group[id] ?? '')}</bdi></th>`)}${SHOWN.map(
      ({ name }) => DEFAULT_PERCENTILES.map(() => html`<td class="num" data-of="${name}"></td>`),
    )}</tr>\n`;
  return html`<section><h2>Percentiles</h2>
<noscript><p class="note">Percentiles require JavaScript.</p></noscript>
<p class="note" id="percentiles-state" aria-live="polite"></p>
<div class="scroll" tabindex="0" role="region" aria-label="Percentiles"><table class="data" id="percentiles" data-from="${address('/api/statistics/percentiles', asked)}" data-measures="${JSON.stringify(SHOWN)}"><thead>
<tr>${groupBy.map((group) => html`<th scope="col" rowspan="2">${groupOf(group).label}</th>`)}${SHOWN.map(head)}</tr>
<tr>${SHOWN.map(() => ends)}</tr></thead><tbody>
${groups.map(row)}</tbody></table></div></section>`;
}
