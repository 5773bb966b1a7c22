import type { HistogramMetric } from '../../clusters/metrics.ts';
import { FIELDS } from '../../jobs/fields.ts';
import { DURATION_BINS, DURATION_BINS_NAMES, type DurationBins, SHOWN_METRIC_BINS } from '../../jobs/histograms.ts';
import { BOUNDS } from '../../jobs/length-bounds.ts';
import type { Group, JobsStatistics, SortField } from '../../jobs/statistics.ts';
import { cut, REPEATED_QUERY_CHARACTERS } from '../cut.ts';
import { exportLinks } from '../export-links.ts';
import { address, type Filtered } from '../filter/words.ts';
import { duration, whole } from '../format.ts';
import { type Html, html } from '../html.ts';
import { percentilesTable } from './percentiles-table.ts';

export interface StatisticsContent {
  page: Filtered;
  filter: Html;
  groupBy: Group;
  choices: readonly Group[];
  sortBy: SortField;
  /** `during` if only hours within the time of the filter count. Undefined if the filter has no such time. */
  clipping: 'during' | 'none' | undefined;
  bins: DurationBins;
  pageNumber: number;
  /** The totals of all matching jobs. */
  totals: JobsStatistics | undefined;
  groups: readonly JobsStatistics[];
  /** True if another page of groups may follow. */
  hasMore: boolean;
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
${totals === undefined || totals.totalJobs === 0 ? nothing(page) : html`${totalsList(content, totals)}${groupsTable(content)}${percentilesTable(page, content.groupBy, content.groups)}${histograms(content)}`}`;
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
  const columns = COLUMNS.filter(({ field }) => field !== 'totalUsers' || groupBy !== 'user');
  return html`<section><div class="head"><h2 id="groups">Group by</h2><nav class="tabs" aria-label="Group by">${choices.map(
    (group) =>
      html`<a href="${to({ 'group-by': group })}"${group === groupBy && html` aria-current="true"`}>${FIELDS[group].form.label}</a> `,
  )}</nav>${exportLinks('Export all groups', 'statistics/jobs', groupsAsked(content))}</div>
<div class="scroll" tabindex="0" role="region" aria-label="Groups"><table class="data groups"><thead><tr><th scope="col">${FIELDS[groupBy].form.label}</th>${columns.map(
    ({ field, label }) =>
      html`<th scope="col" class="num"${field === sortBy && html` aria-sort="descending"`}><a href="${to({ 'sort-by': field })}">${label}</a>${field === sortBy && html` <span aria-hidden="true">↓</span>`}</th>`,
  )}<th scope="col" class="num">Share</th><th scope="col">List</th></tr></thead><tbody>
${groups.map((group) => groupRow(content, group, columns))}</tbody></table></div>
<nav class="pager" aria-label="Pages of the table">${pageNumber > 1 && html`<a rel="prev" href="${to({ page: String(pageNumber - 1) })}">← Previous</a>`}
${(hasMore || pageNumber > 1) && html`<span>page ${whole(pageNumber)}</span>`}${hasMore && html` <a rel="next" href="${to({ page: String(pageNumber + 1) })}">Next →</a>`}</nav></section>`;
}

/** Returns the query of all groups in the API. */
function groupsAsked({ page, groupBy, sortBy, clipping }: StatisticsContent): URLSearchParams {
  const asked = new URLSearchParams(page.query);
  asked.set('group-by', groupBy);
  asked.set('sort-by', sortBy);
  if (clipping === 'during') asked.set('clip', asked.get('during') ?? '');
  return asked;
}

function groupRow(
  { page, groupBy, sortBy, totals }: StatisticsContent,
  group: JobsStatistics,
  columns: typeof COLUMNS,
): Html {
  const narrowed = new URLSearchParams(page.query);
  narrowed.set(groupBy, group.id);
  const part = sortBy === 'totalUsers' ? 'totalJobs' : sortBy;
  const all = Number(totals?.[part] ?? 0);
  const percent = all === 0 ? 0 : (Number(group[part]) / all) * 100;
  const id = group.id === '' ? '(none)' : cut(group.id);
  const canNarrow = group.id.length <= BOUNDS.text.most && page.query.toString().length <= REPEATED_QUERY_CHARACTERS;
  return html`<tr><th scope="row" class="name">${canNarrow ? html`<a href="${address(page.path, narrowed, page.keep)}" title="Only these jobs"><bdi>${id}</bdi></a>` : html`<bdi>${id}</bdi>`}${group.name !== '' && html` <span class="of"><bdi>${cut(group.name)}</bdi></span>`}</th>
${columns.map(({ field }) => html`<td class="num">${whole(group[field])}</td>`)}<td class="num share"><span>${percent.toFixed(1)} %</span></td>
<td>${canNarrow && html`<a href="${address('/jobs', narrowed)}">jobs<span class="hidden"> of ${id}</span></a>`}</td></tr>\n`;
}

function histograms({ page, bins, scales }: StatisticsContent): Html {
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
  return html`<section><div class="head"><h2 id="shape">Distributions</h2><nav class="tabs" aria-label="Durations">${choices}</nav>${exportLinks('Export the distributions', 'statistics/histograms', asked)}</div>
<noscript><p class="note">Histograms require JavaScript.</p></noscript>
<p class="note" id="histograms-state" aria-live="polite"></p>
<div class="plots" id="histograms" data-from="${address('/api/statistics/histograms', asked)}" data-page="${address(page.path, page.query, page.keep)}" data-width="${widthSec}" data-fields="${JSON.stringify(HISTOGRAMS)}" data-scales="${JSON.stringify(scales)}"></div></section>`;
}
