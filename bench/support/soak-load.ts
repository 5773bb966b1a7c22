/**
 * The load of a service during a day, at a moderate rate: people, an adapter, scripts, errors, unauthenticated clients.
 */
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { JobPattern } from './adapting.ts';
import { FIRST_OWN_ID } from './jobs.ts';
import { INIT, jobList, jobPage, type PageRequest } from './page-requests.ts';
import type { SoakClient } from './soak-client.ts';

/** Jobs that an adapter has started and not yet deleted. */
const KEPT_JOBS = 100;
const LATE_JOBS = 2;
/** Nodes in a report of states. */
const REPORTED_NODES = 20;
/** The patterns of a scan that takes much longer than any deadline of a soak, if there are enough jobs. */
const SCAN = Array.from({ length: 600 }, (_, nth) => `user.contains=zz${nth}`).join('&');
const PAGES = ['/', '/jobs', '/jobs?state=running', '/statistics', '/system', '/timeline', '/partitions'];
const STATES = ['idle', 'allocated', 'down'];
const BROKEN = [
  'GET /healthz HTTP/1.1\r\nHost: a b\r\n\r\n',
  'hello\r\n\r\n',
  'GET / HTTP/1.1\r\nX: '.padEnd(20_000, 'x'),
];

/** One kind of request: its interval and the expected statuses. */
interface Kind {
  name: string;
  everyMs: number;
  expected: readonly number[];
  send(nth: number): Promise<number>;
}

export class SoakLoad {
  /** Requests of the whole soak by kind and status. */
  readonly counts = new Map<string, number>();
  requests = 0;
  unexpected = 0;
  /** Response times of /healthz since the last call of `takeHealthMs`. */
  #healthMs: number[] = [];
  #running = true;
  #ended: Promise<unknown> = Promise.resolve();
  readonly #client: SoakClient;
  readonly #job: JobPattern;
  /** The number of generated jobs. The newest of them have the highest ids, and metric data. */
  readonly #jobs: number;

  constructor(client: SoakClient, job: JobPattern, jobs: number) {
    this.#client = client;
    this.#job = job;
    this.#jobs = jobs;
  }

  start(): void {
    this.#ended = Promise.all([...this.#kinds(), ...this.#writes()].map((kind) => this.#repeat(kind)));
  }

  async stop(): Promise<void> {
    this.#running = false;
    await this.#ended;
  }

  takeHealthMs(): number[] {
    const taken = this.#healthMs;
    this.#healthMs = [];
    return taken;
  }

