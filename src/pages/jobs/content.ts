import type { ExportFormat } from '../../jobs/export-format.ts';
import { type DerivedField, FIELDS } from '../../jobs/fields.ts';
import { BOUNDS } from '../../jobs/input-bounds.ts';
import { type ListOrder, NEWEST_FIRST } from '../../jobs/list-order.ts';
import { LISTED_FIELDS, type ListedField } from '../../jobs/listed-fields.ts';
import { DEFAULT_PAGE_SIZE, LIST_SIZES } from '../../jobs/page-sizes.ts';
import { type Reach, rightsOf, type User } from '../../jobs/roles.ts';
import type { Whole } from '../../jobs/statistics.ts';
import type { ListedJob } from '../../questions/list/listed-job-rows.ts';
import { cut, REPEATED_QUERY_CHARACTERS } from '../cut-text.ts';
import { exportLinks } from '../export-links.ts';
import { address, type Filtered } from '../filter/filter-words.ts';
import { decimal, duration, memory, time, whole } from '../format.ts';
import { type Html, html } from '../html.ts';
import { jobDuration, jobState, tagList } from '../job-state-and-tags.ts';
import { onlyLink, type Subject, subjectLink } from '../page-links.ts';

export interface JobsContent {
  page: Filtered;
  /** The formats in which tables are exported. */
  formats: readonly ExportFormat[];
  order: ListOrder;
  jobs: readonly ListedJob[];
  /** Undefined if the jobs have not been counted yet. */
  count: number | undefined;
  filter: Html;
  user: User;
}

interface Paged {
  itemsPerPage: number;
  /** The page number, starting at 1. */
  pageNumber: number;
}

const WHOSE_JOBS: Readonly<Record<Reach, string>> = {
  none: '',
  own: ' You see your own jobs.',
  projects: ' You see your own jobs and those of your projects.',
  all: '',
};

/** Renders the list of jobs. */
export function jobsContent(content: JobsContent & Paged): Html {
  const { page, jobs, filter } = content;
  return html`<div class="head"><h1>Jobs</h1>${counted(content)}<a class="across" href="${address('/statistics', page.query)}">Statistics of these jobs</a>${exportLinks('Export these jobs', 'jobs', page.query, content.formats)}</div>
${filter}
${jobs.length === 0 ? nothing(content) : jobsTable(page, jobs, { order: content.order })}
${pager(content)}`;
}

/** Renders the number of jobs. If it is missing, the page's script requests it. */
function counted({ page, count }: JobsContent): Html {
  if (count !== undefined) return html`<p class="count"><b>${whole(count)}</b> ${count === 1 ? 'job' : 'jobs'}</p>`;
  const waiting = new URLSearchParams(page.keep);
  waiting.set('count', 'wait');
  const all = html`<noscript>, <a href="${address(page.path, page.query, waiting)}">show the number</a></noscript>`;
  return html`<p class="count" data-count="${address('/api/jobs/count', page.query)}" aria-live="polite">many jobs${all}</p>`;
}

function nothing({ page, pageNumber, user }: JobsContent & Paged): Html {
  const { path, query, keep } = page;
  const whose = WHOSE_JOBS[rightsOf(user).jobs];
  if (pageNumber > 1) {
    return html`<p class="note">This page is past the end of the list. <a href="${address(path, query, keep)}">First page</a></p>`;
  }
  if (query.size === 0) return html`<p class="note">There are no jobs yet.${whose}</p>`;
  const less = query.size > 1 ? ' Try to remove a condition.' : '';
  return html`<p class="note">No job matches this filter.${less}${whose} <a href="${address(path, keep)}">Show all jobs</a></p>`;
}

