import { type Context, Hono } from 'hono';
import { clusterSize } from '../../src/clusters/cluster-size.ts';
import { visibleJobs } from '../../src/http/auth/visible-jobs.ts';
import { NO_QUERY, readQuery } from '../../src/http/query/query-parameters.ts';
import { nowSec, queryOf } from '../../src/http/request-values.ts';
import type { AppEnv } from '../../src/http/service.ts';
import { FAILED, type JobFilter, RUNNING } from '../../src/jobs/filter.ts';
import { type RecentPeriod, startedSince } from '../../src/jobs/recent-periods.ts';
import { groupsFor } from '../../src/jobs/visibility.ts';
import { frontendLinks } from '../../src/pages/cc-frontend/links.ts';
import { pageAnswer } from '../../src/pages/layout.ts';
import {
  type ClusterNow,
  type ClusterPast,
  overviewContent,
  PERIODS,
  type Period,
  type TopUser,
  USERS_PERIOD,
} from '../../src/pages/overview/content.ts';
import { weekOfUse } from '../../src/pages/overview/week-of-use.ts';
import { usedNodes } from '../../src/questions/nodes-with-jobs/sqlite.ts';

const TOP_USERS = 5;

/** GET /: shows the current and recent jobs of each cluster that the visitor may see. */
export const overview = new Hono<AppEnv>().get('/', async (c) => {
  readQuery(queryOf(c), NO_QUERY);
  const [users, now, ...periods] = await Promise.all([
    topUsers(c),
    clustersNow(c),
    ...PERIODS.map((period) => clustersSince(c, period)),
  ]);
  const { frontend, clusters, index } = c.get('service');
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

/** Returns the configured clusters, then clusters that only occur in jobs. */
async function clustersNow(c: Context<AppEnv>): Promise<ClusterNow[]> {
  const running = visibleJobs(c, RUNNING);
  const [groups, nodes] = await Promise.all([
    totals(c, RUNNING),
    c.get('db').read(usedNodes(nowSec(c) + 1, running), c.get('deadline')),
  ]);
  const { list } = c.get('service').clusters;
  const names = new Set([...list.map(({ name }) => name), ...groups.keys()]);
  return [...names].map((name) => {
    const configured = list.find((cluster) => cluster.name === name);
    const group = groups.get(name);
    return {
      name,
      size: configured === undefined ? undefined : clusterSize(configured),
      jobs: group?.totalJobs ?? 0,
      nodes: nodes.find(({ cluster }) => cluster === name)?.hostnames.length ?? 0,
      hwthreads: group?.totalCores ?? 0,
      accelerators: group?.totalAccs ?? 0,
    };
  });
}

async function clustersSince(c: Context<AppEnv>, period: RecentPeriod): Promise<Period> {
  const since = startedSince(period, nowSec(c));
  const jobs = visibleJobs(c, since); // it may throw, so before anything is asked
  const waiting = { groupBy: ['cluster'], of: 'wait', percentiles: [50], nowSec: nowSec(c) } as const;
  const [started, failed, waits] = await Promise.all([
    totals(c, since),
    totals(c, [...since, ...FAILED]),
    c.get('jobs').percentiles(jobs, waiting, c.get('deadline')),
  ]);
  const waitOf = new Map(waits.map(({ id, values }) => [id, values[0]?.value]));
  const clusters = [...started.values()].map((group): ClusterPast => {
    const { id, totalJobs, totalUsers, totalNodeHours } = group;
    return {
      name: id,
      jobs: totalJobs,
      users: totalUsers,
      nodeHours: totalNodeHours,
      failed: failed.get(id)?.totalJobs ?? 0,
      wait: waitOf.get(id) ?? null,
    };
  });
  return { ...period, clusters };
}

async function totals(c: Context<AppEnv>, filter: JobFilter) {
  const options = {
    nowSec: nowSec(c),
    shortJobSec: c.get('service').settings.SHORT_JOB_S,
    groupBy: ['cluster'],
  } as const;
  const rows = await c.get('jobs').statistics(visibleJobs(c, filter), options, c.get('deadline'));
  return new Map(rows.map((row) => [row.id, row]));
}
