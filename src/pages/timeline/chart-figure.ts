import type { TimeZone } from '../../jobs/time-zone.ts';
import { type Html, html } from '../html.ts';
import type { Measure } from './measures.ts';

/** The number of colors that style.css has for groups: `--series-0` and so on. All other groups share one more. */
export const COLORS = 10;

/** A timeline as its script draws it. A table next to it must have the same figures. */
export interface Chart {
  readonly measure: Measure;
  readonly zone: TimeZone;
  /** The starts of the buckets in Unix seconds, and the end of the last one. */
  readonly edges: readonly number[];
  readonly series: readonly ChartSeries[];
  /** Values of each bucket. */
  readonly capacity?: readonly number[] | undefined;
  readonly before?: readonly (number | null)[] | undefined;
  /** Where a click on a bucket leads: an address, and its parameter for the range of the bucket. */
  readonly click: { readonly to: string; readonly range: 'range' | 'during' };
}

export interface ChartSeries {
  readonly label: string;
  readonly isOther: boolean;
  readonly values: readonly (number | null)[];
  /** The parameters that select the group. Without them a click keeps the filter. */
  readonly narrow: readonly (readonly [string, string])[];
}

/** Renders the place of a chart with its legend. Without its script it is not visible. */
export function timelineChart(chart: Chart, label: string): Html {
  const { measure, zone, edges, series, capacity, before, click } = chart;
  const data = {
    edges,
    series: series.map(({ label: name, values, narrow, isOther }, at) => {
      return { label: name, values: values.map(short), narrow, color: colorOf(isOther, at) };
    }),
    capacity: capacity?.map(short),
    before: before?.map(short),
    isStacked: measure.addsUp.groups,
    ...{ unit: measure.unit, zone: zone.name, click },
  };
  const lines = [
    ...series.map(
      (one, at) => html`<li><i class="swatch ${colorOf(one.isOther, at)}"></i><bdi>${one.label}</bdi></li>`,
    ),
    capacity !== undefined && html`<li><i class="swatch capacity"></i>capacity</li>`,
    before !== undefined && html`<li><i class="swatch before"></i>the period before</li>`,
  ];
  return html`<figure class="plot timeline" hidden data-chart="${JSON.stringify(data)}">
<ul class="legend" aria-label="Legend">${lines}</ul>
<div class="canvas" role="img" aria-label="${label}"></div><figcaption class="note"></figcaption></figure>`;
}

export function colorOf(isOther: boolean, at: number): string {
  return isOther ? 'series-other' : `series-${at % COLORS}`;
}

/** Six digits are more than a screen shows. */
function short(value: number | null): number | null {
  return value === null ? null : Number(value.toPrecision(6));
}
