import type { Context } from 'hono';
import type { StopJobInput } from '../src/db/writes/stop-job.ts';
import { visibleJobs } from '../src/http/auth/visible-jobs.ts';
import { StopBody, StopOfJobBody } from '../src/http/json/job-body.ts';
import { boundedJobKey, refuseIf } from '../src/http/json/job-key.ts';
import { JobSchema } from '../src/http/json/job-schema.ts';
import { FEW_FIELDS, jsonBody } from '../src/http/json/json-body.ts';
import { answers, apiRoute, IdParam, jsonBytes, resource } from '../src/http/json/responses.ts';
import { nowSec } from '../src/http/request-values.ts';
import type { AppEnv } from '../src/http/service.ts';
import { timeProblem } from '../src/jobs/job-validation.ts';
import { STOP_TIME } from '../src/jobs/number-fields.ts';
import { EVERY_JOB } from '../src/jobs/visibility.ts';
import { jobInsideQuery } from '../src/questions/one-job/sqlite.ts';

/**
 * POST and PUT jobs/stop_job/: ends the newest job with this job id. POST jobs/stop_job/{id}: ends a job by database
 * id.
 */
export const stopJob = resource();

const DEFAULTS = 'jobState defaults to completed; stopTime is in Unix seconds';
const STOP = jsonBody(DEFAULTS, StopBody, FEW_FIELDS);
const STOP_OF_JOB = jsonBody(`jobId is required; ${DEFAULTS}`, StopOfJobBody, FEW_FIELDS);

const description =
  'Responds with 404 not_found if there is no such job, and with 422 conflict if it has already been stopped. ' +
  'A stop up to STOP_SKEW_S before the start counts as 0 s. The states of Slurm are understood, but for running.';
const STOPPED = answers('the stopped job, without metadata and tags', JobSchema);

for (const method of ['post', 'put'] as const) {
  stopJob.openapi(
    apiRoute({
      method,
      path: '/jobs/stop_job/',
      summary: 'Report the end of a job',
      description,
      request: { body: STOP_OF_JOB.document },
      responses: STOPPED,
    }),
    async (c) => {
      const body = await STOP_OF_JOB.read(c);
      c.set('reportedJob', { jobId: String(body.jobId ?? ''), cluster: body.cluster ?? '' });
      return await stop(c, boundedJobKey(body, nowSec(c)), body);
    },
  );
}

stopJob.openapi(
  apiRoute({
    method: 'post',
    path: '/jobs/stop_job/{id}',
    summary: 'Report the end of a job with a database id',
    description,
    request: { params: IdParam, body: STOP.document },
    responses: STOPPED,
  }),
  async (c) => {
    const { id } = c.req.valid('param');
    c.set('reportedJob', { id: String(id) });
    return await stop(c, id, await STOP.read(c));
  },
);

type End = { jobState: string } & Pick<StopJobInput, 'stopTime'>;

async function stop(c: Context<AppEnv>, job: StopJobInput['job'], { jobState: state, stopTime }: End) {
  // A caller of these routes may stop every job. The answer shows only what the caller may see.
  const { hidden, named } = visibleJobs(c);
  const all = hidden === undefined && named === undefined ? EVERY_JOB : { ...EVERY_JOB, hidden, named };
  const show = jobInsideQuery(all, { nowSec: nowSec(c), withMetadata: false });
  refuseIf(timeProblem(STOP_TIME, stopTime, nowSec(c)));
  const input = { job, state, stopTime, skewSec: c.get('service').settings.STOP_SKEW_S, show };
  const { job: stopped, earlySec } = await c.get('db').write('stopJob', input, c.get('deadline'));
  if (earlySec > 0) {
    const which = typeof job === 'bigint' ? { id: String(job) } : job;
    c.get('log').warn({ ...which, stopTime, earlySec }, 'a job was stopped before its start: it lasted 0 s');
  }
  return jsonBytes(stopped);
}
