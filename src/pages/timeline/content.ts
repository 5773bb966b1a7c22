import type { ClusterSize } from '../../clusters/cluster-size.ts';
import type { ExportFormat } from '../../jobs/export-format.ts';
import { type Group, groupOf } from '../../jobs/groups.ts';
import { BUCKETS, type Bucket } from '../../jobs/time-buckets.ts';
import type { TimeZone } from '../../jobs/time-zone.ts';
import { MOST_TOP, type TimelinePoint } from '../../jobs/timeline.ts';
import { REPEATED_QUERY_CHARACTERS } from '../cut-text.ts';
import { exportLinks } from '../export-links.ts';
import { address, type Filtered } from '../filter/filter-words.ts';
import { decimal, duration, whole } from '../format.ts';
import { type Html, html } from '../html.ts';
import { narrowed, shownGroup } from '../statistics/group-words-and-links.ts';
import { bucketLabel, FINER } from './bucket-labels.ts';
import { type Chart, type ChartSeries, colorOf, timelineChart } from './chart-figure.ts';
import { MEASURE_NAMES, MEASURES, type MeasureName } from './measures.ts';

export interface TimelineContent {
  page: Filtered;
  /** The formats in which tables are exported. */
  formats: readonly ExportFormat[];
  filter: Html;
  choices: readonly Group[];
  bucket: Bucket;
  zone: TimeZone;
  /** The range in the address. */
  range: string;
  groupBy: Group | undefined;
  top: number;
  show: MeasureName;
  nowSec: number;
  edges: readonly number[];
  /** In order of time, and in each bucket in the order of the groups. */
  points: readonly TimelinePoint[];
  /** Of all jobs in as many buckets before. */
  before: readonly TimelinePoint[] | undefined;
  /** Of the clusters of the filter. */
  size: ClusterSize | undefined;
}

/** Renders the chart of one number over time, and its table. */
export function timelineContent(content: TimelineContent): Html {
  const { page, filter, show } = content;
  const chart = chartOf(content);
  const { label } = MEASURES[show];
  return html`<div class="head"><h1>Timeline</h1><a class="across" href="${address('/statistics', page.query)}">Statistics of these jobs</a></div>
${filter}${choosers(content)}
<section><div class="head"><h2 id="figures">${label}</h2>${exportLinks('Export the timeline', 'statistics/timeline', asked(content), content.formats)}</div>
${
  chart.series.length === 0
    ? html`<p class="note">No job matches this filter and ran within this time.</p>`
    : html`${timelineChart(chart, `${label} over time, see the table below`)}${table(content, chart)}`
}</section>`;
}

function choosers({ page, bucket, zone, range, groupBy, choices, top, show, before }: TimelineContent): Html {
  const option = (value: string, label: string, isChosen: boolean) =>
    html`<option value="${value}"${isChosen && html` selected`}>${label}</option>`;
  return html`<form method="get" action="${page.path}" class="inline" aria-label="Shown">
${[...page.query].map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}
<label>Show<select name="show">${MEASURE_NAMES.map((name) => option(name, MEASURES[name].label, name === show))}</select></label>
<label>In each<select name="bucket">${BUCKETS.map((name) => option(name, name, name === bucket))}</select></label>
<label>Group by<select name="group-by">${option('none', 'nothing', groupBy === undefined)}${choices.map((name) => option(name, groupOf(name).label, name === groupBy))}</select></label>
<label>Top groups<input name="top" type="number" min="1" max="${MOST_TOP}" value="${top}"></label>
<label>Range<input name="range" value="${range}" placeholder="2026-01-01..2026-03-31" autocomplete="off"></label>
<label>Time zone<input name="zone" value="${zone.name}" autocomplete="off"></label>
<label class="box"><input type="checkbox" name="compare" value="before"${before !== undefined && html` checked`}> compare with the period before</label>
<button class="main">Show</button></form>`;
}

/** Returns the query of the timeline in the API. */
function asked({ page, bucket, zone, edges, groupBy, top }: TimelineContent): URLSearchParams {
  const query = new URLSearchParams(page.query);
  query.set('bucket', bucket);
  query.set('range', `${edges[0]}-${edges.at(-1)}`);
  query.set('zone', zone.name);
  if (groupBy !== undefined) query.set('group-by', groupBy);
  query.set('top', String(top));
  return query;
}

