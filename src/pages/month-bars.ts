import type { JobsStatistics } from '../jobs/statistics.ts';
import { whole } from './format.ts';
import { type Html, html } from './html.ts';

/** The months of a chart. */
const LEAST_MONTHS = 12;
const MOST_MONTHS = 36;
/** The drawing is stretched to the width of the page. */
const BAR = { step: 10, width: 8, height: 100 };

/** Returns the months up to `now` that a chart shows, oldest first, such as `2026-11`. `first` has the first jobs. */
export function shownMonths(first: string, nowSec: number): string[] {
  const now = new Date(nowSec * 1000);
  const months = Array.from({ length: MOST_MONTHS }, (_, back) =>
    new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - back)).toISOString().slice(0, 7),
  );
  return months.filter((month, back) => back < LEAST_MONTHS || month >= first).reverse();
}

/** Draws the core hours of each month as bars. A table next to it must have the same figures. */
export function monthBars(months: readonly string[], groups: ReadonlyMap<string, JobsStatistics>): Html {
  const hours = months.map((month) => groups.get(month)?.totalCoreHours ?? 0);
  const most = Math.max(1, ...hours.map(Number));
  const bars = hours.map((value, at) => {
    const height = (Number(value) / most) * BAR.height;
    return html`<rect x="${at * BAR.step + 1}" y="${(BAR.height - height).toFixed(2)}" width="${BAR.width}" height="${height.toFixed(2)}"><title>${months[at]}: ${whole(value)} core hours</title></rect>`;
  });
  return html`<svg class="bars months" role="img" aria-label="Core hours of ${months.length} months, see the table" viewBox="0 0 ${months.length * BAR.step} ${BAR.height}" preserveAspectRatio="none">${bars}</svg>
<p class="ends" aria-hidden="true"><span>${months[0]}</span><span>highest: ${whole(most)} core hours</span><span>${months.at(-1)}</span></p>`;
}
