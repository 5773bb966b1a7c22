import type { ListedJob } from '../../questions/list/listed-job-rows.ts';
import type { SearchResults } from '../../questions/search/search.ts';
import { cut } from '../cut-text.ts';
import { address } from '../filter/filter-words.ts';
import { type Html, html } from '../html.ts';
import { jobsTable } from '../jobs/content.ts';
import { nodeLink, subjectLink } from '../page-links.ts';
import { FOUND_KINDS, MOST_RESULTS, SEARCHABLE } from './search-results.ts';

export interface Found extends SearchResults {
  /** What was searched for. */
  text: string;
}

/** Renders the results of a search. */
export function searchContent(found: Found): Html {
  const { text, jobs, arrayJobs, users, projects, nodes } = found;
  const all: Readonly<Record<keyof typeof FOUND_KINDS, Html | false>> = {
    jobs: jobsGroup(FOUND_KINDS.jobs.title, jobs, { 'job-id': text }),
    arrayJobs: jobsGroup(FOUND_KINDS.arrayJobs.title, arrayJobs, { 'array-job-id': text }),
    users: group(
      FOUND_KINDS.users.title,
      users.map(
        ({ username, name }) =>
          html`${subjectLink('user', username)}${name !== '' && html` <span class="of"><bdi>${cut(name)}</bdi></span>`}`,
      ),
    ),
    projects: group(
      FOUND_KINDS.projects.title,
      projects.map((project) => subjectLink('project', project)),
    ),
    nodes: group(
      FOUND_KINDS.nodes.title,
      nodes.map(
        ({ cluster, hostname }) =>
          html`${nodeLink(cluster, hostname)} <span class="of"><bdi>${cut(cluster)}</bdi></span>`,
      ),
    ),
  };
  const groups = Object.values(all).filter((each) => each !== false);
  return html`<h1>Search</h1>
${text === '' ? html`<p class="note">Search for ${SEARCHABLE}.</p>` : results(text, groups)}`;
}

function results(text: string, groups: readonly Html[]): Html {
  return html`${groups.length === 0 && html`<p class="note">Nothing that you may see begins with <bdi>${cut(text)}</bdi>. Names are case-sensitive.</p>`}
${groups}<section><h2>In the list of jobs</h2>
<ul class="results"><li>${to({ 'job-name.contains': text }, `jobs whose name contains ${cut(text)}`)}</li>
<li>${to({ node: text }, `jobs on a node named ${cut(text)}`)}</li></ul></section>`;
}

function to(filter: Readonly<Record<string, string>>, label: string): Html {
  return html`<a href="${address('/jobs', new URLSearchParams(filter))}"><bdi>${label}</bdi></a>`;
}

function group(title: string, all: readonly Html[]): Html | false {
  if (all.length === 0) return false;
  return html`<section><h2>${title}</h2><ul class="results">${all.slice(0, MOST_RESULTS).map((each) => html`<li>${each}</li>\n`)}</ul>
${all.length > MOST_RESULTS && html`<p class="note">These are the first ${MOST_RESULTS}. A longer text finds fewer.</p>`}</section>\n`;
}

function jobsGroup(title: string, jobs: readonly ListedJob[], filter: Readonly<Record<string, string>>): Html | false {
  if (jobs.length === 0) return false;
  const page = { path: '/jobs', query: new URLSearchParams(filter), keep: new URLSearchParams() };
  return html`<section><h2>${title}</h2>${jobsTable(page, jobs.slice(0, MOST_RESULTS), { label: title })}
${jobs.length > MOST_RESULTS && html`<p>${to(filter, 'all of them')}</p>`}</section>\n`;
}
