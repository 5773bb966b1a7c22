/**
 * POST /query with the requests of cc-backend's front end: the cost of a request, statistics compared with the REST
 * routes, many pages of jobs at once, and the memory of the library.
 */
import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type BenchOptions, databaseFor, type Files, generated } from './support/database.ts';
import { each, get, post } from './support/http.ts';
import { INIT, jobList, jobPage, type PageRequest, TWINS } from './support/page-requests.ts';
import { probe } from './support/probing.ts';
import { cpuSec, familyOf, rssMb, sample } from './support/processes.ts';
import { type Server, startGraphqlAlone, startServer } from './support/server.ts';
import { atMost, type Check, fact, percentile, shown, spread } from './support/table.ts';
import { warm } from './support/warm.ts';
import { untilReady } from './support/whole-requests.ts';

export const JOBS = 200_000;
/** A list also counts its jobs. Its limits are about the list, so there are few to count. */
const JOBS_OF_LISTS = 20_000;
/** The ratios of statistics apply from here on. With fewer jobs the parts of a request that do not grow are most. */
const RATIOS_FROM = 20_000_000;

const LIST_PATH = '/api/jobs/?items-per-page=25&with-metadata=true';
const ROUNDS = 15;
const REQUESTS_A_ROUND = 100;
const WARM_REQUESTS = 1_000;
const STATISTICS_ROUNDS = 45;

/** Pages of jobs with archived data. */
const PAGES = { jobs: 20_000, archived: 200, users: 50, requests: 10 };
const METRICS = ['flops_any', 'mem_bw', 'cpu_load', 'mem_used', 'ipc', 'clock'];
/** The monitoring status of a job whose data is in the archive. */
const ARCHIVED = 3;
const SETTLED_AFTER_MS = 10_000;
/** V8 gives memory back in up to three steps of eight seconds. */
const GIVEN_BACK_AFTER_MS = 30_000;
/** To one host, of all tabs together, as in HTTP/1.1. */
const CONNECTIONS_OF_BROWSER = 6;

export async function run(options: BenchOptions): Promise<Check[]> {
  const files = await databaseFor(options);
  const few = await generated(JOBS_OF_LISTS, 0);
  const more = await generated(JOBS, 0);
  const pages = await generated(PAGES.jobs, PAGES.archived);
  return [
    ...(await memoryOfLibrary(few)),
    ...(await lists(few)),
    ...(await listAmong(more)),
    ...(await statistics(files, options.jobs >= RATIOS_FROM)),
    ...(await jobPages(pages)),
  ];
}

/** Sends a request. Throws if the answer has errors. */
async function ask(server: Pick<Server, 'port' | 'token'>, request: PageRequest): Promise<number> {
  const { status, ms, body } = await post(server, '/query', JSON.stringify(request));
  if (status !== 200 || body.startsWith('{"errors"'))
    throw new Error(`${request.query}: ${status} ${body.slice(0, 500)}`);
  return ms;
}

/** The library is loaded at the first request. */
async function memoryOfLibrary(files: Files): Promise<Check[]> {
  const server = await startServer(files);
  try {
    await warm(server, 4, 2_000);
    const before = rssMb(server.pid);
    const firstMs = await ask(server, jobList(25));
    for (let request = 0; request < WARM_REQUESTS; request += 1) await ask(server, jobList(25));
    return [
      atMost('parent: growth by the first 1,000 GraphQL requests', rssMb(server.pid) - before, 40, ' MB'),
      fact('first GraphQL request', `${shown(firstMs)} ms`),
    ];
  } finally {
    await server.stop();
  }
}

