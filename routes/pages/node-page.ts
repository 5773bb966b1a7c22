import { type Context, Hono } from 'hono';
import { z } from 'zod';
import { Fault } from '../../src/faults.ts';
import { callerQuestions } from '../../src/http/auth/visible-jobs.ts';
import { once, readQuery } from '../../src/http/query/query-parameters.ts';
import { nowSec, queryOf } from '../../src/http/request-values.ts';
import type { AppEnv } from '../../src/http/service.ts';
import { rightsOf } from '../../src/jobs/roles.ts';
import { timeOf } from '../../src/jobs/time-grammar.ts';
import { cut } from '../../src/pages/cut-text.ts';
import { pageAnswer } from '../../src/pages/layout.ts';
import { nodeContent, STATES_PERIOD } from '../../src/pages/node/content.ts';
import { type StateSince, statesOf } from '../../src/pages/node/state-changes.ts';
import { NodeQuestions } from '../../src/questions/nodes/ask-nodes.ts';
import { readNodeUse } from '../../src/questions/nodes/node-use.ts';

const VIEW = z.strictObject({
  at: once(shownTime, undefined, { description: 'a time' }),
});
/** The end of the year 9999, the last one that the field of the form accepts. */
const LAST_SEC = 253_402_300_799n;
const MOST_STATES = 50;

/** GET /nodes/{cluster}/{host}: the jobs on a node over time and at one time, their failures, and the node's states. */
export const nodePage = new Hono<AppEnv>().get('/nodes/:cluster/:host', async (c) => {
  const { at } = readQuery(queryOf(c), VIEW);
  const { cluster, host } = c.req.param();
  const subCluster = c.get('service').clusters.subClusterOf(cluster, host);
  const isWholeCluster = c.get('service').clusters.get(cluster)?.subClusters.length === 1;
  const [use, states] = await Promise.all([
    readNodeUse(callerQuestions(c), { cluster, hostname: host, subCluster, isWholeCluster, at }),
    statesOfNode(c, cluster, host),
  ]);
  const isKnown = [use.jobs, use.jobsAt, states ?? []].some(({ length }) => length > 0) || subCluster !== undefined;
  if (!isKnown)
    throw new Fault('not_found', `there is no node ${cut(host)} of cluster ${cut(cluster)} that you may see`);
  const { jobsAt, ...shown } = use;
  const content = nodeContent({
    ...shown,
    ...{ cluster, hostname: host, subCluster, states },
    at: at === undefined ? undefined : { time: at, jobs: jobsAt },
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
