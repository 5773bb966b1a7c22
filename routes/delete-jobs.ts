import { z } from '@hono/zod-openapi';
import { JobBody } from '../src/http/json/job-body.ts';
import { jobKey } from '../src/http/json/job-key.ts';
import { FEW_FIELDS, jsonBody } from '../src/http/json/json-body.ts';
import { answers, apiRoute, IdParam, MESSAGE, message, resource } from '../src/http/json/responses.ts';
import { ZoneQuery } from '../src/http/query/job-filter-query.ts';
import { choice } from '../src/http/query/query-parameters.ts';
import { ofParameter } from '../src/http/query/query-values.ts';
import {
  DEFAULT_OMIT_TAGGED,
  DELETE_BATCH_JOBS,
  type DeleteCursor,
  OMIT_TAGGED,
} from '../src/jobs/retention-options.ts';
import { timeOf } from '../src/jobs/time-grammar.ts';

const WHICH = jsonBody('jobId is required', JobBody, FEW_FIELDS);

const TimeParam = z.object({
  ts: z.string().openapi({
    param: { name: 'ts', in: 'path' },
    description: 'Unix seconds or a date',
    example: '1700000000',
  }),
});

/**
 * DELETE jobs/delete_job/{id}, jobs/delete_job/ and jobs/delete_job_before/{ts}: deletes jobs from the database, not
 * from the archive.
 */
export const deleteJobs = resource()
  .openapi(
    apiRoute({
      method: 'delete',
      path: '/jobs/delete_job/{id}',
      summary: 'Delete a job',
      request: { params: IdParam },
      responses: answers('the job is deleted, or did not exist', MESSAGE),
    }),
    async (c) => {
      const { id } = c.req.valid('param');
      await c.get('db').write('deleteJob', { id }, c.get('deadline'));
      return message(`Successfully deleted job ${id}`);
    },
  )
  .openapi(
    apiRoute({
      method: 'delete',
      path: '/jobs/delete_job/',
      summary: 'Delete the newest job with a jobId',
      description: 'Responds with 422 not_found if there is no such job.',
      request: { body: WHICH.document },
      responses: answers('the job is deleted; the message has its database id', MESSAGE),
    }),
    async (c) => {
      const key = jobKey(await WHICH.read(c));
      const { id } = await c.get('db').write('deleteJobOf', { key }, c.get('deadline'));
      return message(`Successfully deleted job ${id}`);
    },
  )
  .openapi(
    apiRoute({
      method: 'delete',
      path: '/jobs/delete_job_before/{ts}',
      summary: 'Delete all jobs that started before a time',
      description:
        'Deletes in batches, so that other writes can run in between. In an error response `deleted` is the number of jobs deleted so far; repeat the request to continue.',
      request: {
        params: TimeParam,
        query: ZoneQuery.extend({
          'omit-tagged': choice(
            OMIT_TAGGED,
            DEFAULT_OMIT_TAGGED,
            'which tagged jobs to keep: none, all, or those tagged by a user',
          ),
        }),
      },
      responses: answers('the number of deleted jobs', MESSAGE),
    }),
    async (c) => {
      const { 'omit-tagged': omit, zone } = c.req.valid('query');
      const before = ofParameter('ts', () => timeOf(c.req.valid('param').ts, zone), 'path');
      let deleted = 0;
      let after: DeleteCursor | undefined;
      do {
        const batch = { before, omit, limit: DELETE_BATCH_JOBS, after };
        const gone = await c.get('db').write('deleteJobsBefore', batch, c.get('deadline'));
        deleted += gone.deleted;
        after = gone.last;
        c.set('done', { deleted });
      } while (after !== undefined);
      return message(`Successfully deleted ${deleted} jobs`);
    },
  );