/** Renders jobs as a table. `page` is the list of jobs to which the heads of its columns and its filter links lead. */
export function jobsTable(
  page: Filtered,
  jobs: readonly ListedJob[],
  { order = NEWEST_FIRST, label = 'Jobs' }: { order?: ListOrder; label?: string },
): Html {
  const { state, user, project, cluster } = FIELDS;
  const fields = LISTED_FIELDS.filter(
    ({ listed, property, kind }) =>
      !('rare' in listed) || jobs.some((job) => job[property] !== (kind === 'derived' ? null : 0)),
  );
  const hasTags = jobs.some(({ tags }) => tags.length > 0);
  const head = (label: string) => html`<th scope="col">${label}</th>`;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${label}"><table class="data jobs">
<thead><tr><th scope="col" class="num">Job</th>${head(state.form.label)}${head('Name')}${[user, project, cluster].map(({ form }) => head(form.label))}
${fields.map((field) => sortable(page, order, field))}${hasTags && head('Tags')}</tr></thead>
<tbody>
${jobs.map((job) => row(page, job, { fields, hasTags }))}</tbody></table></div>`;
}

interface ShownColumns {
  fields: readonly ListedField[];
  hasTags: boolean;
}

function row(page: Filtered, job: ListedJob, { fields, hasTags }: ShownColumns): Html {
  const narrowed = (changes: Readonly<Record<string, string>>) => {
    const query = new URLSearchParams(page.query);
    for (const [name, value] of Object.entries(changes)) query.set(name, value);
    return address(page.path, query, page.keep);
  };
  const { name } = job;
  const hasLongQuery = page.query.toString().length > REPEATED_QUERY_CHARACTERS;
  /** Renders a link that limits the list to one value, unless a filter cannot be that long. */
  const only = (field: string, value: string) =>
    value !== '' &&
    (hasLongQuery || value.length > BOUNDS.text.most
      ? html`<bdi title="${value}">${cut(value)}</bdi>`
      : html`<a class="plain" href="${narrowed({ [field]: value })}" title="Only ${value}"><bdi>${cut(value)}</bdi></a>`);
  /** Renders a link to the page of a user or project, then that link. */
  const subject = (field: Subject, value: string) =>
    value !== '' &&
    html`${subjectLink(field, value)}${!hasLongQuery && value.length <= BOUNDS.text.most && onlyLink(narrowed({ [field]: value }), value)}`;
  return html`<tr data-id="${job.id}"><td class="num"><a href="/jobs/${job.id}">${job.jobId}</a></td><td>${jobState(job.jobState)}</td><td class="name" title="${name}"><bdi>${name}</bdi></td>
<td class="name">${subject('user', job.user)}</td>
<td class="name">${subject('project', job.project)}</td>
<td class="name">${only('cluster', job.cluster)} <span class="of"><bdi>${cut(job.subCluster)}</bdi></span></td>
${fields.map((field) => number(field, job))}${hasTags && html`<td class="tags">${tagList(job.tags)}</td>`}</tr>\n`;
}

/** How a derived number is shown. */
const IN_UNIT: Readonly<Record<DerivedField['unit'], (value: Whole) => string>> = { s: duration, MB: memory };

function number(field: ListedField, job: ListedJob): Html {
  switch (field.kind) {
    case 'time':
      return html`<td class="when">${time(job[field.property])}</td>`;
    case 'whole':
      return html`<td class="num">${field.name === 'duration' ? jobDuration(job) : whole(job[field.property])}</td>`;
    case 'derived': {
      const value = job[field.property];
      return html`<td class="num">${value !== null && IN_UNIT[field.unit](value)}</td>`;
    }
    case 'decimal': {
      const value = job[field.property];
      return html`<td class="num">${value !== null && value !== 0 && decimal(value)}</td>`;
    }
  }
}

/** Renders the head of a column. A click sorts by it, largest first; a second click reverses the order. */
function sortable(page: Filtered, { column, order }: ListOrder, field: ListedField): Html {
  const { name: by, kind, listed } = field;
  const isBy = column === by;
  const own = new URLSearchParams(page.keep);
  own.delete('sort-by');
  own.delete('order');
  if (by !== NEWEST_FIRST.column) own.set('sort-by', by);
  if (isBy && order === 'desc') own.set('order', 'asc');
  const sort = html` aria-sort="${order === 'desc' ? 'descending' : 'ascending'}"`;
  const unit = kind === 'decimal' && html` <span class="of">${field.unit}</span>`;
  return html`<th scope="col"${kind !== 'time' && html` class="num"`}${isBy && sort}><a class="plain" href="${address(page.path, page.query, own)}">${listed.head}${unit}</a>${isBy && html` <span aria-hidden="true">${order === 'desc' ? '↓' : '↑'}</span>`}</th>`;
}

/** Renders the links to other pages and the choice of page sizes. */
function pager({ page, jobs, count, itemsPerPage, pageNumber }: JobsContent & Paged): Html {
  const { path, query } = page;
  const to = (number: number, size = itemsPerPage) => {
    const own = new URLSearchParams(page.keep);
    own.delete('items-per-page');
    if (size !== DEFAULT_PAGE_SIZE.jobsOnPage) own.set('items-per-page', String(size));
    if (number > 1) own.set('page', String(number));
    return address(path, query, own);
  };
  const last = count === undefined ? undefined : Math.max(1, Math.ceil(count / itemsPerPage));
  const hasNext = last === undefined ? jobs.length === itemsPerPage : pageNumber < last;
  const first = (pageNumber - 1) * itemsPerPage + 1;
  return html`<nav class="pager" aria-label="Pages of the list">
${pageNumber > 1 && html`<a rel="first" href="${to(1)}">First</a> <a rel="prev" href="${to(pageNumber - 1)}">← Previous</a>`}
<span>${jobs.length > 0 && html`${whole(first)}–${whole(first + jobs.length - 1)}, `}page ${whole(pageNumber)}${last !== undefined && ` of ${whole(last)}`}</span>
${hasNext && html`<a rel="next" href="${to(pageNumber + 1)}">Next →</a>`}${last !== undefined && pageNumber < last && html` <a rel="last" href="${to(last)}">Last</a>`}
<span class="sizes">Jobs per page: ${LIST_SIZES.map((size) => (size === itemsPerPage ? html`<b aria-current="true">${size}</b> ` : html`<a href="${to(1, size)}">${size}</a> `))}</span>
</nav>`;
}