/** The list of 25 and the init query beside the REST list and the library alone, in alternating rounds. */
async function lists(files: Files): Promise<Check[]> {
  const server = await startServer(files);
  const { body } = await post(server, '/query', JSON.stringify(jobList(25)));
  const alone = await startGraphqlAlone(body);
  const asks = {
    rest: { server, send: async () => (await get(server, LIST_PATH)).ms },
    list: { server, send: () => ask(server, jobList(25)) },
    alone: { server: alone, send: () => ask(alone, jobList(25)) },
    init: { server, send: () => ask(server, INIT) },
  };
  const measured = { rest: new Costs(), list: new Costs(), alone: new Costs(), init: new Costs() };
  const names = ['rest', 'list', 'alone', 'init'] as const;
  try {
    for (const name of names) for (let request = 0; request < WARM_REQUESTS; request += 1) await asks[name].send();
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const name of names) await measured[name].round(asks[name].server.pid, asks[name].send);
    }
  } finally {
    await server.stop();
    await alone.stop();
  }
  const { rest, list, alone: library, init } = measured;
  return [
    atMost('list of 25: CPU of the parent', list.cpuMs, 2.5, ' ms'),
    atMost('list of 25: more than the REST list, at the median', list.medianMs - rest.medianMs, 2, ' ms'),
    atMost('init at the median', init.medianMs, 10, ' ms'),
    fact(
      'CPU: the library alone; of the parent: REST list, init',
      [library, rest, init].map((one) => `${shown(one.cpuMs)} ms`).join(', '),
    ),
    fact(
      'CPU of all processes: list, REST list, init',
      [list, rest, init].map((one) => `${shown(one.familyMs)} ms`).join(', '),
    ),
    fact('list of 25', spread(list.timesMs)),
    fact('REST list of 25', spread(rest.timesMs)),
    fact('init', spread(init.timesMs)),
  ];
}

/** The list of 25 and the REST list where there is more to count. */
async function listAmong(files: Files): Promise<Check[]> {
  const server = await startServer(files);
  const times: { list: number[]; rest: number[] } = { list: [], rest: [] };
  try {
    for (let request = -WARM_REQUESTS; request < REQUESTS_A_ROUND; request += 1) {
      const [rest, list] = [(await get(server, LIST_PATH)).ms, await ask(server, jobList(25))];
      if (request < 0) continue;
      times.rest.push(rest);
      times.list.push(list);
    }
  } finally {
    await server.stop();
  }
  const [list, rest] = [percentile(times.list, 0.5), percentile(times.rest, 0.5)];
  return [fact(`list of 25 among ${JOBS / 1000},000 jobs: more than the REST list`, `${shown(list - rest)} ms`)];
}

/** Times and CPU of one kind of request. The CPU is that of the fastest round: other programs only add to it. */
class Costs {
  readonly timesMs: number[] = [];
  readonly #cpu: number[] = [];
  readonly #family: number[] = [];

  async round(pid: number, send: () => Promise<number>): Promise<void> {
    const ofFamily = () => familyOf(pid).reduce((sum, each) => sum + cpuSec(each), 0);
    const [cpu, family] = [cpuSec(pid), ofFamily()];
    for (let request = 0; request < REQUESTS_A_ROUND; request += 1) this.timesMs.push(await send());
    this.#cpu.push(((cpuSec(pid) - cpu) * 1_000) / REQUESTS_A_ROUND);
    this.#family.push(((ofFamily() - family) * 1_000) / REQUESTS_A_ROUND);
  }

