import type { ClusterSize } from '../../clusters/cluster-size.ts';
import { recentPeriod } from '../../jobs/recent-periods.ts';
import { address } from '../filter/filter-words.ts';
import { type Html, html } from '../html.ts';
import { COLORS } from '../timeline/chart-figure.ts';

const HOUR_SEC = 3_600;
const PERIOD = recentPeriod('last7d');

/** Renders the place of a chart with the core hours of a recent period. Its script requests them. */
export function weekOfUse(size: ClusterSize | undefined, nowSec: number): Html {
  const endSec = Math.ceil(nowSec / HOUR_SEC) * HOUR_SEC;
  const range = `${endSec - PERIOD.sec}-${endSec}`;
  const asked = new URLSearchParams({ bucket: 'hour', range, 'group-by': 'cluster' });
  const page = address('/timeline', asked);
  return html`<section><div class="head"><h2 id="use">Core hours, ${PERIOD.label}</h2><a class="across" href="${page}">As a table</a></div>
<figure class="plot timeline" hidden data-from="${address('/api/statistics/timeline', asked)}" data-capacity="${size?.hwthreads ?? ''}" data-colors="${COLORS}" data-click="/timeline?bucket=hour">
<ul class="legend" aria-label="Legend"></ul><div class="canvas" role="img" aria-label="Core hours of each hour by cluster"></div><figcaption class="note"></figcaption></figure></section>
`;
}
