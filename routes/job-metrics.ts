import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { SCOPES } from '../src/clusters/cluster-schema.ts';
import { visibleJobs } from '../src/http/auth/visible-jobs.ts';
import { jobData } from '../src/http/jobs/job-data.ts';
import { ScopedMetricSchema } from '../src/http/json/job-schema.ts';
import { answers, apiRoute, IdParam, jsonParts, jsonText, resource } from '../src/http/json/responses.ts';
import { many } from '../src/http/query/query-parameters.ts';
import { oneOf } from '../src/http/query/query-values.ts';
import type { AppEnv } from '../src/http/service.ts';
import { jobForMetrics } from '../src/questions/one-job/sqlite.ts';

const Query = z.strictObject({
  metric: many(String, null, { description: 'names of metrics; default: all' }),
  scope: many((text) => oneOf(text, SCOPES), null, { description: 'default: all', enum: [...SCOPES] }),
});
const Answer = z.object({
  data: z.object({ jobMetrics: z.array(ScopedMetricSchema) }).nullable(),
  error: z.object({ message: z.string() }).nullable(),
});

/**
 * GET jobs/metrics/{id}: returns the metric data of a job. If the job or its data does not exist, it answers 200 with
 * an error in the body, as GraphQL does.
 */
export const jobMetrics = resource().openapi(
  apiRoute({
    method: 'get',
    path: '/jobs/metrics/{id}',
    summary: 'Get the metric data of a job',
    request: { params: z.object({ id: z.string().openapi({ example: '1' }) }), query: Query },
    responses: answers('the metrics in the requested scopes, or an error message', Answer),
  }),
  async (c) => {
    const { metric: metrics, scope: scopes } = c.req.valid('query');
    const id = IdParam.safeParse(c.req.valid('param'));
    if (!id.success) return failed('the id in the path must be an integer');
    return await metricsOf(c, id.data.id, metrics, scopes);
  },
);

async function metricsOf(
  c: Context<AppEnv>,
  id: bigint,
  metrics: string[] | null,
  scopes: (typeof SCOPES)[number][] | null,
) {
  const [job] = await c.get('db').read(jobForMetrics(visibleJobs(c), id), c.get('deadline'));
  if (job === undefined) return failed(`finding job with db id ${id} failed`);
  const data = await jobData(c, job, { metrics, scopes, resolution: null, shape: 'list' });
  if (data === null) {
    return failed(
      c.get('lacksArchive') ? 'this service has no job archive' : 'the archive has no metric data for this job',
    );
  }
  return jsonParts('{"data":{"jobMetrics":', data, '},"error":null}\n');
}

function failed(message: string) {
  return jsonText(`${JSON.stringify({ data: null, error: { message } })}\n`);
}
