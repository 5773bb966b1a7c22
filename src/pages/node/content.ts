import { FAILED_STATES } from '../../jobs/job-enums.ts';
import { recentPeriod } from '../../jobs/recent-periods.ts';
import type { ListedJob } from '../../questions/list/listed-job-rows.ts';
import { type Failures, type NodeUse, PERIOD } from '../../questions/nodes/node-use.ts';
import { cut } from '../cut-text.ts';
import { address, linked } from '../filter/filter-words.ts';
import { capitalized, percentage, time, whole } from '../format.ts';
import { type Html, html } from '../html.ts';
import { jobsTable } from '../jobs/content.ts';
import { jobBars } from './job-bars.ts';
import type { StateSince } from './state-changes.ts';

export interface NodeContent extends Omit<NodeUse, 'jobsAt'> {
  cluster: string;
  hostname: string;
  subCluster: string | undefined;
  at: { time: bigint; jobs: readonly ListedJob[] } | undefined;
  /** The newest states first. Undefined if the visitor may not see them. */
  states: readonly StateSince[] | undefined;
}

export const STATES_PERIOD = recentPeriod('last7d');

/** The jobs in the table under the bars. */
const SHOWN_JOBS = 25;

/** Renders what ran on a node, and its states. */
export function nodeContent(content: NodeContent): Html {
  const { cluster, hostname, subCluster, states } = content;
  const query = { cluster, node: hostname };
  return html`<div class="head"><h1>Node <bdi>${cut(hostname)}</bdi> <span class="of"><bdi>${cut(cluster)}</bdi>${subCluster !== undefined && html`, <bdi>${cut(subCluster)}</bdi>`}</span></h1><span class="across"><a href="${address('/jobs', new URLSearchParams(query))}">All jobs on it</a> · <a href="${address('/statistics', new URLSearchParams(query))}">Statistics</a></span></div>
<section><h2>Jobs in the ${PERIOD.label}</h2>${recentJobs(content)}</section>
<section><h2 id="at">Jobs at a time</h2>${jobsAt(content)}</section>
<div class="sides"><section><h2>Failed jobs of the ${PERIOD.label}</h2>${failuresTable(content)}</section>
${states !== undefined && html`<section><h2>States of the ${STATES_PERIOD.label}</h2>${statesTable(states)}</section>`}</div>`;
}

function listOf({ cluster, hostname }: NodeContent, more: Readonly<Record<string, string>>) {
  return {
    path: '/jobs',
    query: new URLSearchParams({ cluster, node: hostname, ...more }),
    keep: new URLSearchParams(),
  };
}

function recentJobs(content: NodeContent): Html {
  const { jobs, hasMoreJobs, from, to } = content;
  if (jobs.length === 0) return html`<p class="note">No job that you may see ran on this node.</p>`;
  const page = listOf(content, { during: PERIOD.word });
  return html`${jobBars(jobs, { from, to, length: PERIOD.length })}
${hasMoreJobs && html`<p class="note">The bars are the newest ${whole(jobs.length)} jobs.</p>`}
${jobsTable(page, jobs.slice(0, SHOWN_JOBS), { label: 'Jobs on this node' })}
${jobs.length > SHOWN_JOBS && html`<p><a href="${address('/jobs', page.query)}">All jobs in the ${PERIOD.label}</a></p>`}`;
}

function jobsAt(content: NodeContent): Html {
  const { at } = content;
  const value = at === undefined ? '' : new Date(Number(at.time) * 1000).toISOString().slice(0, 19);
  const form = html`<form class="at" action="#at"><label><span>Time (UTC)</span> <input type="datetime-local" name="at" value="${value}" step="any" required></label> <button>Show</button></form>`;
  if (at === undefined) return form;
  const page = listOf(content, { during: `${at.time}-${at.time + 1n}` });
  return html`${form}
${at.jobs.length === 0 ? html`<p class="note">No job that you may see ran on this node at ${time(at.time)}.</p>` : jobsTable(page, at.jobs, { label: 'Jobs at this time' })}`;
}

function failuresTable({ cluster, hostname, subCluster = '', failures, failuresOfAll }: NodeContent): Html {
  const ofAll =
    failuresOfAll?.of === 'subcluster'
      ? { name: subCluster, query: { cluster, subcluster: subCluster } }
      : { name: cluster, query: { cluster } };
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Failed jobs"><table class="data"><thead><tr><th scope="col">Jobs on</th><th scope="col" class="num">Jobs</th><th scope="col" class="num">Failed</th></tr></thead><tbody>${failuresRow('this node', { cluster, node: hostname }, failures)}${failuresOfAll !== undefined && failuresRow(`all nodes of ${ofAll.name}`, ofAll.query, failuresOfAll)}</tbody></table></div>`;
}

function failuresRow(label: string, filter: Readonly<Record<string, string>>, { jobs, failed }: Failures): Html {
  const query = { ...filter, 'start-time': PERIOD.word };
  return html`<tr><th scope="row" class="name"><bdi>${cut(label)}</bdi></th><td class="num">${linked(query, whole(jobs))}</td><td class="num">${linked({ ...query, state: FAILED_STATES }, whole(failed))}${percentage(failed, jobs)}</td></tr>`;
}

function statesTable(states: readonly StateSince[]): Html {
  if (states.length === 0) return html`<p class="note">The node has not reported a state.</p>`;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="States"><table class="data"><thead><tr><th scope="col">Since</th><th scope="col">Scheduler</th><th scope="col">Health</th></tr></thead><tbody>${states.map(
    ({ since, scheduler, health }) =>
      html`<tr><td class="when">${time(since)}</td><td>${capitalized(scheduler)}</td><td>${capitalized(health)}</td></tr>`,
  )}</tbody></table></div>`;
}
