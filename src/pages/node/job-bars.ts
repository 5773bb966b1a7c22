import { FAILED_STATES } from '../../jobs/job-enums.ts';
import type { ListedJob } from '../../questions/list/listed-job-rows.ts';
import { duration } from '../format.ts';
import { type Html, html } from '../html.ts';

/** The drawing is stretched to the width of the page. */
const WIDTH = 1000;
const LANE = 10;
const HEIGHT = { least: 60, lane: 12, most: 360 };

interface Placed {
  job: ListedJob;
  from: number;
  to: number;
  lane: number;
}

/** Draws jobs as bars over a time of this length up to now. Jobs that ran at the same time have different lanes. A table must have the jobs too. */
export function jobBars(jobs: readonly ListedJob[], range: { from: number; to: number; length: string }): Html {
  const placed = inLanes(jobs, range);
  const lanes = Math.max(1, ...placed.map(({ lane }) => lane + 1));
  const height = Math.min(HEIGHT.most, Math.max(HEIGHT.least, lanes * HEIGHT.lane));
  const scale = WIDTH / (range.to - range.from);
  const bars = placed.map(({ job, from, to, lane }) => {
    const kind = FAILED_STATES.some((state) => state === job.jobState) ? 'failed' : job.jobState;
    const width = Math.max(1, (to - from) * scale);
    return html`<rect class="${kind}" x="${((from - range.from) * scale).toFixed(1)}" y="${lane * LANE + 1}" width="${width.toFixed(1)}" height="${LANE - 2}"><title>Job ${job.jobId}, ${job.jobState}, ${duration(job.duration)}</title></rect>`;
  });
  return html`<svg class="bars" role="img" aria-label="${jobs.length} jobs over time, see the table" viewBox="0 0 ${WIDTH} ${lanes * LANE}" height="${height}" preserveAspectRatio="none">${bars}</svg>
<p class="ends" aria-hidden="true"><span>${range.length} ago</span><span class="failed">red: failed</span><span>now</span></p>`;
}

/** Puts each job into the first lane that is free when it starts. */
function inLanes(jobs: readonly ListedJob[], range: { from: number; to: number }): Placed[] {
  const ends: number[] = [];
  return jobs
    .map((job) => ({ job, start: Number(job.startTime), end: Number(job.startTime) + Number(job.duration) }))
    .sort((a, b) => a.start - b.start)
    .map(({ job, start, end }) => {
      const free = ends.findIndex((before) => before <= start);
      const lane = free < 0 ? ends.length : free;
      ends[lane] = Math.max(end, start + 1);
      return { job, from: Math.max(start, range.from), to: Math.min(end, range.to), lane };
    });
}
