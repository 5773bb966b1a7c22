/**
 * A server in the place of a running cc-backend: it issues its sessions (contract/sessions.md) and answers, from made
 * data, the fields of /query that need a metric store.
 */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CC_BACKEND_KEY, ccBackendCookie } from './cc-backend-session.ts';

/** A request for /query. */
export interface AskedOfCcBackend {
  headers: IncomingHttpHeaders;
  query: string;
  variables: Record<string, unknown>;
}

/** Answers a request for /query in place of the made data. */
export type Behaviour = (answer: ServerResponse, asked: AskedOfCcBackend) => void;

export interface CcBackend {
  url: string;
  /** The requests for /query so far. */
  asked: AskedOfCcBackend[];
  /** The paths of all requests. */
  paths: string[];
  behaves(how: Behaviour | 'well'): void;
  /** Ends it. A later `start` listens on the same port. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

/** Roles of the people who may log in, with any password. */
const ROLES: Readonly<Record<string, readonly string[]>> = { root: ['admin', 'api'], sue: ['support'], ada: ['user'] };

export async function startCcBackend(clock: () => number = () => Date.now() / 1000): Promise<CcBackend> {
  const asked: AskedOfCcBackend[] = [];
  const paths: string[] = [];
  let behaviour: Behaviour | 'well' = 'well';
  const server = createServer(async (request, answer) => {
    paths.push(request.url ?? '');
    const body = await textOf(request);
    if (request.url === '/login' && request.method === 'POST') return logIn(answer, body, clock());
    if (request.url !== '/query') return void answer.end(`a page of cc-backend: ${request.url}`);
    const { query, variables } = JSON.parse(body);
    const question = { headers: request.headers, query, variables };
    asked.push(question);
    if (behaviour !== 'well') return behaviour(answer, question);
    answerJson(answer, { data: dataFor(question) });
  });
  const listen = async (port: number) => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };
  const port = await listen(0);
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    paths,
    behaves(how) {
      behaviour = how;
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
    async start() {
      await listen(port);
    },
  };
}

export function answerJson(answer: ServerResponse, body: unknown): void {
  answer.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
}

function logIn(answer: ServerResponse, form: string, nowSec: number): void {
  const user = new URLSearchParams(form).get('username') ?? '';
  const roles = ROLES[user];
  if (roles === undefined) return void answer.writeHead(401).end('no such user');
  const content = [
    ['username', user],
    ['roles', roles],
    ['authSource', 0],
  ] as const;
  const cookie = ccBackendCookie(content, { madeAt: Math.floor(nowSec), key: CC_BACKEND_KEY });
  answer.writeHead(303, { Location: '/', 'Set-Cookie': `session=${cookie}; Path=/; HttpOnly; SameSite=Lax` }).end();
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

const statistics = { avg: 2, min: 1, max: 3 };
/** Every field of a metric, also those that nobody asked for. */
const metric = {
  unit: { base: 'W', prefix: '' },
  timestep: 60,
  series: [{ hostname: 'n01', id: null, statistics, data: [1, 2.5, null, 3] }],
  statisticsSeries: null,
};
/** cpu_power is restricted in the cluster `small`. */
const METRICS = [
  { name: 'cpu_load', scope: 'node', metric },
  { name: 'cpu_power', scope: 'node', metric },
];
const NODE = { host: 'n01', nodeState: 'allocated', metricHealth: 'full', subCluster: 'main', metrics: METRICS };
const NAMED = METRICS.map(({ name }) => ({ name, data: statistics }));

/** Data by root field. More than what was asked for: a client must not rely on the opposite. */
const DATA: Readonly<Record<string, (variables: Record<string, unknown>) => unknown>> = {
  jobMetrics: () => METRICS,
  jobStats: () => NAMED,
  scopedJobStats: () =>
    METRICS.map(({ name }) => ({ name, scope: 'node', stats: [{ hostname: 'n01', id: null, data: statistics }] })),
  jobsMetricStats: ({ ids }) => (ids as string[]).map((id) => ({ id: Number(id), jobId: 'theirs', stats: NAMED })),
  nodeMetrics: () => [NODE],
  nodeMetricsList: () => ({ items: [NODE], totalNodes: 7, count: 1, hasNextPage: true, offset: null, limit: null }),
  clusterMetrics: () => ({
    nodeCount: 7,
    metrics: METRICS.map(({ name }) => ({ name, unit: metric.unit, timestep: 60, data: [10, null] })),
  }),
  updateConfiguration: () => null,
};

/** The question has one root field, without an alias. */
export function rootFieldOf({ query }: AskedOfCcBackend): string {
  return /\{\s*(\w+)/.exec(query.replace(/^[^{]*?(?=\{ )/, ''))?.[1] ?? '';
}

function dataFor(asked: AskedOfCcBackend): Record<string, unknown> {
  const name = rootFieldOf(asked);
  return { [name]: DATA[name]?.(asked.variables) };
}