  get cpuMs(): number {
    return Math.min(...this.#cpu);
  }

  get familyMs(): number {
    return Math.min(...this.#family);
  }

  get medianMs(): number {
    return percentile(this.timesMs, 0.5);
  }
}

/** Each question of the pages of statistics beside the same question by REST, with the column index. */
async function statistics(files: Files, hasLimits: boolean): Promise<Check[]> {
  const server = await startServer(files, { COLUMN_INDEX: 'on', DB_MEMORY_LIMIT_MB: '3000' });
  try {
    await untilReady(server);
    const checks: Check[] = [];
    for (const { name, request, paths } of TWINS) {
      const times: { graphql: number[]; rest: number[] } = { graphql: [], rest: [] };
      for (let round = -2; round < STATISTICS_ROUNDS; round += 1) {
        const restMs = await timeOf(() => Promise.all(paths.map((path) => get(server, path))));
        const graphqlMs = await timeOf(() => ask(server, request));
        if (round < 0) continue; // warms up
        times.rest.push(restMs);
        times.graphql.push(graphqlMs);
      }
      const [graphql, rest] = [percentile(times.graphql, 0.5), percentile(times.rest, 0.5)];
      const both = `${shown(graphql)} and ${shown(rest)} ms`;
      checks.push(
        hasLimits
          ? atMost(`${name}: GraphQL / REST (${both})`, graphql / rest, 1.15)
          : fact(`${name}: GraphQL / REST`, `${shown(graphql / rest)} (${both})`),
      );
    }
    return checks;
  } finally {
    await server.stop();
  }
}

async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

/** The jobs with metric data in the archive. */
async function idsOfArchived(server: Server): Promise<number[]> {
  const { body } = await get(server, `/api/jobs/?items-per-page=${PAGES.jobs}`);
  const { jobs } = JSON.parse(body) as { jobs: { id: number; monitoringStatus?: number }[] };
  return jobs.filter(({ monitoringStatus }) => monitoringStatus === ARCHIVED).map(({ id }) => id);
}

/** Many users open many pages of jobs at once. Another one asks for lists. */
async function jobPages(files: Files): Promise<Check[]> {
  const server = await startServer(files);
  try {
    const archived = await idsOfArchived(server);
    const users = await Promise.all(
      Array.from({ length: PAGES.users }, async (_, nth) => ({
        port: server.port,
        token: await server.tokenOf(`user${nth}`, ['admin', 'api']),
      })),
    );
    const browsers = users.map(() => new Agent({ keepAlive: true, maxSockets: CONNECTIONS_OF_BROWSER }));
    const statuses = new Map<number, number>();
    /** Opens a page in the browser of a user. Returns the time until it is complete. */
    const open = async (id: number, at: number) => {
      const user = users[at % users.length] ?? server;
      const browser = browsers[at % users.length];
      const answers = await Promise.all(
        jobPage(id, METRICS).map((one) => post(user, '/query', JSON.stringify(one), browser)),
      );
      for (const { status, body: text } of answers) {
        const shownStatus = status === 200 && text.startsWith('{"errors"') ? 0 : status;
        statuses.set(shownStatus, (statuses.get(shownStatus) ?? 0) + 1);
      }
      return Math.max(...answers.map(({ ms }) => ms));
    };
    await warm(server, 4, 2_000);
    await each(archived.slice(0, PAGES.users), PAGES.users, open); // compiled code and cached tokens stay
    for (const browser of browsers) browser.destroy();
    statuses.clear();
    await sleep(SETTLED_AFTER_MS);
    const before = rssMb(server.pid);
    const memory = sample(() => rssMb(server.pid), 20);
    const lists = probe({ port: server.port, token: await server.tokenOf('other', ['admin', 'api']) }, LIST_PATH);
    await sleep(1_000);
    const startedAt = performance.now();
    const times = await each(archived, PAGES.archived, open);
    const seconds = (performance.now() - startedAt) / 1_000;
    const { timesMs, failed } = await lists.stop();
    const most = Math.max(...memory.stop());
    for (const browser of browsers) browser.destroy();
    await sleep(GIVEN_BACK_AFTER_MS);
    return [
      atMost(`${PAGES.archived} job pages at once: other lists, p99`, percentile(timesMs, 0.99), 50, ' ms'),
      atMost('job pages: other lists that failed', failed, 0),
      atMost('job pages: requests that failed', PAGES.archived * PAGES.requests - (statuses.get(200) ?? 0), 0),
      atMost('job pages: growth of the parent', most - before, 60, ' MB'),
      atMost('job pages: growth that remains after 30 s', rssMb(server.pid) - before, 10, ' MB'),
      fact('job pages: answers', JSON.stringify(Object.fromEntries(statuses))),
      fact('job pages: other lists', spread(timesMs)),
      fact('job pages: complete page', spread(times)),
      fact('job pages: all of them', `${shown(seconds)} s`),
    ];
  } finally {
    await server.stop();
  }
}
