import type { Context } from 'hono';
import type { JobDataRequest } from '../../archive/archive-requests.ts';
import { hiddenIn } from '../../jobs/hidden-metrics.ts';
import type { JobKey } from '../../questions/one-job/sqlite.ts';
import { hiddenMetrics } from '../auth/visible-jobs.ts';
import type { AppEnv } from '../service.ts';

export type JobDataAsked = Omit<JobDataRequest, 'kind' | 'job' | 'without'>;

/**
 * Returns the metric data of a job that its caller may see, as pieces of JSON (contract/graphql.md §7). Null if:
 * - the job is running or being archived
 * - its cluster is not configured
 * - the archive does not have the job
 */
export async function jobData(
  c: Context<AppEnv>,
  job: JobKey,
  asked: JobDataAsked,
): Promise<readonly Uint8Array[] | null> {
  const { archive, clusters } = c.get('service');
  const isArchived = job.state !== 'running' && job.monitoringStatus !== 1;
  if (archive === undefined) c.set('lacksArchive', true);
  if (archive === undefined || !isArchived || clusters.get(job.cluster) === undefined) return null;
  c.get('held').checkRoom(c.get('deadline').caller); // before reading: an answer may be as large as the free space
  const { cluster, jobId, startTime } = job;
  const without = hiddenIn(hiddenMetrics(c), cluster);
  return await archive.jobData(
    { ...asked, without, job: { cluster, jobId, startTime: Number(startTime) } },
    c.get('deadline'),
  );
}
