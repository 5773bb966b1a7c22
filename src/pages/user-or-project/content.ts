import type { ExportFormat } from '../../jobs/export-format.ts';
import { FIELDS } from '../../jobs/fields.ts';
import { groupOf } from '../../jobs/groups.ts';
import { FAILED_STATES } from '../../jobs/job-enums.ts';
import type { JobsStatistics } from '../../jobs/statistics.ts';
import { UTC } from '../../jobs/time-zone.ts';
import type { ListedJob } from '../../questions/list/listed-job-rows.ts';
import { type UseInPeriod, type UserOrProjectUse, WAITS } from '../../questions/user-or-project/user-or-project-use.ts';
import { cut } from '../cut-text.ts';
import { exportLinks } from '../export-links.ts';
import { address } from '../filter/filter-words.ts';
import { words } from '../filter/form-fields.ts';
import { capitalized, duration, percentage, whole } from '../format.ts';
import { type Html, html } from '../html.ts';
import { jobsTable } from '../jobs/content.ts';
import { monthBars, shownMonths } from '../month-bars.ts';
import { type Subject, subjectLink } from '../page-links.ts';
import { narrowed, shownGroup } from '../statistics/group-words-and-links.ts';
import { adviceSection, type UsualAdvice } from './advice-content.ts';
import { unusedSection } from './unused-hours-content.ts';

interface Period extends UseInPeriod {
  label: string;
  /** The filter of the subject and the period, as an address has it. */
  query: URLSearchParams;
}

type Groups = UserOrProjectUse['groups'][number];

export interface UsageContent extends UserOrProjectUse {
  subject: Subject;
  name: string;
  nowSec: number;
  all: Period;
  /** The formats in which all jobs can be exported. */
  formats: readonly ExportFormat[];
  recent: Period;
  /** Empty for a project. */
  advice: UsualAdvice;
}

/** Renders what a user or a project has used. */
export function usageContent(content: UsageContent): Html {
  const { subject, name, all, formats, recent, groups, largest, longest, unused, advice } = content;
  const person = all.totals?.name ?? '';
  return html`<div class="head"><h1>${FIELDS[subject].form.label} <bdi>${cut(name)}</bdi>${person !== '' && html` <span class="of"><bdi>${cut(person)}</bdi></span>`}</h1>
<span class="across"><a href="${address('/jobs', all.query)}">All jobs</a> · <a href="${address('/statistics', all.query)}">Statistics</a> · <a href="${address('/report', all.query)}">Monthly report</a></span>${exportLinks('Export these jobs', 'jobs', all.query, formats)}</div>
${
  all.totals === undefined
    ? html`<p class="note">There are no jobs yet.</p>`
    : html`${periodsTable([all, recent])}
${monthsSection(content)}<div class="sides">
${groupTable(all, { by: 'state', rows: all.states })}
${groups.map((group) => groupTable(all, group))}</div>
${unused !== undefined && unusedSection(recent, unused)}
${adviceSection(advice)}
${recentJobs('Largest jobs', recent, 'num-nodes', largest)}
${recentJobs('Longest jobs', recent, 'duration', longest)}`
}`;
}

function periodsTable(periods: readonly Period[]): Html {
  const heads = ['Jobs', 'Running', 'Failed', 'Node h', 'Core h', 'Acc. h', ...WAITS.map((p) => `Wait p${p}`)];
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Totals"><table class="data"><thead><tr><th scope="col">Started</th>${heads.map(
    (head) => html`<th scope="col" class="num">${head}</th>`,
  )}</tr></thead><tbody>${periods.map(periodRow)}</tbody></table></div>`;
}

function periodRow({ label, query, totals, states, wait }: Period): Html {
  const failed = states
    .filter(({ id }) => FAILED_STATES.some((state) => state === id))
    .reduce((sum, { totalJobs }) => sum + Number(totalJobs), 0);
  const jobs = Number(totals?.totalJobs ?? 0);
  const waits = wait?.values ?? [];
  return html`<tr><th scope="row">${capitalized(label)}</th><td class="num">${list(query, [], whole(jobs))}</td>
<td class="num">${list(query, ['running'], whole(totals?.runningJobs ?? 0))}</td>
<td class="num">${list(query, FAILED_STATES, whole(failed))}${percentage(failed, jobs)}</td>
${([totals?.totalNodeHours, totals?.totalCoreHours, totals?.totalAccHours] as const).map((hours) => html`<td class="num">${whole(hours ?? 0)}</td>`)}
${waits.map(({ value }) => html`<td class="num">${value === null ? 'unknown' : duration(value)}</td>`)}</tr>`;
}

/** Renders a link to the jobs in some states. */
function list(query: URLSearchParams, states: readonly string[], text: string): Html {
  const own = new URLSearchParams(query);
  for (const state of states) own.append('state', state);
  return html`<a class="plain" href="${address('/jobs', own)}">${text}</a>`;
}

function monthsSection({ all, months, nowSec }: UsageContent): Html {
  const shown = shownMonths(months[0]?.id ?? '', nowSec);
  const byMonth = new Map(months.map((month) => [month.id, month]));
  const rows = shown.toReversed().flatMap((month) => byMonth.get(month) ?? []);
  return html`<section><h2 id="months">Core hours by month</h2>
${monthBars(shown, byMonth)}
<details><summary>As a table</summary>${rowsTable(all, { by: 'month', rows })}</details>
<p class="note">Hours of whole jobs, in the month in which they started (UTC).</p></section>`;
}

function groupTable(all: Period, group: Groups): Html {
  return html`<section><h2>${groupOf(group.by).label}</h2>${rowsTable(all, group)}</section>\n`;
}

function rowsTable({ query }: Period, { by, rows }: Groups): Html {
  const { label } = groupOf(by);
  const row = (group: JobsStatistics) => {
    const own = narrowed(query, [{ by, id: group.id }], UTC);
    const jobs = whole(group.totalJobs);
    const { id } = group;
    const name =
      by === 'user' || by === 'project' ? subjectLink(by, id) : html`<bdi>${words(shownGroup(by, id))}</bdi>`;
    return html`<tr><th scope="row" class="name">${name}</th><td class="num">${own === undefined ? jobs : html`<a class="plain" href="${address('/jobs', own)}">${jobs}</a>`}</td><td class="num">${whole(group.totalCoreHours)}</td></tr>`;
  };
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${label}"><table class="data"><thead><tr><th scope="col">${label}</th><th scope="col" class="num">Jobs</th><th scope="col" class="num">Core h</th></tr></thead><tbody>
${rows.map(row)}</tbody></table></div>`;
}

function recentJobs(
  title: string,
  { label, query }: Period,
  column: 'num-nodes' | 'duration',
  jobs: readonly ListedJob[],
) {
  if (jobs.length === 0) return false;
  const page = { path: '/jobs', query, keep: new URLSearchParams() };
  const sorted = address('/jobs', query, new URLSearchParams({ 'sort-by': column }));
  const head = html`<div class="head"><h2>${title}, ${label}</h2><a class="across" href="${sorted}">All</a></div>`;
  return html`<section>${head}${jobsTable(page, jobs, { order: { column, order: 'desc' }, label: title })}</section>`;
}
