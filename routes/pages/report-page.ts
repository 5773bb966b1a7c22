import { Hono } from 'hono';
import { z } from 'zod';
import { visibleJobs } from '../../src/http/auth/visible-jobs.ts';
import { once, readQuery } from '../../src/http/query/query-parameters.ts';
import { ofParameter, parameterNamed } from '../../src/http/query/query-values.ts';
import { nowSec, queryOf } from '../../src/http/request-values.ts';
import type { AppEnv } from '../../src/http/service.ts';
import { checkText } from '../../src/jobs/filter.ts';
import { lastMonth, monthOf, monthsLater } from '../../src/jobs/month.ts';
import { rightsOf } from '../../src/jobs/roles.ts';
import { zoneOf } from '../../src/jobs/time-grammar.ts';
import { UTC } from '../../src/jobs/time-zone.ts';
import { pageAnswer } from '../../src/pages/layout.ts';
import { reportContent } from '../../src/pages/report/content.ts';
import { reportTables } from '../../src/pages/report/report-tables.ts';
import { REPORT_SUBJECTS, readMonthlyReport } from '../../src/questions/report/monthly-report.ts';

/** A field of the form that is left empty is missing. */
const field = () => once((text) => (text === '' ? undefined : text), undefined, { description: '' });

const QUERY = z.strictObject({
  month: field(),
  cluster: field(),
  project: field(),
  user: field(),
  zone: once((text) => (text === '' ? UTC : zoneOf(text)), UTC, { description: '' }),
});

/** GET /report: shows what was used in a month, by default the last one, of the jobs that the visitor may see. */
export const reportPage = new Hono<AppEnv>().get('/report', async (c) => {
  const { month: asked, zone, ...about } = readQuery(queryOf(c), QUERY);
  const now = nowSec(c);
  const month = ofParameter('month', () => monthOf(asked ?? lastMonth(zone, now), zone, now));
  for (const by of REPORT_SUBJECTS) checkText(parameterNamed(by), about[by] ?? '');
  const report = await readMonthlyReport(
    c.get('jobs'),
    (filter) => visibleJobs(c, filter),
    { month, about, nowSec: now },
    c.get('deadline'),
  );
  const tables = reportTables(report, rightsOf(c.get('user')).jobs !== 'all');
  const { cluster = '', project = '', user = '' } = about;
  const content = reportContent(tables, {
    query: { month: month.name, cluster, project, user, zone: zone === UTC ? '' : zone.name },
    previous: monthsLater(month.name, -1),
    next: month.hasEnded ? monthsLater(month.name, 1) : undefined,
  });
  return pageAnswer(c, { title: tables.title, content });
});
