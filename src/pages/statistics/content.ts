import type { HistogramMetric } from '../../clusters/metrics.ts';
import { FIELDS } from '../../jobs/fields.ts';
import { type Group, groupMembers, groupOf } from '../../jobs/groups.ts';
import { DURATION_BINS, DURATION_BINS_NAMES, type DurationBins, SHOWN_METRIC_BINS } from '../../jobs/histograms.ts';
import type { JobsStatistics, SortField } from '../../jobs/statistics.ts';
import { UTC } from '../../jobs/time-zone.ts';
import { cut, REPEATED_QUERY_CHARACTERS } from '../cut-text.ts';
import { exportLinks } from '../export-links.ts';
import { address, type Filtered } from '../filter/filter-words.ts';
import { duration, whole } from '../format.ts';
import { type Html, html } from '../html.ts';
import { narrowed, shownGroup } from './group-words-and-links.ts';
import { percentilesTable, type ShownGroups } from './percentiles-table.ts';

export interface StatisticsContent extends ShownGroups {
  filter: Html;
  choices: readonly Group[];
  sortBy: SortField;
  /** `during` if only hours within the time of the filter count. Undefined if the filter has no such time. */
  clipping: 'during' | 'none' | undefined;
  bins: DurationBins;
  /** The totals of all matching jobs. */
  totals: JobsStatistics | undefined;
  scales: readonly HistogramMetric[];
  shortJobSec: number;
}

const COLUMNS: readonly { field: SortField; label: string }[] = [
  { field: 'totalJobs', label: 'Jobs' },
  { field: 'totalUsers', label: 'Users' },
  { field: 'totalWalltime', label: 'Walltime h' },
  { field: 'totalNodeHours', label: 'Node h' },
  { field: 'totalCoreHours', label: 'Core h' },
  { field: 'totalAccHours', label: 'Acc. h' },
];
const HOURS = [
  { name: 'none', label: 'Hours of whole jobs' },
  { name: 'during', label: 'Hours within this time' },
] as const;
/** The histograms in the order of the page, each with its member of the answer. */
const HISTOGRAMS = [
  { field: FIELDS.duration, histogram: 'histDuration' },
  { field: FIELDS.wait, histogram: 'histWait' },
  { field: FIELDS['num-nodes'], histogram: 'histNumNodes' },
  { field: FIELDS['num-hwthreads'], histogram: 'histNumCores' },
  { field: FIELDS['num-acc'], histogram: 'histNumAccs' },
].map(({ field: { name, form, unit = '' }, histogram }) => ({ name, label: form.label, unit, histogram }));

/** Renders the totals, the groups and the histograms. */
export function statisticsContent(content: StatisticsContent): Html {
  const { page, filter, totals } = content;
  return html`<div class="head"><h1>Statistics</h1><a class="across" href="${address('/jobs', page.query)}">These jobs as a list</a></div>
${filter}
${totals === undefined || totals.totalJobs === 0 ? nothing(page) : html`${totalsList(content, totals)}${groupsTable(content)}${percentilesTable(content)}${histograms(content)}`}`;
}

function nothing({ path, query }: Filtered): Html {
  return query.size === 0
    ? html`<p class="note">There are no jobs that you may see.</p>`
    : html`<p class="note">No job matches this filter. <a href="${path}">All jobs</a></p>`;
}

function totalsList(content: StatisticsContent, totals: JobsStatistics): Html {
  const all: readonly (readonly [string, JobsStatistics['totalJobs']])[] = [
    ['jobs', totals.totalJobs],
    ['running', totals.runningJobs],
    [`shorter than ${duration(content.shortJobSec)}`, totals.shortJobs],
    ['users', totals.totalUsers],
    ['hours of walltime', totals.totalWalltime],
    ['node hours', totals.totalNodeHours],
    ['core hours', totals.totalCoreHours],
    ['accelerator hours', totals.totalAccHours],
  ];
  return html`${hoursTabs(content)}<dl class="totals" aria-label="Totals">${all.map(([label, value]) => html`<div><dt>${label}</dt><dd>${whole(value)}</dd></div>\n`)}</dl>`;
}

function hoursTabs({ page, clipping }: StatisticsContent): Html | false {
  if (clipping === undefined) return false;
  const tabs = HOURS.map(({ name, label }) => {
    const own = new URLSearchParams(page.keep);
    own.delete('clip');
    if (name !== 'none') own.set('clip', name);
    return html`<a href="${address(page.path, page.query, own)}"${name === clipping && html` aria-current="true"`}>${label}</a> `;
  });
  return html`<nav class="tabs" aria-label="Hours">${tabs}</nav>`;
}

