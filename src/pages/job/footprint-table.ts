import { thresholdsFor, type Verdict, verdictOn } from '../../clusters/footprint-rating.ts';
import { cut } from '../cut-text.ts';
import { decimal } from '../format.ts';
import { type Html, html } from '../html.ts';
import type { JobContent } from './content-data.ts';

/** The number of footprint values shown. Clusters have about ten metrics in their footprints. */
const MOST_VALUES = 100;
const STATS = ['avg', 'min', 'max'];
const MARKS: Readonly<Record<Verdict, string>> = {
  normal: '✓ normal',
  caution: '! caution',
  alert: '✕ alert',
  unknown: '',
};

/** Renders the footprint of a job next to the limits of its subcluster. */
export function footprintTable({ job, subCluster, metrics }: Pick<JobContent, 'job' | 'subCluster' | 'metrics'>): Html {
  const shape = { shared: job.shared, numHwthreads: Number(job.numHwthreads), numNodes: Number(job.numNodes) };
  const rows = Object.entries(job.footprint)
    .slice(0, MOST_VALUES)
    .flatMap(([key, value]) => {
      if (typeof value !== 'number') return [];
      const [name, stat] = partsOf(key);
      const metric = metrics.find((known) => known.name === name);
      const isHidden = metric === undefined && (subCluster?.metricConfig.some((known) => known.name === name) ?? false);
      if (isHidden) return [];
      const thresholds =
        metric === undefined || subCluster === undefined ? undefined : thresholdsFor(metric, subCluster, shape);
      const verdict = thresholds === undefined ? 'unknown' : verdictOn(value, thresholds);
      const unit = metric === undefined ? '' : `${metric.unit.prefix}${metric.unit.base}`;
      return [
        html`<tr><th scope="row"><bdi>${cut(name)}</bdi>${stat !== '' && html` <span class="of">${stat}</span>`}</th><td class="num">${decimal(value)}${unit !== '' && html` <span class="of">${unit}</span>`}</td>
<td class="bar">${thresholds !== undefined && html`<meter class="share" min="0" max="${thresholds.peak}" value="${Math.min(Math.max(value, 0), thresholds.peak)}" title="${decimal(value)} of ${decimal(thresholds.peak)} ${unit}">${decimal((value / thresholds.peak) * 100)} %</meter>`}</td>
<td><span class="verdict ${verdict}">${MARKS[verdict]}</span></td></tr>\n`,
      ];
    });
  if (rows.length === 0)
    return html`<p class="note">No footprint${job.jobState === 'running' && ' yet: it is computed after the job has ended'}.</p>`;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Footprint"><table class="data"><thead><tr><th scope="col">Metric</th><th scope="col" class="num">Value</th><th scope="col">Of peak</th><th scope="col">Rating</th></tr></thead><tbody>${rows}</tbody></table></div>`;
}

/** Splits a footprint key: `flops_any_avg` is the average of flops_any. */
function partsOf(key: string): [name: string, stat: string] {
  const at = key.lastIndexOf('_');
  const stat = key.slice(at + 1);
  return at > 0 && STATS.includes(stat) ? [key.slice(0, at), stat] : [key, ''];
}
