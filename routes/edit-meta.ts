import type { Context } from 'hono';
import { Fault } from '../src/faults.ts';
import { visibleJobs } from '../src/http/auth/visible-jobs.ts';
import { boundedJobKey } from '../src/http/json/job-key.ts';
import { JobSchema } from '../src/http/json/job-schema.ts';
import { FEW_FIELDS, largeJsonBody } from '../src/http/json/json-body.ts';
import { answers, apiRoute, IdParam, jsonBytes, resource } from '../src/http/json/responses.ts';
import { nowSec } from '../src/http/request-values.ts';
import type { AppEnv } from '../src/http/service.ts';
import { jobForMetrics, jobInsideQuery } from '../src/questions/one-job/sqlite.ts';

const CHANGED = answers('the job with its metadata', JobSchema);

/** The limits allow a job script of 4 MB with escapes. */
const LIMITS = { ...FEW_FIELDS, bytes: 8 * 1024 * 1024 };
const ENTRY = largeJsonBody('a metadata entry', 'metaEntry', LIMITS);
const ENTRY_OF_JOB = largeJsonBody('jobId is required', 'metaOfJob', LIMITS);

/** PATCH jobs/edit_meta/{id} and jobs/edit_meta/: sets a metadata entry of a job. Its meta.json is updated later. */
export const editMeta = resource()
  .openapi(
    apiRoute({
      method: 'patch',
      path: '/jobs/edit_meta/{id}',
      summary: 'Set a metadata entry of a job',
      description: 'Responds with 404 not_found if there is no such job, or if the caller may not see it.',
      request: { params: IdParam, body: ENTRY.document },
      responses: CHANGED,
    }),
    async (c) => {
      const { id } = c.req.valid('param');
      const show = jobInsideQuery(visibleJobs(c), { nowSec: nowSec(c) });
      const entry = await ENTRY.read(c).catch(async (error: unknown) => {
        // The contract requires that a missing job is reported before an invalid body.
        const isBadBody = error instanceof Fault && error.code === 'invalid_request';
        if (isBadBody) await mustBeThere(c, id);
        throw error;
      });
      const { job } = await c.get('db').write('editMeta', { id, entry, show }, c.get('deadline'));
      c.get('service').archiveChanged?.();
      return jsonBytes(job);
    },
  )
  .openapi(
    apiRoute({
      method: 'patch',
      path: '/jobs/edit_meta/',
      summary: 'Set a metadata entry of the newest job with a jobId',
      description: 'Responds with 422 not_found if there is no such job.',
      request: { body: ENTRY_OF_JOB.document },
      responses: CHANGED,
    }),
    async (c) => {
      const body = await ENTRY_OF_JOB.read(c);
      // A caller of this route may edit every job (contract/auth.md §6). The answer shows only what the caller may see.
      const show = jobInsideQuery({ ...visibleJobs(c), conditions: [] }, { nowSec: nowSec(c) });
      const input = { key: boundedJobKey(body, nowSec(c)), entry: body.payload, show };
      const { job } = await c.get('db').write('editMetaOf', input, c.get('deadline'));
      c.get('service').archiveChanged?.();
      return jsonBytes(job);
    },
  );

async function mustBeThere(c: Context<AppEnv>, id: bigint): Promise<void> {
  const [found] = await c.get('db').read(jobForMetrics(visibleJobs(c), id), c.get('deadline'));
  if (found === undefined) throw new Fault('not_found', `finding job with db id ${id} failed`);
}
