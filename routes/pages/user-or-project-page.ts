import { type Context, Hono } from 'hono';
import { Fault } from '../../src/faults.ts';
import { visibleJobs } from '../../src/http/auth/visible-jobs.ts';
import { exportFormats } from '../../src/http/exports/export-answer.ts';
import { NO_QUERY, readQuery } from '../../src/http/query/query-parameters.ts';
import { nowSec, queryOf } from '../../src/http/request-values.ts';
import type { AppEnv } from '../../src/http/service.ts';
import { FIELDS } from '../../src/jobs/fields.ts';
import type { JobFilter } from '../../src/jobs/filter.ts';
import type { SortColumn } from '../../src/jobs/list-order.ts';
import { startedSince } from '../../src/jobs/recent-periods.ts';
import { DEFAULT_SORT_FIELD } from '../../src/jobs/statistics.ts';
import { groupsFor } from '../../src/jobs/visibility.ts';
import { cut } from '../../src/pages/cut-text.ts';
import { pageAnswer } from '../../src/pages/layout.ts';
import { SUBJECTS, type Subject, subjectPath } from '../../src/pages/page-links.ts';
import { PERIOD, usageContent } from '../../src/pages/user-or-project/content.ts';
import type { UnusedContent } from '../../src/pages/user-or-project/unused-hours-content.ts';
import type { ListedJob } from '../../src/questions/list/listed-job-rows.ts';
import type { OverviewOptions } from '../../src/questions/overview/question.ts';
import { adviceForUsual } from '../advice.ts';

/** The order and number of the groups in a table. */
const LARGEST = { sortBy: DEFAULT_SORT_FIELD, page: { page: 1, itemsPerPage: 10 } } as const;
const MOST_JOBS = 5;
/** Percentiles of waits. */
const WAITS = [50, 90];

/** GET /users/{name} and /projects/{name}: what a user or a project has used, of the jobs that the visitor may see. */
export const usage = new Hono<AppEnv>();

for (const subject of ['user', 'project'] as const) {
  usage.get(`/${SUBJECTS[subject]}/:name`, (c) => answer(c, subject, c.req.param('name')));
}

async function answer(c: Context<AppEnv>, subject: Subject, name: string): Promise<Response> {
  readQuery(queryOf(c), NO_QUERY);
  if (subjectPath(subject, name) === undefined) throw unknown(subject, name);
  const filter: JobFilter = [{ kind: 'text', field: subject, operator: 'is', values: [name] }];
  const recentFilter = [...filter, ...startedSince(PERIOD, nowSec(c))];
  const other = subject === 'user' ? 'project' : 'user';
  const tables = groupsFor(visibleJobs(c, filter)).filter((group) => group === 'partition' || group === other);
  const [all, recent, largest, longest, unused, advice] = await Promise.all([
    periodOf(c, subject, filter, [{ groupBy: ['month'] }, ...tables.map((by) => ({ groupBy: [by], ...LARGEST }))]),
    periodOf(c, subject, recentFilter),
    first(c, recentFilter, 'num-nodes'),
    first(c, recentFilter, 'duration'),
    unusedOf(c, recentFilter, subject),
    subject === 'user' ? adviceForUsual(c, name) : [],
  ]);
  const isOwn = subject === 'user' && name === c.get('user').name;
  if (all.totals === undefined && !isOwn) throw unknown(subject, name);
  const [months = [], ...groups] = all.more;
  const query = { [subject]: name };
  const content = usageContent({
    subject,
    name,
    nowSec: nowSec(c),
    all: { ...all, label: 'at any time', query: new URLSearchParams(query) },
    formats: exportFormats(c),
    recent: { ...recent, label: PERIOD.label, query: new URLSearchParams({ ...query, 'start-time': PERIOD.word }) },
    months,
    groups: tables.map((by, at) => ({ by, rows: groups[at] ?? [] })),
    largest,
    longest,
    unused,
    advice,
  });
  return pageAnswer(c, { title: `${FIELDS[subject].form.label} ${cut(name)}`, content, scripts: ['jobs.js'] });
}

function unknown(subject: Subject, name: string): Fault {
  return new Fault('not_found', `there is no job of ${subject} ${cut(name)} that you may see`);
}

/** Reads the totals of jobs, and `more` groups of them. */
async function periodOf(
  c: Context<AppEnv>,
  subject: Subject,
  filter: JobFilter,
  more: OverviewOptions['statistics'] = [],
) {
  const jobs = visibleJobs(c, filter);
  const asked = {
    nowSec: nowSec(c),
    shortJobSec: c.get('service').settings.SHORT_JOB_S,
    statistics: [{ groupBy: [subject] }, { groupBy: ['state'] }, ...more] as const,
  };
  const [{ statistics }, [wait]] = await Promise.all([
    c.get('jobs').overview(jobs, asked, c.get('deadline')),
    c.get('jobs').percentiles(jobs, { of: 'wait', percentiles: WAITS, nowSec: nowSec(c) }, c.get('deadline')),
  ]);
  const [[totals] = [], states = [], ...others] = statistics;
  return { totals, states, more: others, wait };
}

/**
 * Reads what recent jobs did not use, and who wasted most: of a user's jobs by their names, and of a project's by user.
 * Undefined if the visitor may not see a metric that it shows.
 */
async function unusedOf(c: Context<AppEnv>, filter: JobFilter, subject: Subject): Promise<UnusedContent | undefined> {
  const jobs = visibleJobs(c, filter);
  const by = groupsFor(jobs).find((group) => group === (subject === 'user' ? 'name-family' : 'user'));
  const page = { page: 1, itemsPerPage: LARGEST.page.itemsPerPage };
  const asked = { nowSec: nowSec(c), sortBy: 'idleCoreHours', page } as const;
  try {
    const [[total], groups] = await Promise.all([
      c.get('jobs').unused(jobs, { nowSec: nowSec(c) }, c.get('deadline')),
      by === undefined ? [] : c.get('jobs').unused(jobs, { ...asked, groupBy: [by] }, c.get('deadline')),
    ]);
    return total === undefined ? undefined : { total, by, groups };
  } catch (error) {
    if (error instanceof Fault && error.code === 'forbidden') return undefined;
    throw error;
  }
}

/** Returns the jobs with the largest values. */
async function first(c: Context<AppEnv>, filter: JobFilter, column: SortColumn): Promise<ListedJob[]> {
  const page = { page: 1, itemsPerPage: MOST_JOBS, column, order: 'desc', nowSec: nowSec(c) } as const;
  return await c.get('jobs').listed(visibleJobs(c, filter), page, c.get('deadline'));
}
