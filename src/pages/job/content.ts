import type { ShownJob } from '../../http/json/shown-job.ts';
import { BRIEF } from '../../jobs/cut-lengths.ts';
import { FIELDS, type FieldName } from '../../jobs/fields.ts';
import { BOUNDS } from '../../jobs/input-bounds.ts';
import { NUMBER_FIELDS, type NumberField } from '../../jobs/number-fields.ts';
import type { Whole } from '../../jobs/statistics.ts';
import { frontendJobLinks } from '../cc-frontend/links.ts';
import { cut } from '../cut-text.ts';
import { address } from '../filter/filter-words.ts';
import { duration, share, time, whole } from '../format.ts';
import { type Html, html } from '../html.ts';
import { jobDuration, jobState, memberWords } from '../job-state-and-tags.ts';
import { nodeLink, onlyLink, type Subject, subjectLink } from '../page-links.ts';
import { usedWords } from './asked-and-used.ts';
import type { JobContent } from './content-data.ts';
import { footprintTable } from './footprint-table.ts';
import { jobPlots } from './plots.ts';
import { jobTags } from './tags.ts';

/** The number of hosts that are visible. The others are collapsed. */
const SHOWN_HOSTS = 32;
/** Longer texts of the metadata are collapsed. */
const SHORT_TEXT = 120;

/** Renders all data of a job. */
export function jobContent(content: JobContent): Html {
  const { job, hasFrontend } = content;
  const { jobName: name } = job;
  return html`<div data-id="${job.id}"><div class="head"><h1>Job ${job.jobId}${name !== '' && html` <span class="of"><bdi>${cut(name)}</bdi></span>`}</h1>${jobState(job.jobState)}</div>
${hasFrontend && frontendJobLinks(job)}<div class="sides">
<section><h2>Summary</h2>${facts(whatAndWhen(content))}</section>
<section><h2>Resources</h2>${facts(resources(job))}</section>
<section><h2>Footprint</h2>${footprintTable(content)}</section>
<section><h2 id="tags">Tags</h2>${jobTags(content)}</section>
</div>
<section><h2>Asked for and used</h2>${usedWords(job, content.metrics, content.used)}</section>
<section><h2>Nodes</h2>${hosts(job)}</section>
<section><h2>Metadata</h2>${metadata(job)}</section>
<section><h2>Metrics</h2>${jobPlots(content)}</section>
</div>`;
}

type Fact = readonly [label: string, value: Html | string] | false;

function fact(name: FieldName, value: Html | string): Fact {
  return [FIELDS[name].form.label, value];
}

function facts(list: readonly Fact[]): Html {
  const there = list.filter((fact) => fact !== false);
  return html`<dl class="facts">${there.map(([label, value]) => html`<div><dt>${label}</dt><dd>${value}</dd></div>\n`)}</dl>`;
}

function whatAndWhen({ job }: JobContent): Fact[] {
  const ended = Number(job.startTime) + Number(job.duration);
  const submitTime = Number(job.submitTime);
  const walltime = Number(job.walltime);
  return [
    job.user !== '' && fact('user', subject('user', job.user)),
    fact('project', subject('project', job.project)),
    job.partition !== '' && fact('partition', linked('partition', job.partition)),
    submitTime > 0 && ['Submitted', time(submitTime)],
    job.wait !== undefined && fact('wait', duration(job.wait)),
    fact('start-time', time(job.startTime)),
    job.jobState !== 'running' && ['Ended', time(ended)],
    fact('duration', jobDuration(job)),
    walltime > 0 && fact('walltime', html`${duration(walltime)} ${share(Number(job.duration), walltime)}`),
    job.arrayJobId !== 0 && ['Array job', linked('array-job-id', String(job.arrayJobId))],
    ['Database id', html`<span class="number">${job.id}</span>`],
    ['Monitoring', MONITORING[Number(job.monitoringStatus)] ?? String(job.monitoringStatus)],
  ];
}

const MONITORING = ['off', 'running or being archived', 'archiving failed', 'archived'];

