import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { jobRow } from '../src/db/job-rows.ts';
import { largeJsonBody, NO_OWN_LIMIT_BYTES } from '../src/http/json/json-body.ts';
import { answersCreated, apiRoute, created, resource } from '../src/http/json/responses.ts';
import { tagsOfStart } from '../src/http/json/tag-list.ts';
import { nowSec } from '../src/http/request-values.ts';
import type { AppEnv } from '../src/http/service.ts';
import { startedJob } from '../src/jobs/started-job.ts';

const Started = z.object({
  msg: z.string(),
  tagsLeftOut: z.array(z.object({ type: z.string(), name: z.string(), scope: z.string() })).optional(),
});

/** POST and PUT jobs/start_job/: stores a job that starts. All lists show it at once. */
export const startJob = resource();

/** A job on 10,000 nodes with 128 hardware threads each has 1.3 million values. */
const JOB = largeJsonBody(
  'a Job with jobId, cluster, user, startTime, numNodes and resources; jobState is ignored: the job is running',
  'startJob',
  {
    bytes: NO_OWN_LIMIT_BYTES,
    values: 2_000_000,
    depth: 8,
  },
);

for (const method of ['post', 'put'] as const) {
  startJob.openapi(
    apiRoute({
      method,
      path: '/jobs/start_job/',
      summary: 'Report the start of a job',
      description:
        'Responds with 422 conflict if the job already exists: same jobId and cluster, started less than a day earlier, ' +
        'unless its newest run has ended and this one starts after the start of that run and not before its end. ' +
        'A tag that cannot be added does not keep the job from being stored: such tags are in `tagsLeftOut`.',
      request: { body: JOB.document },
      responses: answersCreated('the job is stored', Started),
    }),
    async (c) => await start(c),
  );
}

async function start(c: Context<AppEnv>) {
  const { cutMetadata: cut, ...request } = await JOB.read(c);
  c.set('reportedJob', { jobId: String(request.jobId), cluster: request.cluster });
  const { clusters, settings } = c.get('service');
  const job = startedJob(request, { clusters, nowSec: nowSec(c), unknownHosts: settings.UNKNOWN_HOST_SUBCLUSTER });
  const { tags, leftOut } = tagsOfStart(c.get('user'), job.tags);
  const { jobId, cluster, startTime } = job;
  const input = { row: jobRow(job), jobId, cluster, startTime, tags };
  const { tagsLeftOut: taken } = await c.get('db').write('startJob', input, c.get('deadline'));
  const tagsLeftOut = [...leftOut, ...taken];
  const which = { jobId, cluster, startTime };
  if (cut.length > 0)
    c.get('log').warn({ ...which, cut: cut.slice(0, MOST_LOGGED) }, 'metadata of a started job was truncated');
  if (tagsLeftOut.length === 0) return created({ msg: 'success' });
  c.get('log').warn({ ...which, tags: tagsLeftOut.slice(0, MOST_LOGGED), count: tagsLeftOut.length }, TAGS_LEFT_OUT);
  return created({ msg: 'success', tagsLeftOut });
}

/** The number of tags and metadata entries in one line of the log. */
const MOST_LOGGED = 10;
/**
 * The message is the same for every reason, so that it does not reveal if a name is taken, by whom, and who may write
 * it.
 */
const TAGS_LEFT_OUT = 'a job was started without some of its tags: this caller cannot write them';
