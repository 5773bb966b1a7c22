import { thresholdsFor } from '../../clusters/footprint-rating.ts';
import { type Html, html } from '../html.ts';
import type { JobContent } from './content-data.ts';

/** The number of samples of a metric that are loaded without a click, about 6 MB. */
const MOST_SAMPLES = 1_000_000;
const ARCHIVED = 3;

/**
 * Renders a figure for the plot of each metric, which the page's script draws, or the reason why there are no plots.
 */
export function jobPlots({ job, subCluster, metrics, hasArchive }: JobContent): Html {
  const why = reason({ job, subCluster, hasArchive });
  if (why !== undefined) return html`<p class="note">${why}</p>`;
  if (subCluster === undefined) return html``;
  const shape = { shared: job.shared, numHwthreads: Number(job.numHwthreads), numNodes: Number(job.numNodes) };
  return html`<noscript><p class="note">Plots require JavaScript.</p></noscript>
<div class="plots">${metrics.map((metric) => {
    const { name, unit, timestep } = metric;
    const samples = (Number(job.duration) / timestep) * Number(job.numNodes);
    const thresholds = thresholdsFor(metric, subCluster, shape);
    const lines = thresholds === undefined ? '' : JSON.stringify(thresholds);
    const unitText = `${unit.prefix}${unit.base}`;
    const label = unitText === '' ? name : `${name} in ${unitText}`;
    return html`<figure class="plot" data-plot="/api/jobs/metrics/${job.id}?metric=${name}&amp;scope=node" data-metric="${name}" data-unit="${unitText}" data-thresholds="${lines}"${samples > MOST_SAMPLES && html` data-large="${Math.round((samples * 6) / 2 ** 20)}"`}>
<h3>${name}${unitText !== '' && html` <span class="of">${unitText}</span>`}</h3><div class="canvas" role="img" aria-label="${label} over the time of the job"></div><figcaption class="note" aria-live="polite"></figcaption></figure>\n`;
  })}</div>`;
}

function reason({
  job,
  subCluster,
  hasArchive,
}: Pick<JobContent, 'job' | 'subCluster' | 'hasArchive'>): string | undefined {
  if (job.jobState === 'running') return 'Metric data is available after the job has ended and has been archived.';
  if (!hasArchive) return 'There is no metric data: this service has no job archive.';
  if (subCluster === undefined)
    return 'The cluster of this job is not configured (any more), so its metrics are unknown.';
  if (job.monitoringStatus === 0) return 'This job was not monitored.';
  if (job.monitoringStatus === 1) return 'The metric data of this job is being archived.';
  if (job.monitoringStatus === 2) return 'The metric data of this job could not be archived.';
  return job.monitoringStatus === ARCHIVED ? undefined : 'The archive has no data for this job.';
}