/** Renders a whole number of a job, such as its nodes, or nothing if it is unknown. */
function count(job: ShownJob, field: NumberField): Fact {
  if (field.kind !== 'whole' || field.unit === 's' || (field.nullable && job[field.property] === 0)) return false;
  return fact(field.name, html`<span class="number">${whole(job[field.property])}</span>`);
}

function resources(job: ShownJob): Fact[] {
  return [
    fact('cluster', html`${linked('cluster', job.cluster)} <span class="of"><bdi>${cut(job.subCluster)}</bdi></span>`),
    ...NUMBER_FIELDS.map((field) => count(job, field)),
    fact('shared', memberWords(job.shared)),
    ['Simultaneous multithreading', job.smt === 0 ? 'off' : 'on'],
    ['Node hours', html`<span class="number">${hoursOf(job.duration, job.numNodes)}</span>`],
    job.numHwthreads !== 0 && [
      'Core hours',
      html`<span class="number">${hoursOf(job.duration, job.numHwthreads)}</span>`,
    ],
    Number(job.energy) !== 0 && fact('energy', html`<span class="number">${job.energy}</span> ${FIELDS.energy.unit}`),
  ];
}

function hoursOf(seconds: Whole, things: Whole): string {
  const hours = (Number(seconds) * Number(things)) / 3600;
  return hours < 10 ? hours.toFixed(2) : whole(Math.round(hours));
}

function linked(name: string, value: string): Html {
  if (value.length > BOUNDS.text.most) return html`<bdi>${cut(value)}</bdi>`;
  return html`<a href="${jobsWith(name, value)}"><bdi>${value}</bdi></a>`;
}

/** Renders a link to the page of a user or project, then one to the list of jobs. */
function subject(field: Subject, name: string): Html {
  const isFilter = name !== '' && name.length <= BOUNDS.text.most;
  return html`${subjectLink(field, name)}${isFilter && onlyLink(jobsWith(field, name), name)}`;
}

function jobsWith(name: string, value: string): string {
  return address('/jobs', new URLSearchParams({ [name]: value }));
}

function hosts({ id, cluster, hosts: { count, first } }: ShownJob): Html {
  if (count === 0) return html`<p class="note">No nodes are recorded for this job.</p>`;
  const items = first.map(([hostname, threads, accelerators]) => {
    const parts = [threads > 0 && `${threads} threads`, accelerators > 0 && `${accelerators} acc.`].filter(
      (part) => part !== false,
    );
    return html`<li>${nodeLink(cluster, hostname)}${parts.length > 0 && html` <span class="of">${parts.join(', ')}</span>`}</li>\n`;
  });
  const rest = items.slice(SHOWN_HOSTS);
  return html`<ul class="hosts">${items.slice(0, SHOWN_HOSTS)}</ul>
${rest.length > 0 && html`<details><summary>${whole(rest.length)} more</summary><ul class="hosts">${rest}</ul></details>`}
${others(id, count - items.length)}`;
}

function metadata({ id, jobName, metadata: { count, first } }: ShownJob): Html {
  if (count === 0) return html`<p class="note">No metadata${jobName !== '' && ' except the name'}.</p>`;
  return html`<dl class="facts wide">${first.map(([name, value, characters]) => {
    const text = cut(value, BRIEF.characters);
    const isShort = text.length <= SHORT_TEXT && !text.includes('\n');
    return html`<div><dt><bdi>${cut(name)}</bdi></dt><dd>${
      isShort
        ? html`<bdi>${text}</bdi>`
        : html`<details><summary>${whole(text.split('\n').length)} lines</summary><pre dir="auto" tabindex="0">${text}</pre>${text !== value && html`<p class="note">${whole(characters)} characters: <a href="/api/jobs/${id}">full record of the job</a></p>`}</details>`
    }</dd></div>\n`;
  })}</dl>${others(id, count - first.length)}`;
}

/** Renders a link to the data that the page leaves out. */
function others(id: Whole, count: number): Html {
  return html`${count > 0 && html`<p class="note">and ${whole(count)} more: <a href="/api/jobs/${id}">full record of the job</a></p>`}`;
}
