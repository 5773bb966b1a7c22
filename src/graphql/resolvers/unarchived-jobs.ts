import type { GraphQLResolveInfo } from 'graphql';
import { unarchivedJob } from '../../http/jobs/archived-metrics.ts';
import { type JobStatistics, runningJobs } from '../../http/jobs/metrics-of-jobs.ts';
import type { VisibleJobs } from '../../jobs/visibility.ts';
import { idOf } from '../argument-values.ts';
import { fromUpstream } from '../ask-upstream.ts';
import type { QueryContext } from '../context.ts';
import { withPauses } from '../list-with-pauses.ts';

/**
 * The metric data of a job that is not archived yet, from the cc-backend of GRAPHQL_UPSTREAM. Undefined for other jobs,
 * and without an answer. Throws `not_found` if the caller may not see the job: cc-backend is not asked then.
 */
export async function ofRunningJob(context: QueryContext, info: GraphQLResolveInfo, id: string) {
  if (context.request.get('upstream') === undefined) return undefined;
  const job = await context.once(['unarchived', id], () => unarchivedJob(context.request, idOf(id)));
  if (job === undefined) return undefined;
  const found = await fromUpstream(context, info, { hidden: context.hiddenIn(job.cluster) });
  return found === undefined ? undefined : withPauses(found as readonly unknown[], context.turns);
}

/**
 * The statistics of the running jobs among some, oldest start first. cc-backend is asked for these jobs by their ids,
 * so it returns none that the caller may not see, and everything but the statistics is ours.
 */
export async function statisticsOfRunning(
  context: QueryContext,
  info: GraphQLResolveInfo,
  jobs: VisibleJobs,
  metrics: readonly string[],
): Promise<JobStatistics[]> {
  if (context.request.get('upstream') === undefined) return [];
  const running = await context.once(['running', jobs], () => runningJobs(context.request, jobs));
  if (running === undefined) {
    context.lacks(String(info.path.key), 'too many running jobs match: narrow the filter');
    return [];
  }
  if (running.length === 0) return [];
  const sent = {
    definitions: ['$ids: [ID!]', '$metrics: [String!]'],
    texts: ['filter: [{dbId: $ids}]', 'metrics: $metrics'],
    variables: { ids: running.map(({ id }) => String(id)), metrics },
  };
  const answer = await fromUpstream(context, info, { hidden: [], only: ['id', 'stats'], sent });
  const found = (answer ?? []) as readonly Pick<JobStatistics, 'id' | 'stats'>[];
  const statsOf = new Map(found.map(({ id, stats }) => [String(id), stats]));
  return running.flatMap((job) => {
    const stats = statsOf.get(String(job.id));
    if (!statsOf.has(String(job.id))) return [];
    const duration = Math.max(0, context.nowSec - Number(job.startTime));
    const hidden = context.hiddenIn(job.cluster);
    return [{ ...job, duration, stats: stats?.filter(({ name }) => !hidden.includes(name)) ?? [] }];
  });
}

/** Two lists as one, oldest start first, as each of them is. */
export function byStart(ended: readonly JobStatistics[], running: readonly JobStatistics[]): readonly JobStatistics[] {
  if (running.length === 0) return ended;
  return [...ended, ...running].sort((one, other) => Number(one.startTime) - Number(other.startTime));
}
