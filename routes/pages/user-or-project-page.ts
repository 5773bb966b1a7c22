import { type Context, Hono } from 'hono';
import { Fault } from '../../src/faults.ts';
import { callerQuestions } from '../../src/http/auth/visible-jobs.ts';
import { exportFormats } from '../../src/http/exports/export-answer.ts';
import { NO_QUERY, readQuery } from '../../src/http/query/query-parameters.ts';
import { nowSec, queryOf } from '../../src/http/request-values.ts';
import type { AppEnv } from '../../src/http/service.ts';
import { FIELDS } from '../../src/jobs/fields.ts';
import { cut } from '../../src/pages/cut-text.ts';
import { pageAnswer } from '../../src/pages/layout.ts';
import { SUBJECTS, type Subject, subjectPath } from '../../src/pages/page-links.ts';
import { usageContent } from '../../src/pages/user-or-project/content.ts';
import { PERIOD, readUserOrProjectUse } from '../../src/questions/user-or-project/user-or-project-use.ts';
import { adviceForUsual } from '../advice.ts';

/** GET /users/{name} and /projects/{name}: what a user or a project has used, of the jobs that the visitor may see. */
export const usage = new Hono<AppEnv>();

for (const subject of ['user', 'project'] as const) {
  usage.get(`/${SUBJECTS[subject]}/:name`, (c) => answer(c, subject, c.req.param('name')));
}

async function answer(c: Context<AppEnv>, subject: Subject, name: string): Promise<Response> {
  readQuery(queryOf(c), NO_QUERY);
  if (subjectPath(subject, name) === undefined) throw unknown(subject, name);
  const [{ all, recent, ...use }, advice] = await Promise.all([
    readUserOrProjectUse(callerQuestions(c), { subject, name }),
    subject === 'user' ? adviceForUsual(c, name) : [],
  ]);
  const isOwn = subject === 'user' && name === c.get('user').name;
  if (all.totals === undefined && !isOwn) throw unknown(subject, name);
  const query = { [subject]: name };
  const content = usageContent({
    subject,
    name,
    nowSec: nowSec(c),
    all: { ...all, label: 'at any time', query: new URLSearchParams(query) },
    formats: exportFormats(c),
    recent: { ...recent, label: PERIOD.label, query: new URLSearchParams({ ...query, 'start-time': PERIOD.word }) },
    ...use,
    advice,
  });
  return pageAnswer(c, { title: `${FIELDS[subject].form.label} ${cut(name)}`, content, scripts: ['jobs.js'] });
}

function unknown(subject: Subject, name: string): Fault {
  return new Fault('not_found', `there is no job of ${subject} ${cut(name)} that you may see`);
}
