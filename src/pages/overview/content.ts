import { FAILED_STATES } from '../../jobs/job-enums.ts';
import { recentPeriod } from '../../jobs/recent-periods.ts';
import type { JobsStatistics, Whole } from '../../jobs/statistics.ts';
import type { ClusterNow, ClusterPast } from '../../questions/cluster-use/cluster-use.ts';
import { cut } from '../cut-text.ts';
import { address, linked } from '../filter/filter-words.ts';
import { capitalized, duration, percentage, share, whole } from '../format.ts';
import { type Html, html } from '../html.ts';
import { unusualSection } from '../unusual/content.ts';

/** Each of these has a table of the clusters. */
export const PERIODS = [recentPeriod('last24h'), recentPeriod('last7d')];
export const USERS_PERIOD = recentPeriod('last7d');

/** Of jobs that started in USERS_PERIOD. */
export type TopUser = Pick<JobsStatistics, 'id' | 'name' | 'totalJobs' | 'totalCoreHours'>;

export interface OverviewContent {
  now: readonly ClusterNow[];
  periods: readonly Period[];
  users: readonly TopUser[];
  /** The use of the last week as a chart. */
  use?: Html | undefined;
  /** Links to other pages. */
  links?: Html | undefined;
}

export interface Period {
  /** The word of the period in `start-time`. */
  word: string;
  label: string;
  clusters: readonly ClusterPast[];
}

/** Renders the current and recent use of the clusters. */
export function overviewContent({ now, periods, users, use, links }: OverviewContent): Html {
  return html`<h1>Overview</h1>
<section><h2 id="now">Now</h2>
${now.length === 0 ? html`<p class="note">There are no configured clusters and no jobs.</p>` : nowTable(now)}
</section>
${unusualSection()}${use}${periods.map(periodSection)}${users.length > 0 && usersSection(users)}${links}`;
}

function usersSection(users: readonly TopUser[]): Html {
  const most = Math.max(...users.map(({ totalCoreHours }) => Number(totalCoreHours)));
  const query = new URLSearchParams({ 'start-time': USERS_PERIOD.word });
  return html`<section><div class="head"><h2 id="users">Top users, ${USERS_PERIOD.label}</h2><a class="across" href="${address('/statistics', query)}">All users</a></div>
<div class="scroll" tabindex="0" role="region" aria-labelledby="users"><table class="data"><thead><tr><th scope="col">User</th><th scope="col" class="num">Jobs started</th><th scope="col" class="num" colspan="2">Core hours</th></tr></thead>
<tbody>${users.map(
    ({
      id,
      name,
      totalJobs,
      totalCoreHours,
    }) => html`<tr><th scope="row">${linked({ user: id, 'start-time': USERS_PERIOD.word }, cut(id))}${name !== '' && html` <span class="of"><bdi>${cut(name)}</bdi></span>`}</th>
<td class="num">${whole(totalJobs)}</td><td class="num">${whole(totalCoreHours)}</td><td class="bar">${share(Number(totalCoreHours), most)}</td></tr>\n`,
  )}</tbody></table></div></section>`;
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
<th scope="col" class="num">Node hours</th><th scope="col" class="num">Waited (median)</th><th scope="col" class="num" colspan="2">Failed jobs</th></tr></thead>
<tbody>${clusters.map((cluster) => pastRow(word, cluster))}</tbody></table></div>`
}
</section>`;
}

function pastRow(word: string, { name, jobs, users, nodeHours, failed, wait }: ClusterPast): Html {
  const query = { cluster: name, 'start-time': word };
  return html`<tr><th scope="row">${linked(query, name)}</th><td class="num">${linked(query, whole(jobs))}</td>
<td class="num">${linked(query, whole(users), '/statistics')}</td><td class="num">${whole(nodeHours)}</td>
<td class="num">${wait === null ? 'unknown' : duration(wait)}</td><td class="num">${linked({ ...query, state: FAILED_STATES }, whole(failed))}${percentage(failed, jobs)}</td>
<td class="bar">${share(Number(failed), Number(jobs))}</td></tr>`;
}
