import { type Context, Hono } from 'hono';
import { clusterSize } from '../../src/clusters/cluster-size.ts';
import { callerQuestions, visibleJobs } from '../../src/http/auth/visible-jobs.ts';
import { NO_QUERY, readQuery } from '../../src/http/query/query-parameters.ts';
import { nowSec, queryOf } from '../../src/http/request-values.ts';
import type { AppEnv } from '../../src/http/service.ts';
import { startedSince } from '../../src/jobs/recent-periods.ts';
import { groupsFor } from '../../src/jobs/visibility.ts';
import { frontendLinks } from '../../src/pages/cc-frontend/links.ts';
import { pageAnswer } from '../../src/pages/layout.ts';
import { overviewContent, PERIODS, type TopUser, USERS_PERIOD } from '../../src/pages/overview/content.ts';
import { weekOfUse } from '../../src/pages/overview/week-of-use.ts';
import { readClustersNow, readClustersSince } from '../../src/questions/cluster-use/cluster-use.ts';

const TOP_USERS = 5;

/** GET /: shows the current and recent jobs of each cluster that the visitor may see. */
export const overview = new Hono<AppEnv>().get('/', async (c) => {
  readQuery(queryOf(c), NO_QUERY);
  const { frontend, clusters, index } = c.get('service');
  const caller = callerQuestions(c);
  const [users, now, ...periods] = await Promise.all([
    topUsers(c),
    readClustersNow(caller, clusters.list),
    ...PERIODS.map(async (period) => ({ ...period, clusters: await readClustersSince(caller, period) })),
  ]);
  const links = frontend === undefined ? undefined : frontendLinks(c.get('user'), clusters.list);
  // SQLite would read the jobs of a week three times for each visit.
  const size =
    index === undefined
      ? undefined
      : clusterSize({ subClusters: clusters.list.flatMap((cluster) => cluster.subClusters) });
  const content = overviewContent({
    now,
    periods,
    users,
    links,
    use: index === undefined ? undefined : weekOfUse(size, nowSec(c)),
  });
  return pageAnswer(c, {
    title: 'Overview',
    content,
    ...(index === undefined
      ? { scripts: ['unusual.js'] }
      : { scripts: ['unusual.js', 'uplot.js', 'plotting.js', 'timeline.js'], styles: ['uplot.css'] }),
  });
});

/** Returns the users with most core hours of jobs that started recently. */
async function topUsers(c: Context<AppEnv>): Promise<TopUser[]> {
  const jobs = visibleJobs(c, startedSince(USERS_PERIOD, nowSec(c)));
  if (!groupsFor(jobs).includes('user')) return [];
  const options = {
    nowSec: nowSec(c),
    shortJobSec: c.get('service').settings.SHORT_JOB_S,
    ...({ groupBy: ['user'], sortBy: 'totalCoreHours', page: { page: 1, itemsPerPage: TOP_USERS } } as const),
  };
  return await c.get('jobs').statistics(jobs, options, c.get('deadline'));
}
