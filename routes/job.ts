import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { Fault } from '../src/faults.ts';
import { visibleJobs } from '../src/http/auth/visible-jobs.ts';
import { type JobDataAsked, jobData } from '../src/http/jobs/job-data.ts';
import { listOf, text } from '../src/http/json/body-values.ts';
import { JobMetricSchema, JobSchema, ScopedMetricSchema } from '../src/http/json/job-schema.ts';
import { jsonBody, NAMES } from '../src/http/json/json-body.ts';
import { answers, apiRoute, IdParam, jsonParts, resource } from '../src/http/json/responses.ts';
import { flag } from '../src/http/query/query-parameters.ts';
import { nowSec } from '../src/http/request-values.ts';
import type { AppEnv } from '../src/http/service.ts';
import { type JobKey, jobBytes } from '../src/questions/one-job/sqlite.ts';

const METRICS = jsonBody('names of metrics; null means all metrics', listOf(text).nullable(), NAMES);
const NO_JOB = 'Responds with 422 not_found if there is no such job, or if the caller may not see it.';

/** GET jobs/{id}: returns a job by its database id. `all-metrics=true` adds its metric data if the archive has them. */
export const job = resource()
  .openapi(
    apiRoute({
      method: 'get',
      path: '/jobs/{id}',
      summary: 'Get a job, and its metric data',
      description: NO_JOB,
      request: {
        params: IdParam,
        query: z.strictObject({ 'all-metrics': flag('true: with all metric data') }),
      },
      responses: answers(
        'the job; Data is null if it was not requested or does not exist',
        z.object({
          Meta: JobSchema,
          Data: z.record(z.string(), z.record(z.string(), JobMetricSchema)).nullable(),
        }),
      ),
    }),
    async (c) => {
      const { 'all-metrics': wanted } = c.req.valid('query');
      const { key, bytes } = await findJob(c, c.req.valid('param').id);
      const data = wanted ? await jobData(c, key, { ...wholeJob(c, key), metrics: null, shape: 'map' }) : null;
      return jsonParts('{"Meta":', [bytes], ',"Data":', data ?? 'null', '}\n');
    },
  )
  .openapi(
    apiRoute({
      method: 'post',
      path: '/jobs/{id}',
      summary: 'Get a job, and the data of some metrics',
      description: NO_JOB,
      request: {
        params: IdParam,
        body: METRICS.document,
      },
      responses: answers(
        'the job; Data is empty if it was not requested or does not exist',
        z.object({ Meta: JobSchema, Data: z.array(ScopedMetricSchema) }),
      ),
    }),
    async (c) => {
      const { key, bytes } = await findJob(c, c.req.valid('param').id);
      const metrics = await METRICS.read(c);
      const wanted = metrics === null || metrics.length > 0;
      const data = wanted ? await jobData(c, key, { ...wholeJob(c, key), metrics, shape: 'list' }) : null;
      return jsonParts('{"Meta":', [bytes], ',"Data":', data ?? '[]', '}\n');
    },
  );

async function findJob(c: Context<AppEnv>, id: bigint) {
  const statement = jobBytes(visibleJobs(c), id, { nowSec: nowSec(c) });
  const { bytes, more: key } = await c.get('db').readPage(statement, c.get('deadline'));
  if (key === null) throw new Fault('not_found', `finding job with db id ${id} failed`, { status: 422 });
  return { key, bytes };
}

/**
 * Selects the metric data: per core for a job on one node, otherwise per node. The resolution is the largest timestep
 * of the cluster.
 */
function wholeJob(c: Context<AppEnv>, { cluster, numNodes }: JobKey): Pick<JobDataAsked, 'scopes' | 'resolution'> {
  const resolution = c.get('service').clusters.largestTimestep(cluster);
  return { scopes: [numNodes === 1 ? 'core' : 'node'], resolution: resolution === 0 ? null : resolution };
}