  async #repeat({ name, everyMs, expected, send }: Kind): Promise<void> {
    for (let nth = 0; this.#running; nth++) {
      const startedAt = performance.now();
      const status = await send(nth).catch(() => 0);
      const tookMs = performance.now() - startedAt;
      this.requests++;
      if (name === 'healthz') this.#healthMs.push(tookMs);
      if (!expected.includes(status)) this.unexpected++;
      const what = `${name} ${status === 0 ? 'no answer' : status}${expected.includes(status) ? '' : ' (unexpected)'}`;
      this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
      await sleep(Math.max(0, everyMs - tookMs));
    }
  }

  #kinds(): Kind[] {
    const client = this.#client;
    const ok = [200];
    const get = (path: string) => client.ask(path);
    const graphql = (request: PageRequest) => client.ask('/query', { method: 'POST', body: JSON.stringify(request) });
    return [
      { name: 'healthz', everyMs: 250, expected: ok, send: () => get('/healthz') },
      { name: 'list', everyMs: 200, expected: ok, send: (nth) => get(`/api/jobs/?page=${1 + (nth % 40)}`) },
      { name: 'count', everyMs: 500, expected: ok, send: (nth) => get(`/api/jobs/count?num-nodes=${1 + (nth % 9)}-`) },
      { name: 'statistics', everyMs: 3_000, expected: ok, send: (nth) => get(`/api/statistics/jobs?${group(nth)}`) },
      {
        name: 'histograms',
        everyMs: 5_000,
        expected: ok,
        send: () => get('/api/statistics/histograms?metric=flops_any'),
      },
      { name: 'page', everyMs: 1_000, expected: ok, send: (nth) => client.page(PAGES[nth % PAGES.length] ?? '/') },
      { name: 'job page', everyMs: 3_000, expected: ok, send: (nth) => client.page(`/jobs/${this.#recentJob(nth)}`) },
      { name: 'data', everyMs: 2_000, expected: ok, send: (nth) => get(`/api/jobs/metrics/${this.#recentJob(nth)}`) },
      { name: 'GraphQL list', everyMs: 1_000, expected: ok, send: (nth) => graphql(jobList(25 + (nth % 50))) },
      { name: 'GraphQL init', everyMs: 10_000, expected: ok, send: () => graphql(INIT) },
      {
        name: 'GraphQL job page',
        everyMs: 10_000,
        expected: ok,
        send: async (nth) => {
          const statuses = await Promise.all(jobPage(this.#recentJob(nth), ['flops_any', 'mem_bw']).map(graphql));
          return statuses.find((status) => status !== 200) ?? 200;
        },
      },
      {
        name: 'percentiles',
        everyMs: 7_000,
        expected: ok,
        send: () => get('/api/statistics/percentiles?of=wait&p=50,90&group-by=partition'),
      },
      { name: 'timeline', everyMs: 7_000, expected: ok, send: () => get('/api/statistics/timeline?bucket=month') },
      { name: 'export', everyMs: 30_000, expected: ok, send: () => get('/api/jobs.csv?state=failed') },
      { name: 'node states', everyMs: 2_000, expected: ok, send: (nth) => this.#reportNodes(nth) },
      { name: 'stream', everyMs: 20_000, expected: ok, send: () => get('/api/jobs/?items-per-page=20000') },
      {
        name: 'scan',
        everyMs: 60_000,
        expected: this.#jobs < 100_000 ? [200, 504] : [504],
        send: () => get(`/api/jobs/count?${SCAN}`),
      },
      { name: 'login', everyMs: 60_000, expected: [302], send: () => client.logIn() },
      { name: 'wrong password', everyMs: 45_000, expected: [401], send: (nth) => client.logInAs(`none${nth}`, 'x') },
      { name: 'unknown parameter', everyMs: 2_000, expected: [400], send: () => get('/api/jobs/?zzz=1') },
      {
        name: 'broken body',
        everyMs: 2_000,
        expected: [400],
        send: () => client.ask('/api/jobs/start_job/', { method: 'POST', body: '{"jobId":' }),
      },
      { name: 'bad token', everyMs: 2_000, expected: [401], send: () => client.ask('/api/jobs/', { token: 'a.b.c' }) },
      {
        name: 'hang-up',
        everyMs: 2_000,
        expected: [0, 200],
        send: () => client.hangUp('/api/jobs/?items-per-page=5000'),
      },
      { name: 'broken HTTP', everyMs: 4_000, expected: [0], send: (nth) => this.#raw(BROKEN[nth % 3] ?? '') },
      { name: 'silent connection', everyMs: 4_000, expected: [0], send: () => this.#raw('POST /login HTTP/1.1\r\n') },
    ];
  }

  /** An adapter: starts a job, tags it, stops the previous one and deletes an old one. */
  #writes(): Kind[] {
    const client = this.#client;
    const { cluster, startTime } = this.#job;
    const ids: number[] = [];
    const post = (path: string, value: unknown) => client.ask(path, { method: 'POST', body: JSON.stringify(value) });
    const start = async (nth: number) => {
      const answer = await post('/api/jobs/start_job/', { ...this.#job, jobId: FIRST_OWN_ID + nth });
      ids.push(nth);
      return answer;
    };
    const stop = (nth: number) =>
      post('/api/jobs/stop_job/', { jobId: FIRST_OWN_ID + nth, cluster, startTime, stopTime: startTime + 60 });
    const tag = [{ type: 'soak', name: 'tagged', scope: 'global' }];
    const remove = (nth: number) =>
      client.ask('/api/jobs/delete_job/', {
        method: 'DELETE',
        body: JSON.stringify({ jobId: FIRST_OWN_ID + nth, cluster, startTime }),
      });
    const job: Kind = {
      name: 'adapter',
      everyMs: 500,
      expected: [200, 201],
      send: async (nth) => {
        const statuses = [await start(nth)];
        if (ids.length > LATE_JOBS) statuses.push(await stop(nth - LATE_JOBS));
        if (nth % 4 === 0) statuses.push(await post(`/api/jobs/tag_job/${this.#recentJob(nth)}`, tag));
        if (ids.length > KEPT_JOBS) statuses.push(await remove(ids.shift() ?? 0));
        return statuses.find((status) => status !== 200 && status !== 201) ?? 200;
      },
    };
    return [job];
  }

  /** One of the newest generated jobs, which retention keeps. */
  #recentJob(nth: number): number {
    return this.#jobs - 100 - (nth % Math.min(900, Math.floor(this.#jobs / 4)));
  }

  /** The nodes of the pattern, and others that are in no node list, which are ignored. */
  async #reportNodes(nth: number): Promise<number> {
    const { cluster, resources } = this.#job;
    const known = z.array(z.object({ hostname: z.string() })).parse(resources);
    const others = Array.from({ length: REPORTED_NODES }, (_, at) => ({ hostname: `unknown${at}` }));
    const nodes = [...known, ...others].map(({ hostname }) => ({ hostname, states: [STATES[nth % STATES.length]] }));
    return await this.#client.ask('/api/nodestate/', { method: 'POST', body: JSON.stringify({ cluster, nodes }) });
  }

  /** Sends bytes on a separate connection, then disconnects. */
  #raw(bytes: string): Promise<number> {
    return new Promise((resolve) => {
      const socket = connect(this.#client.port, '127.0.0.1', () => socket.write(bytes));
      socket.on('error', () => {});
      socket.on('data', () => {});
      socket.on('close', () => resolve(0));
      setTimeout(() => socket.destroy(), 3_000);
    });
  }
}

function group(nth: number): string {
  return `group-by=${['user', 'project', 'cluster', 'subcluster'][nth % 4]}`;
}
