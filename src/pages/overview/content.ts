import type { ClusterSize } from '../../clusters/size.ts';
import { FAILED_STATES } from '../../jobs/job-enums.ts';
import type { Whole } from '../../jobs/statistics.ts';
import { linked } from '../filter/words.ts';
import { capitalized, percentage, share, whole } from '../format.ts';
import { type Html, html } from '../html.ts';

export interface ClusterNow {
  name: string;
  /** Undefined if the cluster is not configured. */
  size: ClusterSize | undefined;
  jobs: Whole;
  nodes: number;
  hwthreads: Whole;
  accelerators: Whole;
}

export interface ClusterPast {
  name: string;
  jobs: Whole;
  users: Whole;
  nodeHours: Whole;
  failed: Whole;
}

export interface Period {
  /** The word of the period in `start-time`. */
  word: string;
  label: string;
  clusters: readonly ClusterPast[];
}

/** Renders the current and recent use of the clusters. `links` lead to other pages. */
export function overviewContent(now: readonly ClusterNow[], periods: readonly Period[], links?: Html): Html {
  return html`<h1>Overview</h1>
<section><h2 id="now">Now</h2>
${now.length === 0 ? html`<p class="note">There are no configured clusters and no jobs.</p>` : nowTable(now)}
</section>
${periods.map(periodSection)}${links}`;
}

function nowTable(clusters: readonly ClusterNow[]): Html {
  const hasAccelerators = clusters.some(
    ({ accelerators, size }) => accelerators !== 0 || (size?.accelerators ?? 0) > 0,
  );
  return html`<div class="scroll" tabindex="0" role="region" aria-labelledby="now"><table class="data">
<thead><tr><th scope="col">Cluster</th><th scope="col" class="num">Running jobs</th><th scope="col" class="num" colspan="2">Nodes in use</th>
<th scope="col" class="num" colspan="2">Hardware threads in use</th>${hasAccelerators && html`<th scope="col" class="num" colspan="2">Accelerators in use</th>`}</tr></thead>
<tbody>
${clusters.map(
  ({
    name,
    size,
    jobs,
    nodes,
    hwthreads,
    accelerators,
  }) => html`<tr><th scope="row">${linked({ cluster: name }, name)}</th>
<td class="num">${linked({ cluster: name, state: 'running' }, whole(jobs))}</td>${ofAll(nodes, size?.nodes)}${ofAll(hwthreads, size?.hwthreads)}${hasAccelerators && ofAll(accelerators, size?.accelerators)}</tr>`,
)}
</tbody></table></div>`;
}

/** Renders two cells: a number with its total, and the share as a bar. */
function ofAll(value: Whole, all: number | undefined): Html {
  return html`<td class="num">${whole(value)}${all !== undefined && all > 0 && html`<span class="of"> / ${whole(all)}</span>`}</td>
<td class="bar">${share(Number(value), all)}</td>`;
}

function periodSection({ word, label, clusters }: Period): Html {
  return html`<section><h2 id="${word}">${capitalized(label)}</h2>
${
  clusters.length === 0
    ? html`<p class="note">No jobs started in this period.</p>`
    : html`<div class="scroll" tabindex="0" role="region" aria-labelledby="${word}"><table class="data">
<thead><tr><th scope="col">Cluster</th><th scope="col" class="num">Jobs started</th><th scope="col" class="num">Users</th>
<th scope="col" class="num">Node hours</th><th scope="col" class="num">Failed jobs</th></tr></thead>
<tbody>${clusters.map((cluster) => pastRow(word, cluster))}</tbody></table></div>`
}
</section>`;
}

function pastRow(word: string, { name, jobs, users, nodeHours, failed }: ClusterPast): Html {
  const query = { cluster: name, 'start-time': word };
  return html`<tr><th scope="row">${linked(query, name)}</th><td class="num">${linked(query, whole(jobs))}</td>
<td class="num">${linked(query, whole(users), '/statistics')}</td><td class="num">${whole(nodeHours)}</td>
<td class="num">${linked({ ...query, state: FAILED_STATES }, whole(failed))}${percentage(failed, jobs)}</td></tr>`;
}
