import { createRoute } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { jobRow } from '../src/db/job-rows.ts';
import { answersCreated, message, onlyQuery, resource, WITH_TOKEN } from '../src/http/answers.ts';
import type { AppEnv } from '../src/http/env.ts';
import { BODY_LIMIT_BYTES, largeJsonBody } from '../src/http/json-body.ts';
import { checkedTags } from '../src/http/tag-list.ts';
import { startedJob } from '../src/jobs/start.ts';

/** POST and PUT jobs/start_job/: a job that runs from now on, at once in every list. */
export const startJob = resource();

/** 10,000 nodes with 128 hardware threads each have 1.3 million values. */
const JOB = largeJsonBody('a Job; its jobState is running, whatever it says', 'startJob', {
  bytes: BODY_LIMIT_BYTES,
  values: 2_000_000,
  depth: 8,
});

for (const method of ['post', 'put'] as const) {
  startJob.openapi(
    createRoute({
      method,
      path: '/jobs/start_job/',
      summary: 'A job has started',
      description:
        'Answers 422 conflict for a job that is there already: of the same jobId and cluster, and started less than a day before.',
      security: WITH_TOKEN,
      request: { query: onlyQuery({}), body: JOB.document },
      responses: answersCreated('it is there'),
    }),
    async (c) => await start(c),
  );
}

async function start(c: Context<AppEnv>) {
  const request = await JOB.read(c);
  const job = startedJob(request, c.var.service.clusters);
  const tags = checkedTags(c.var.user, job.tags);
  const { jobId, cluster, startTime } = job;
  await c.var.db.write('startJob', { row: jobRow(job), jobId, cluster, startTime, tags }, c.var.deadline);
  return message('success', 201);
}
