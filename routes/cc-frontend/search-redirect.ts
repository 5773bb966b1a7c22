import { type Context, Hono } from 'hono';
import { usersByRealName } from '../../src/db/statements/users-by-real-name.ts';
import { visibleJobs } from '../../src/http/auth/visible-jobs.ts';
import { nowSec, queryOf } from '../../src/http/request-values.ts';
import type { AppEnv } from '../../src/http/service.ts';
import { recentPeriod } from '../../src/jobs/recent-periods.ts';
import { rightsOf } from '../../src/jobs/roles.ts';
import { shellAnswer } from '../../src/pages/cc-frontend/shell.ts';
import { html } from '../../src/pages/html.ts';
import { anyJob } from '../../src/questions/job-exists/sqlite.ts';

/** A name of a job has no index, so only recent jobs are searched. */
const SEARCHED = recentPeriod('last30d');
const RECENTLY_STARTED = ['startTime', SEARCHED.word] as const;

/** GET /search: leads from the search field of cc-backend's front end to one of its pages, or to a message. */
export const search = new Hono<AppEnv>().get('/search', async (c) => {
  const text = queryOf(c).get('searchId') ?? '';
  if (text.trim() === '') return message(c, 'Empty search');
  const [kind = '', value, ...more] = text.split(':').map((part) => part.trim());
  if (more.length > 0) return message(c, 'A search has the form TEXT or KIND:TEXT');
  return value === undefined ? await anything(c, kind) : await ofKind(c, kind, value);
});

async function ofKind(c: Context<AppEnv>, kind: string, value: string): Promise<Response> {
  switch (kind) {
    case 'jobId':
      return toJobs(c, ['jobId', value]);
    case 'jobName':
      return toJobs(c, searchedTimes(c), ['jobName', value]);
    case 'projectId':
      return toJobs(c, ['projectMatch', 'eq'], ['project', value]);
    case 'arrayJobId':
      return toJobs(c, searchedTimes(c), ['arrayJobId', value]);
    case 'username':
      return mayNameOthers(c) ? to(c, '/monitoring/users/', ['user', value], RECENTLY_STARTED) : notAllowed(c);
    case 'name': {
      if (!mayNameOthers(c)) return notAllowed(c);
      const users = await c.get('db').read(usersByRealName(value), c.get('deadline'));
      if (users.length === 0) return message(c, 'No user has this name');
      return to(c, '/monitoring/users/', ...users.map(({ username }) => ['user', username] as const), RECENTLY_STARTED);
    }
    default:
      return message(c, `Unknown kind of search: ${kind.slice(0, 100)}`);
  }
}

/** A job id, a user, a person, a project, or else a part of a job's name. */
async function anything(c: Context<AppEnv>, text: string): Promise<Response> {
  if (/^[+-]?\d+$/.test(text)) return toJobs(c, ['jobId', text]);
  if (mayNameOthers(c)) {
    const [user] = (await hasJobs(c, 'user', text))
      ? [{ username: text }]
      : await c.get('db').read(usersByRealName(text), c.get('deadline'));
    if (user !== undefined) return to(c, `/monitoring/user/${encodeURIComponent(user.username)}`);
    if (await hasJobs(c, 'project', text)) return toJobs(c, ['projectMatch', 'eq'], ['project', text]);
  }
  return toJobs(c, searchedTimes(c), ['jobName', text]);
}

/** Returns true if the caller may see a job of this user or project. */
async function hasJobs(c: Context<AppEnv>, field: 'user' | 'project', value: string): Promise<boolean> {
  const jobs = visibleJobs(c, [{ kind: 'text', field, operator: 'is', values: [value] }]);
  return (await c.get('db').read(anyJob(jobs), c.get('deadline'))).length > 0;
}

/** As in cc-backend, only those who see jobs of others may find other users. */
function mayNameOthers(c: Context<AppEnv>): boolean {
  return rightsOf(c.get('user')).names !== 'own';
}

type Parameter = readonly [name: string, value: string];

function searchedTimes(c: Context<AppEnv>): Parameter {
  const now = nowSec(c);
  return ['startTime', `${now - SEARCHED.sec}-${now}`];
}

function toJobs(c: Context<AppEnv>, ...parameters: readonly Parameter[]): Response {
  return to(c, '/monitoring/jobs/', ...parameters);
}

function to(c: Context<AppEnv>, path: string, ...parameters: readonly Parameter[]): Response {
  const query = new URLSearchParams(parameters.map(([name, value]): [string, string] => [name, value]));
  return c.redirect(query.size === 0 ? path : `${path}?${query}`, 302);
}

function notAllowed(c: Context<AppEnv>): Response {
  return message(c, 'You may not search for other users');
}

function message(c: Context<AppEnv>, text: string): Response {
  const content = html`<div class="alert alert-info" role="alert">${text}</div>
<p><a href="/">Overview</a></p>`;
  return shellAnswer(c, { title: 'Search - ClusterCockpit', entry: 'header', globals: {}, content });
}
