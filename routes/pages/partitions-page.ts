import { type Context, Hono } from 'hono';
import { visibleJobs } from '../../src/http/auth/visible-jobs.ts';
import { NO_QUERY, readQuery } from '../../src/http/query/query-parameters.ts';
import { nowSec, queryOf } from '../../src/http/request-values.ts';
import type { AppEnv } from '../../src/http/service.ts';
import { FAILED, type JobFilter, RUNNING } from '../../src/jobs/filter.ts';
import { MOST_GROUPS } from '../../src/jobs/groups.ts';
import { startedSince } from '../../src/jobs/recent-periods.ts';
import { DEFAULT_SORT_FIELD } from '../../src/jobs/statistics.ts';
import { pageAnswer } from '../../src/pages/layout.ts';
import { type PartitionUse, PERIOD, partitionsContent } from '../../src/pages/partitions/content.ts';

const GROUPS = { groupBy: ['cluster', 'partition'], most: MOST_GROUPS } as const;
const WAITS = [50, 90];
/** The partitions shown. */
const MOST_PARTITIONS = 200;

/** GET /partitions: shows the recent use of the partitions of each cluster, by jobs that the visitor may see. */
export const partitionsPage = new Hono<AppEnv>().get('/partitions', async (c) => {
  readQuery(queryOf(c), NO_QUERY);
  const recent = startedSince(PERIOD, nowSec(c));
  const jobs = visibleJobs(c, recent);
  const waiting = { ...GROUPS, of: 'wait', percentiles: WAITS, nowSec: nowSec(c) } as const;
  const [started, failed, running, waits] = await Promise.all([
    totals(c, recent),
    totals(c, [...recent, ...FAILED]),
    totals(c, RUNNING),
    c.get('jobs').percentiles(jobs, waiting, c.get('deadline')),
  ]);
  const waitsOf = new Map(waits.map((each) => [keyOf(each), each.values.map(({ value }) => value)]));
  const all = new Map([...started, ...running]);
  const partitions = [...all].map(
    ([key, { id: cluster, id2: partition = '' }]): PartitionUse => ({
      cluster,
      partition,
      running: running.get(key)?.totalJobs ?? 0,
      jobs: started.get(key)?.totalJobs ?? 0,
      coreHours: started.get(key)?.totalCoreHours ?? 0,
      failed: failed.get(key)?.totalJobs ?? 0,
      waits: waitsOf.get(key) ?? WAITS.map(() => null),
    }),
  );
  const shown = partitions.slice(0, MOST_PARTITIONS);
  const content = partitionsContent(shown, { hasMore: shown.length < partitions.length });
  return pageAnswer(c, { title: 'Partitions', content });
});

/** Returns the totals of each partition, by its key, those with the most core hours first. */
async function totals(c: Context<AppEnv>, filter: JobFilter) {
  const { SHORT_JOB_S: shortJobSec } = c.get('service').settings;
  const options = { ...GROUPS, nowSec: nowSec(c), shortJobSec, sortBy: DEFAULT_SORT_FIELD } as const;
  const rows = await c.get('jobs').statistics(visibleJobs(c, filter), options, c.get('deadline'));
  return new Map(rows.map((row) => [keyOf(row), row]));
}

function keyOf({ id, id2 = '' }: { id: string; id2?: string }): string {
  return JSON.stringify([id, id2]);
}
