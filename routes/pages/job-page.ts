import { type Context, Hono } from 'hono';
import type { SubClusterMetric } from '../../src/clusters/derive-cluster.ts';
import { Fault } from '../../src/faults.ts';
import { sameOrigin } from '../../src/http/auth/same-origin.ts';
import { visibleJobs } from '../../src/http/auth/visible-jobs.ts';
import { checkedValue } from '../../src/http/json/body-values.ts';
import { TagBody } from '../../src/http/json/job-body.ts';
import { IdParam } from '../../src/http/json/responses.ts';
import { type ShownJob, shownJob } from '../../src/http/json/shown-job.ts';
import { checkedTags, tagsNotOfOthers } from '../../src/http/json/tag-list.ts';
import { formBody } from '../../src/http/query/form-body.ts';
import { NO_QUERY, readQuery } from '../../src/http/query/query-parameters.ts';
import { ofParameter, oneOf } from '../../src/http/query/query-values.ts';
import { nowSec, queryOf } from '../../src/http/request-values.ts';
import type { AppEnv } from '../../src/http/service.ts';
import { BRIEF } from '../../src/jobs/cut-lengths.ts';
import { hiddenFrom, hiddenIn } from '../../src/jobs/hidden-metrics.ts';
import { nodePeaksOf } from '../../src/jobs/node-peaks.ts';
import { mayWriteTags, readableScopes } from '../../src/jobs/visibility.ts';
import type { Asked } from '../../src/jobs/walltime-advice.ts';
import { jobContent } from '../../src/pages/job/content.ts';
import { pageAnswer } from '../../src/pages/layout.ts';
import { jobById, jobInsideQuery } from '../../src/questions/one-job/sqlite.ts';
import { familyOf, sizeOf } from '../../src/questions/walltime-advice/past-jobs.ts';
import { adviceFor } from '../advice.ts';

/** The fields of the form: the action, and the type, name and scope of a tag. */
export const TAG_FORM = formBody({ bytes: 16 * 1024, fields: 16 });

/** GET /jobs/{id}: shows a job. POST /jobs/{id}/tags: adds a tag to it or removes one. */
export const jobPage = new Hono<AppEnv>()
  .get('/jobs/:id', async (c) => {
    readQuery(queryOf(c), NO_QUERY);
    const id = idOf(c);
    const jobs = visibleJobs(c);
    const [found] = await c.get('db').read(jobById(jobs, id, { nowSec: nowSec(c), brief: BRIEF }), c.get('deadline'));
    if (found === undefined) throw new Fault('not_found', `no job with the database id ${id}`);
    const job = shownJob(found.job);
    const { clusters, archive, frontend } = c.get('service');
    const subCluster = clusters.subCluster(job.cluster, job.subCluster);
    const advice = job.user === '' ? undefined : await adviceFor(c, { user: job.user, asked: askedAs(job) });
    const content = jobContent({
      job,
      used: { peaks: nodePeaksOf(clusters), advice },
      subCluster,
      metrics: (subCluster?.metricConfig ?? []).filter(mayBeSeen(c, job)),
      hasArchive: archive !== undefined,
      hasFrontend: frontend !== undefined,
      writableScopes: writableScopes(c),
    });
    const title = `Job ${job.jobId}`;
    return pageAnswer(c, {
      title,
      content,
      scripts: ['uplot.js', 'plotting.js', 'plots.js', 'jobs.js'],
      styles: ['uplot.css'],
    });
  })
  .post('/jobs/:id/tags', sameOrigin(), async (c) => {
    const id = idOf(c);
    const form = await TAG_FORM.read(c);
    const fields = { type: text(form, 'type'), name: text(form, 'name'), scope: text(form, 'scope') };
    const tag = checkedValue(fields, TagBody);
    const isNew = ofParameter('do', () => oneOf(text(form, 'do'), ['add', 'remove'])) === 'add';
    const tags = isNew ? checkedTags(c.get('user'), [tag]) : removable(c, tag);
    const show = jobInsideQuery(visibleJobs(c), { nowSec: nowSec(c) });
    await c.get('db').write(isNew ? 'addTags' : 'removeTags', { id, tags, show }, c.get('deadline'));
    c.get('service').archiveChanged?.();
    return c.redirect(`/jobs/${id}#tags`, 303);
  });

/** What the next such job would ask for. */
function askedAs({ cluster, partition, jobName, numNodes, walltime }: ShownJob): Asked {
  const known = Number(walltime);
  return {
    cluster,
    partition,
    family: familyOf(jobName),
    size: sizeOf(Number(numNodes)),
    walltime: known > 0 ? known : undefined,
  };
}

/** Returns the database id in the path. Throws not_found for any other kind of id. */
function idOf(c: Context<AppEnv>): bigint {
  const parsed = IdParam.safeParse({ id: c.req.param('id') });
  if (!parsed.success) throw new Fault('not_found', 'the address of a job must end in its database id, an integer');
  return parsed.data.id;
}

/** Returns a field of a form without leading and trailing spaces. */
function text(form: URLSearchParams, name: string): string {
  return (form.get(name) ?? '').trim();
}

/** Returns the tag to remove. Throws `forbidden` if the user may not remove it; the API silently ignores such a tag. */
function removable(c: Context<AppEnv>, tag: { type: string; name: string; scope: string }) {
  const user = c.get('user');
  const tags = mayWriteTags(user, tag.scope) ? tagsNotOfOthers(user, [tag]) : [];
  if (tags.length === 0) throw new Fault('forbidden', 'you may not remove this tag');
  return tags;
}

/** Returns the scopes of tags that this user may write and see. */
function writableScopes(c: Context<AppEnv>): string[] {
  const user = c.get('user');
  return readableScopes(user).filter((scope) => mayWriteTags(user, scope));
}

/** Returns a test for the metrics shown. Pages hide restricted metrics even if RESTRICTED_METRICS is `show`. */
function mayBeSeen(c: Context<AppEnv>, { cluster }: ShownJob): (metric: SubClusterMetric) => boolean {
  const hidden = hiddenIn(hiddenFrom(c.get('user'), c.get('service').clusters), cluster);
  return ({ name }) => !hidden.includes(name);
}
