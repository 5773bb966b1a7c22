import { createRoute, z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { jobRow } from '../src/db/job-rows.ts';
import { answersCreated, created, jsonBody, onlyQuery, resource, WITH_TOKEN } from '../src/http/answers.ts';
import type { AppEnv } from '../src/http/env.ts';
import { checkedBody } from '../src/http/exact-json.ts';
import { StartBody } from '../src/http/job-body.ts';
import { startTags } from '../src/http/tag-list.ts';
import { startedJob } from '../src/jobs/start.ts';

const Started = z.object({
  msg: z.string(),
  tagsLeftOut: z.array(z.object({ type: z.string(), name: z.string(), scope: z.string() })).optional(),
});
/** Of the tags that were left out. */
const LOGGED_TAGS = 5;

/** POST and PUT jobs/start_job/: a job that runs from now on, at once in every list. */
export const startJob = resource();

for (const method of ['post', 'put'] as const) {
  startJob.openapi(
    createRoute({
      method,
      path: '/jobs/start_job/',
      summary: 'A job has started',
      description:
        'Answers 422 conflict for a job that is there already: of the same jobId and cluster, and started less than a day before. ' +
        'Tags that cannot be put on it do not keep it from being stored: the answer names them in `tagsLeftOut`.',
      security: WITH_TOKEN,
      request: { query: onlyQuery({}), body: jsonBody('a Job; its jobState is running, whatever it says', StartBody) },
      responses: answersCreated('it is there', Started),
    }),
    async (c) => await start(c),
  );
}

async function start(c: Context<AppEnv>) {
  const request = await c.var.bodies.withText(c, async (text) => checkedBody(text, StartBody));
  const job = startedJob(request, c.var.service.clusters);
  const { tags, leftOut } = startTags(c.var.user, job.tags);
  const { jobId, cluster, startTime } = job;
  const input = { row: jobRow(job), jobId, cluster, startTime, tags };
  const { tagsLeftOut } = await c.var.db.write('startJob', input, c.var.deadline);
  // One list and no reason: whose a tag is, and that it is private, is not the caller's to know.
  const all = [...leftOut, ...tagsLeftOut].map(({ type, name, scope }) => ({ type, name, scope }));
  if (all.length === 0) return created({ msg: 'success' });
  c.var.log.warn(
    { jobId, cluster, tags: all.slice(0, LOGGED_TAGS), count: all.length },
    'tags were left out of a start',
  );
  return created({ msg: 'success', tagsLeftOut: all });
}
