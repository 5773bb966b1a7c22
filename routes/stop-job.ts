import { createRoute } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { visibleJobs } from '../src/http/auth/visible-jobs.ts';
import type { AppEnv } from '../src/http/env.ts';
import { StopBody } from '../src/http/json/job-body.ts';
import { boundedJobKey, refuseIf } from '../src/http/json/job-key.ts';
import { JobSchema } from '../src/http/json/job-schema.ts';
import { FEW_FIELDS, jsonBody } from '../src/http/json/json-body.ts';
import { answers, jsonBytes, onlyQuery, resource, WITH_TOKEN } from '../src/http/json/responses.ts';
import { nowSec } from '../src/http/request.ts';
import { timeProblem } from '../src/jobs/job-bounds.ts';
import { EVERY_JOB } from '../src/jobs/visibility.ts';
import { jobInsideQuery } from '../src/questions/one-job/sqlite.ts';

/** POST and PUT jobs/stop_job/: the newest job of this id has ended. */
export const stopJob = resource();

const STOP = jsonBody(
  'jobId is required; jobState defaults to completed; stopTime is in Unix seconds',
  StopBody,
  FEW_FIELDS,
);

for (const method of ['post', 'put'] as const) {
  stopJob.openapi(
    createRoute({
      method,
      path: '/jobs/stop_job/',
      summary: 'Report the end of a job',
      description:
        'Responds with 404 not_found if there is no such job, and with 422 conflict if it has already been stopped. ' +
        'A stop up to STOP_SKEW_S before the start counts as 0 s. The states of Slurm are understood, but for running.',
      security: WITH_TOKEN,
      request: {
        query: onlyQuery({}),
        body: STOP.document,
      },
      responses: answers('the stopped job, without metadata and tags', JobSchema),
    }),
    async (c) => await stop(c),
  );
}

async function stop(c: Context<AppEnv>) {
  const body = await STOP.read(c);
  const { hidden, named } = visibleJobs(c);
  const all = hidden === undefined && named === undefined ? EVERY_JOB : { ...EVERY_JOB, hidden, named };
  const show = jobInsideQuery(all, { nowSec: nowSec(c), withMetadata: false });
  const key = boundedJobKey(body, nowSec(c));
  refuseIf(timeProblem('stopTime', body.stopTime, nowSec(c)));
  const { jobState: state, stopTime } = body;
  const input = { key, state, stopTime, skewSec: c.var.service.settings.STOP_SKEW_S, show };
  const { job, earlySec } = await c.var.db.write('stopJob', input, c.var.deadline);
  if (earlySec > 0) c.var.log.warn({ ...key, stopTime, earlySec }, 'a job was stopped before its start: it lasted 0 s');
  return jsonBytes(job);
}
