import { createRoute } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { jobRow } from '../src/db/job-rows.ts';
import { answersCreated, jsonBody, message, onlyQuery, resource, WITH_TOKEN } from '../src/http/answers.ts';
import type { AppEnv } from '../src/http/env.ts';
import { checkedBody } from '../src/http/exact-json.ts';
import { StartBody } from '../src/http/job-body.ts';
import { checkedTags } from '../src/http/tag-list.ts';
import { startedJob } from '../src/jobs/start.ts';

/** POST and PUT jobs/start_job/: a job that runs from now on, at once in every list. */
export const startJob = resource();

for (const method of ['post', 'put'] as const) {
  startJob.openapi(
    createRoute({
      method,
      path: '/jobs/start_job/',
      summary: 'A job has started',
      description:
        'Answers 422 conflict for a job that is there already: of the same jobId and cluster, and started less than a day before.',
      security: WITH_TOKEN,
      request: { query: onlyQuery({}), body: jsonBody('a Job; its jobState is running, whatever it says', StartBody) },
      responses: answersCreated('it is there'),
    }),
    async (c) => await start(c),
  );
}

async function start(c: Context<AppEnv>) {
  const request = await c.var.bodies.withText(c, async (text) => checkedBody(text, StartBody));
  const job = startedJob(request, c.var.service.clusters);
  const tags = checkedTags(c.var.user, job.tags);
  const { jobId, cluster, startTime } = job;
  await c.var.db.write('startJob', { row: jobRow(job), jobId, cluster, startTime, tags }, c.var.deadline);
  return message('success', 201);
}
