import { type Context, Hono } from 'hono';
import { z } from 'zod';
import { Fault } from '../../src/faults.ts';
import { visibleJobs } from '../../src/http/auth/visible-jobs.ts';
import { once, readQuery } from '../../src/http/query/query-parameters.ts';
import { nowSec, queryOf } from '../../src/http/request-values.ts';
import type { AppEnv } from '../../src/http/service.ts';
import { FAILED, type JobFilter } from '../../src/jobs/filter.ts';
import { NEWEST_FIRST } from '../../src/jobs/list-order.ts';
import { startedSince } from '../../src/jobs/recent-periods.ts';
import { rightsOf } from '../../src/jobs/roles.ts';
import { timeOf } from '../../src/jobs/time-grammar.ts';
import { cut } from '../../src/pages/cut-text.ts';
import { pageAnswer } from '../../src/pages/layout.ts';
import { type Failures, nodeContent, PERIOD, STATES_PERIOD } from '../../src/pages/node/content.ts';
import { type StateSince, statesOf } from '../../src/pages/node/state-changes.ts';
import type { ListedJob } from '../../src/questions/list/listed-job-rows.ts';
import { NodeQuestions } from '../../src/questions/nodes/ask-nodes.ts';

const VIEW = z.strictObject({
  at: once(shownTime, undefined, { description: 'a time' }),
});
/** The end of the year 9999, the last one that the field of the form accepts. */
const LAST_SEC = 253_402_300_799n;
const MOST_BARS = 500;
const MOST_AT = 50;
const MOST_STATES = 50;

/** GET /nodes/{cluster}/{host}: the jobs on a node over time and at one time, their failures, and the node's states. */
export const nodePage = new Hono<AppEnv>().get('/nodes/:cluster/:host', async (c) => {
  const { at } = readQuery(queryOf(c), VIEW);
  const { cluster, host } = c.req.param();
  const subCluster = c.get('service').clusters.subClusterOf(cluster, host);
  const onNode: JobFilter = [is('cluster', cluster), is('node', host)];
  const now = nowSec(c);
  const [recent, jobsAt, onThis, onOthers, states] = await Promise.all([
    ranDuring(c, onNode, BigInt(now - PERIOD.sec), BigInt(now + 1), MOST_BARS + 1),
    at === undefined ? [] : ranDuring(c, onNode, at, at + 1n, MOST_AT),
    failures(c, onNode, { label: 'this node', query: { cluster, node: host } }),
    subCluster === undefined ? undefined : neighbours(c, cluster, subCluster),
    statesOfNode(c, cluster, host),
  ]);
  const isKnown = subCluster !== undefined || recent.length > 0 || jobsAt.length > 0 || (states ?? []).length > 0;
  if (!isKnown)
    throw new Fault('not_found', `there is no node ${cut(host)} of cluster ${cut(cluster)} that you may see`);
  const content = nodeContent({
    cluster,
    hostname: host,
    subCluster,
    from: now - PERIOD.sec,
    to: now,
    jobs: recent.slice(0, MOST_BARS),
    hasMoreJobs: recent.length > MOST_BARS,
    at: at === undefined ? undefined : { time: at, jobs: jobsAt },
    failures: onOthers === undefined ? [onThis] : [onThis, onOthers],
    states,
  });
  return pageAnswer(c, { title: `Node ${cut(host)}`, content, scripts: ['jobs.js'] });
});

/** Parses a time. An empty one, which a form sends without a script, is none. */
function shownTime(text: string): bigint | undefined {
  if (text === '') return undefined;
  const time = timeOf(text);
  if (time >= 0n && time <= LAST_SEC) return time;
  throw new Fault('invalid_request', 'must be in the years 1970 to 9999');
}

function is(field: 'cluster' | 'subcluster' | 'node', value: string): JobFilter[number] {
  return { kind: 'text', field, operator: 'is', values: [value] };
}

/** Returns the newest jobs that ran at any moment of a half-open range. */
async function ranDuring(
  c: Context<AppEnv>,
  filter: JobFilter,
  from: bigint,
  to: bigint,
  most: number,
): Promise<ListedJob[]> {
  const jobs = visibleJobs(c, [...filter, { kind: 'during', range: { from, to }, nowSec: nowSec(c) }]);
  const page = { page: 1, itemsPerPage: most, ...NEWEST_FIRST, nowSec: nowSec(c) };
  return await c.get('jobs').listed(jobs, page, c.get('deadline'));
}

/** Without other subclusters, all jobs of the cluster count: an index has their number. */
async function neighbours(c: Context<AppEnv>, cluster: string, subcluster: string): Promise<Failures> {
  const isOnly = c.get('service').clusters.get(cluster)?.subClusters.length === 1;
  return isOnly
    ? await failures(c, [is('cluster', cluster)], { label: `all nodes of ${cluster}`, query: { cluster } })
    : await failures(c, [is('cluster', cluster), is('subcluster', subcluster)], {
        label: `all nodes of ${subcluster}`,
        query: { cluster, subcluster },
      });
}

async function failures(
  c: Context<AppEnv>,
  filter: JobFilter,
  { label, query }: Pick<Failures, 'label' | 'query'>,
): Promise<Failures> {
  const recent = [...filter, ...startedSince(PERIOD, nowSec(c))];
  const [jobs, failed] = await Promise.all(
    [recent, [...recent, ...FAILED]].map((each) => c.get('jobs').count(visibleJobs(c, each), c.get('deadline'))),
  );
  return { label, query: { ...query, 'start-time': PERIOD.word }, jobs: jobs ?? 0, failed: failed ?? 0 };
}

/** Undefined if the visitor may not see the states of nodes. */
async function statesOfNode(c: Context<AppEnv>, cluster: string, host: string): Promise<StateSince[] | undefined> {
  if (!rightsOf(c.get('user')).seesNodes) return undefined;
  const nodes = new NodeQuestions(c.get('db'));
  const node = (['cluster', 'hostname'] as const).map((field) => ({
    kind: 'text' as const,
    field,
    operator: 'is' as const,
    values: [field === 'cluster' ? cluster : host],
  }));
  const of = async (kind: 'scheduler' | 'health') =>
    await nodes.history(node, { kind, afterSec: nowSec(c) - STATES_PERIOD.sec }, c.get('deadline'));
  const [scheduler, health] = await Promise.all([of('scheduler'), of('health')]);
  return statesOf({ scheduler, health }, MOST_STATES);
}
