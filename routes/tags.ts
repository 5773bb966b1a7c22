import { createRoute } from '@hono/zod-openapi';
import type { Context } from 'hono';
import {
  answers,
  answersText,
  IdParam,
  jsonBytes,
  onlyQuery,
  plainText,
  resource,
  WITH_TOKEN,
} from '../src/http/answers.ts';
import type { AppEnv } from '../src/http/env.ts';
import { JobSchema } from '../src/http/job-schema.ts';
import { largeJsonBody } from '../src/http/json-body.ts';
import { nowSec } from '../src/http/request.ts';
import { checkedTags, deletableTags, removableTags } from '../src/http/tag-list.ts';
import { visibleJobs } from '../src/http/visible-jobs.ts';
import type { Tag } from '../src/jobs/job.ts';
import { jobInsideQuery } from '../src/questions/one-job/sqlite.ts';

/** 2,000 tags. */
const LIMITS = { bytes: 2 * 1024 * 1024, values: 10_001, depth: 4 };
const tagsBody = (description: string) => largeJsonBody(description, 'tags', LIMITS);
const ADDED = tagsBody('tags; without a scope they are global');
const TAKEN_OFF = tagsBody('tags; those without a scope are passed over');
const DELETED = tagsBody('tags; those of other scopes than global and admin are passed over');

const path = '/jobs/tag_job/{id}';
const NO_JOB = 'Answers 404 not_found where there is no such job, or none this user may see. All of the tags or none.';

/** jobs/tag_job/{id}, with POST and PATCH to add tags and DELETE to take them off; DELETE tags/ deletes them everywhere. */
export const tags = resource();

for (const method of ['post', 'patch'] as const) {
  tags.openapi(
    createRoute({
      method,
      path,
      summary: 'Put tags on a job',
      description: `${NO_JOB} A tag whose type and name are taken is 422 conflict.`,
      security: WITH_TOKEN,
      request: {
        params: IdParam,
        query: onlyQuery({}),
        body: ADDED.document,
      },
      responses: answers('the job with the tags the caller may read, and those added', JobSchema),
    }),
    async (c) => {
      const wanted = checkedTags(c.var.user, await ADDED.read(c));
      return await changed(c, 'addTags', c.req.valid('param').id, wanted);
    },
  );
}

tags.openapi(
  createRoute({
    method: 'delete',
    path,
    summary: 'Take tags off a job',
    description: `${NO_JOB} Answers 404 also for a tag that is none; one that is not on the job is passed over.`,
    security: WITH_TOKEN,
    request: {
      params: IdParam,
      query: onlyQuery({}),
      body: TAKEN_OFF.document,
    },
    responses: answers('the job with the tags the caller may read', JobSchema),
  }),
  async (c) => {
    const wanted = removableTags(c.var.user, await TAKEN_OFF.read(c));
    return await changed(c, 'removeTags', c.req.valid('param').id, wanted);
  },
);

tags.openapi(
  createRoute({
    method: 'delete',
    path: '/tags/',
    summary: 'Delete tags, and take them off every job',
    description: 'Answers 404 not_found for a tag that is none; then none is deleted.',
    security: WITH_TOKEN,
    request: {
      query: onlyQuery({}),
      body: DELETED.document,
    },
    responses: answersText('how many'),
  }),
  async (c) => {
    const asked = await DELETED.read(c);
    const { deleted } = await c.var.db.write('deleteTags', { tags: deletableTags(asked) }, c.var.deadline);
    c.var.service.archiveChanged?.();
    // Misspelt in the contract, which clients may compare with.
    return plainText(`Deleted Tags from DB: ${deleted} successfull of ${asked.length} requested\n`);
  },
);

async function changed(c: Context<AppEnv>, write: 'addTags' | 'removeTags', id: bigint, wanted: readonly Tag[]) {
  // Whoever adds a tag he cannot read sees it in this one answer.
  const alsoTags = write === 'addTags' ? wanted : [];
  const show = jobInsideQuery({ ...visibleJobs(c), alsoTags }, { nowSec: nowSec(c) });
  const { job } = await c.var.db.write(write, { id, tags: wanted, show }, c.var.deadline);
  c.var.service.archiveChanged?.();
  return jsonBytes(job);
}