function groupsTable(content: StatisticsContent): Html {
  const { page, groupBy, choices, sortBy, groups, pageNumber, hasMore } = content;
  const to = (changes: Readonly<Record<string, string>>) => {
    const own = new URLSearchParams(page.keep);
    for (const [name, value] of Object.entries(changes)) own.set(name, value);
    return address(page.path, page.query, own);
  };
  const columns = COLUMNS.filter(({ field }) => field !== 'totalUsers' || !groupBy.includes('user'));
  const [first, second] = groupBy;
  const tab = (names: readonly (Group | undefined)[], label: string, isCurrent: boolean) => {
    const named = names.filter((name) => name !== undefined).join();
    return html`<a href="${to({ 'group-by': named })}"${isCurrent && html` aria-current="true"`}>${label}</a> `;
  };
  return html`<section><div class="head"><h2 id="groups">Group by</h2><nav class="tabs" aria-label="Group by">${choices.map(
    (group) => tab([group], groupOf(group).label, group === first),
  )}</nav>${exportLinks('Export all groups', 'statistics/jobs', groupsAsked(content), content.formats)}</div>
<details${second !== undefined && html` open`}><summary>and by</summary><nav class="tabs" aria-label="And by">${tab([first], 'nothing else', second === undefined)}${choices
    .filter((group) => group !== first)
    .map((group) => tab([first, group], groupOf(group).label, group === second))}</nav></details>
<div class="scroll" tabindex="0" role="region" aria-label="Groups"><table class="data groups"><thead><tr>${groupBy.map((group) => html`<th scope="col">${groupOf(group).label}</th>`)}${columns.map(
    ({ field, label }) =>
      html`<th scope="col" class="num"${field === sortBy && html` aria-sort="descending"`}><a href="${to({ 'sort-by': field })}">${label}</a>${field === sortBy && html` <span aria-hidden="true">↓</span>`}</th>`,
  )}<th scope="col" class="num">Share</th><th scope="col">List</th></tr></thead><tbody>
${groups.map((group) => groupRow(content, group, columns))}</tbody></table></div>
<nav class="pager" aria-label="Pages of the table">${pageNumber > 1 && html`<a rel="prev" href="${to({ page: String(pageNumber - 1) })}">← Previous</a>`}
${(hasMore || pageNumber > 1) && html`<span>page ${whole(pageNumber)}</span>`}${hasMore && html` <a rel="next" href="${to({ page: String(pageNumber + 1) })}">Next →</a>`}</nav></section>`;
}

/** Returns the query of all groups in the API. */
function groupsAsked({ page, groupBy, zone, sortBy, clipping }: StatisticsContent): URLSearchParams {
  const asked = new URLSearchParams(page.query);
  asked.set('group-by', groupBy.join());
  asked.set('sort-by', sortBy);
  if (zone !== UTC) asked.set('zone', zone.name);
  if (clipping === 'during') asked.set('clip', asked.get('during') ?? '');
  return asked;
}

function groupRow(content: StatisticsContent, group: JobsStatistics, columns: typeof COLUMNS): Html {
  const { page, groupBy, zone, sortBy, totals } = content;
  const part = sortBy === 'totalUsers' ? 'totalJobs' : sortBy;
  const all = Number(totals?.[part] ?? 0);
  const percent = all === 0 ? 0 : (Number(group[part]) / all) * 100;
  const cells = groupMembers({ groupBy }).map((members) => {
    const [id = '', name = ''] = [group[members.id], group[members.name]];
    return { shown: shownGroup(members.group, id), name, id, by: members.group };
  });
  const short = page.query.toString().length <= REPEATED_QUERY_CHARACTERS;
  const own = short ? narrowed(page.query, cells, zone) : undefined;
  const to = own && address(page.path, own, page.keep);
  const head = ({ shown, name }: (typeof cells)[number], at: number) => {
    const text = html`<bdi>${shown}</bdi>`;
    const link = to !== undefined && at === 0 ? html`<a href="${to}" title="Only these jobs">${text}</a>` : text;
    return html`<th scope="row" class="name">${link}${name !== '' && html` <span class="of"><bdi>${cut(name)}</bdi></span>`}</th>`;
  };
  return html`<tr>${cells.map(head)}
${columns.map(({ field }) => html`<td class="num">${whole(group[field])}</td>`)}<td class="num share"><span>${percent.toFixed(1)} %</span></td>
<td>${own && html`<a href="${address('/jobs', own)}">jobs<span class="hidden"> of ${cells.map(({ shown }) => shown).join(', ')}</span></a>`}</td></tr>\n`;
}

function histograms({ page, formats, bins, scales }: StatisticsContent): Html {
  const asked = new URLSearchParams(page.query);
  asked.set('bins', bins);
  asked.set('with-wait', 'true');
  asked.set('metric-bins', String(SHOWN_METRIC_BINS));
  for (const { metric } of scales) asked.append('metric', metric);
  const { widthSec } = DURATION_BINS[bins];
  const spanOf = (choice: DurationBins) => DURATION_BINS[choice].widthSec * DURATION_BINS[choice].bins;
  const choices = DURATION_BINS_NAMES.toSorted((a, b) => spanOf(a) - spanOf(b)).map((choice) => {
    const own = new URLSearchParams(page.keep);
    own.set('bins', choice);
    const { widthSec: width } = DURATION_BINS[choice];
    const label = `up to ${duration(spanOf(choice))}`;
    return html`<a href="${address(page.path, page.query, own)}#shape"${choice === bins && html` aria-current="true"`} title="in steps of ${duration(width)}">${label}</a> `;
  });
  return html`<section><div class="head"><h2 id="shape">Distributions</h2><nav class="tabs" aria-label="Durations">${choices}</nav>${exportLinks('Export the distributions', 'statistics/histograms', asked, formats)}</div>
<noscript><p class="note">Histograms require JavaScript.</p></noscript>
<p class="note" id="histograms-state" aria-live="polite"></p>
<div class="plots" id="histograms" data-from="${address('/api/statistics/histograms', asked)}" data-page="${address(page.path, page.query, page.keep)}" data-width="${widthSec}" data-fields="${JSON.stringify(HISTOGRAMS)}" data-scales="${JSON.stringify(scales)}"></div></section>`;
}