function chartOf(content: TimelineContent): Chart {
  const { edges, points, groupBy, show, zone, before, size } = content;
  const measure = MEASURES[show];
  const shown = points.filter(({ from }) => from === edges[0]);
  const series = shown.map(({ group, isOther }, at): ChartSeries => {
    const own = points.filter((_, index) => index % shown.length === at);
    const narrow = isOther ? undefined : narrowed(new URLSearchParams(), [{ by: groupBy, id: group }], zone);
    const label = groupBy === undefined ? 'all jobs' : isOther ? 'all others' : shownGroup(groupBy, group);
    return { label, isOther, values: own.map(measure.of), narrow: [...(narrow ?? [])] };
  });
  const hours = edges.slice(1).map((to, at) => (to - (edges[at] ?? to)) / 3600);
  const most = measure.capacity === undefined ? undefined : size?.[measure.capacity];
  const capacity = most === undefined || most === 0 ? undefined : hours.map((each) => each * most);
  return { measure, zone, edges, series, capacity, before: before?.map(measure.of), click: clickOf(content) };
}

/** A bucket leads to its parts, and an hour to its jobs. */
function clickOf({ page, bucket, zone }: TimelineContent): Chart['click'] {
  const finer = FINER[bucket];
  if (finer === undefined) return { to: address('/jobs', page.query), range: 'during' };
  const keep = new URLSearchParams(page.keep);
  keep.delete('range');
  keep.set('bucket', finer);
  keep.set('zone', zone.name);
  return { to: address(page.path, page.query, keep), range: 'range' };
}

function table(content: TimelineContent, { measure, edges, series, capacity, before, click }: Chart): Html {
  const { page, bucket, zone, nowSec } = content;
  const isShort = page.query.toString().length <= REPEATED_QUERY_CHARACTERS;
  const hasTotal = measure.addsUp.groups && series.length > 1;
  const shown = (value: number | null | undefined) => {
    if (value === null || value === undefined) return '–';
    if (measure.unit === 's') return duration(value);
    return Number.isInteger(value) ? whole(value) : decimal(value);
  };
  const total = (at: number) => series.reduce((sum, { values }) => sum + (values[at] ?? 0), 0);
  const cell = (value: number | null | undefined) => html`<td class="num">${shown(value)}</td>`;
  const used = (at: number) => {
    const [from = 0, to = 0] = [edges[at], edges[at + 1]];
    const passed = (Math.min(to, nowSec) - from) / (to - from);
    const most = (capacity?.[at] ?? 0) * passed;
    return html`<td class="num">${most > 0 ? `${((total(at) / most) * 100).toFixed(1)} %` : '–'}</td>`;
  };
  const row = (from: number, at: number) => {
    const range = `${from}-${edges[at + 1]}`;
    const label = bucketLabel(bucket, from, zone);
    const to = `${click.to}${click.to.includes('?') ? '&' : '?'}${click.range}=${range}`;
    const jobs = new URLSearchParams([...page.query].filter(([name]) => name !== 'during'));
    jobs.set('during', range);
    return html`<tr><th scope="row">${isShort ? html`<a href="${to}">${label}</a>` : label}</th>${series.map(({ values }) => cell(values[at]))}${
      hasTotal && cell(total(at))
    }${capacity !== undefined && used(at)}${before !== undefined && cell(before[at])}${isShort && html`<td><a href="${address('/jobs', jobs)}">jobs<span class="hidden"> of ${label}</span></a></td>`}</tr>\n`;
  };
  const sum = (values: readonly (number | null)[]) =>
    cell(values.reduce<number>((all, value) => all + (value ?? 0), 0));
  const all = series.map((one, at) => {
    const own = one.narrow.length === 0 || !isShort ? undefined : new URLSearchParams(page.query);
    for (const [name, value] of one.narrow) own?.set(name, value);
    const text = html`<i class="swatch ${colorOf(one.isOther, at)}"></i><bdi>${one.label}</bdi>`;
    return html`<th scope="col" class="num">${own === undefined ? text : html`<a href="${address(page.path, own, page.keep)}" title="Only these jobs">${text}</a>`}</th>`;
  });
  return html`<p class="note">Times are the starts of the ${bucket}s in ${zone.name}. Each ${bucket} leads to ${FINER[bucket] === undefined ? 'its jobs' : `its ${FINER[bucket]}s`}, and the name of a group to its jobs alone.</p>
<div class="scroll" tabindex="0" role="region" aria-labelledby="figures"><table class="data"><thead><tr><th scope="col">From</th>${all}${
    hasTotal && html`<th scope="col" class="num">Total</th>`
  }${capacity !== undefined && html`<th scope="col" class="num">Of the capacity</th>`}${before !== undefined && html`<th scope="col" class="num">Period before</th>`}${isShort && html`<th scope="col">List</th>`}</tr></thead><tbody>
${edges.slice(0, -1).map(row)}</tbody>${
    measure.addsUp.buckets &&
    html`<tfoot><tr><th scope="row">Total</th>${series.map(({ values }) => sum(values))}${hasTotal && sum(edges.slice(0, -1).map((_, at) => total(at)))}${
      capacity !== undefined && html`<td></td>`
    }${before !== undefined && sum(before)}${isShort && html`<td></td>`}</tr></tfoot>`
  }</table></div>`;
}
