import type { Context } from 'hono';
import { visibleJobs } from '../src/http/auth/visible-jobs.ts';
import { JobSchema } from '../src/http/json/job-schema.ts';
import { largeJsonBody } from '../src/http/json/json-body.ts';
import { answers, answersText, apiRoute, IdParam, jsonBytes, plainText, resource } from '../src/http/json/responses.ts';
import { checkedTags, deletableTags, tagsNotOfOthers } from '../src/http/json/tag-list.ts';
import { nowSec } from '../src/http/request-values.ts';
import type { AppEnv } from '../src/http/service.ts';
import type { Tag } from '../src/jobs/job.ts';
import { jobInsideQuery } from '../src/questions/one-job/sqlite.ts';

/** The limits allow 2,000 tags. */
const LIMITS = { bytes: 2 * 1024 * 1024, values: 10_001, depth: 4 };
const tagsBody = (description: string) => largeJsonBody(description, 'tags', LIMITS);
const ADDED = tagsBody('tags; scope defaults to global');
const TAKEN_OFF = tagsBody('tags; tags without a scope are ignored');
const DELETED = tagsBody('tags; tags of scopes other than global and admin are ignored');

const path = '/jobs/tag_job/{id}';
const NO_JOB =
  'All tags are changed, or none. Responds with 404 not_found if there is no such job, or if the caller may not see it.';

/** jobs/tag_job/{id}: POST and PATCH add tags, DELETE removes them. DELETE tags/ deletes tags everywhere. */
export const tags = resource();

for (const method of ['post', 'patch'] as const) {
  tags.openapi(
    apiRoute({
      method,
      path,
      summary: 'Add tags to a job',
      description: `${NO_JOB} Responds with 422 conflict if the type and name of a tag are taken.`,
      request: {
        params: IdParam,
        body: ADDED.document,
      },
      responses: answers('the job with the tags that the caller may read, and the added tags', JobSchema),
    }),
    async (c) => {
      const wanted = checkedTags(c.get('user'), await ADDED.read(c));
      return await changed(c, 'addTags', c.req.valid('param').id, wanted);
    },
  );
}

tags.openapi(
  apiRoute({
    method: 'delete',
    path,
    summary: 'Remove tags from a job',
    description: `${NO_JOB} The same if a tag does not exist; a tag that is not on the job is ignored.`,
    request: {
      params: IdParam,
      body: TAKEN_OFF.document,
    },
    responses: answers('the job with the tags that the caller may read', JobSchema),
  }),
  async (c) => {
    const wanted = tagsNotOfOthers(c.get('user'), await TAKEN_OFF.read(c));
    return await changed(c, 'removeTags', c.req.valid('param').id, wanted);
  },
);

tags.openapi(
  apiRoute({
    method: 'delete',
    path: '/tags/',
    summary: 'Delete tags, and remove them from all jobs',
    description: 'If one of the tags does not exist, none is deleted, and the response is 404 not_found.',
    request: {
      body: DELETED.document,
    },
    responses: answersText('the number of deleted tags'),
  }),
  async (c) => {
    const asked = await DELETED.read(c);
    const { deleted } = await c.get('db').write('deleteTags', { tags: deletableTags(asked) }, c.get('deadline'));
    c.get('service').archiveChanged?.();
    // The spelling is that of the contract, since clients may compare the text.
    return plainText(`Deleted Tags from DB: ${deleted} successfull of ${asked.length} requested\n`);
  },
);

async function changed(c: Context<AppEnv>, write: 'addTags' | 'removeTags', id: bigint, wanted: readonly Tag[]) {
  // This one answer shows the added tags even if the caller may not read them.
  const alsoTags = write === 'addTags' ? wanted : [];
  const show = jobInsideQuery({ ...visibleJobs(c), alsoTags }, { nowSec: nowSec(c) });
  const { job } = await c.get('db').write(write, { id, tags: wanted, show }, c.get('deadline'));
  c.get('service').archiveChanged?.();
  return jsonBytes(job);
}
