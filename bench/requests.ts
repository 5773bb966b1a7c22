/** Small requests: the memory left by half a million of them, and the cost of a connection process per request. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type BenchOptions, databaseFor, type Files } from './support/database.ts';
import type { Target } from './support/http.ts';
import { rssMb } from './support/processes.ts';
import { startOneProcess, startServer } from './support/server.ts';
import { atMost, type Check, fact, percentile, shown } from './support/table.ts';
import { warm } from './support/warm.ts';

export const JOBS = 2_000_000;
const REQUESTS = 500_000;
const FROM = 100_000;
const STEP = 10_000;
const CONNECTIONS = 4;
const LIST = '/api/jobs/?items-per-page=25';
/** A job by its database id: the smallest query. */
const SMALL = '/api/jobs/count?db-id=100';
const ROUNDS = 15;
const PER_ROUND = 1_000;

export async function run(options: BenchOptions): Promise<Check[]> {
  const files = await databaseFor(options);
  return [...(await ratio(files)), ...(await growth(files))];
}

/** Memory of the parent with its access log on, as by default. */
async function growth(files: Files): Promise<Check[]> {
  const server = await startServer(files, { LOG_LEVEL: 'info', BENCH_LOG: 'off' });
  try {
    await warm(server, CONNECTIONS, 400);
    const client = clientOf(server, SMALL, CONNECTIONS);
    const rss: number[] = [rssMb(server.pid)];
    const startedAt = performance.now();
    for (let done = 0; done < REQUESTS; done += STEP) {
      await client.ask(STEP);
      rss.push(rssMb(server.pid));
    }
    const seconds = (performance.now() - startedAt) / 1000;
    client.end();
    const at = (requests: number) => rss[requests / STEP] ?? 0;
    const marks = [0, 10_000, 100_000, 200_000, 300_000, 400_000, 500_000];
    return [
      atMost('growth of the parent from the 100,000th to the 500,000th request', at(REQUESTS) - at(FROM), 10, ' MB'),
      fact(`parent after ${marks.map(shown).join(' / ')}`, `${marks.map((mark) => shown(at(mark))).join(' / ')} MB`),
      fact('requests/s over 4 connections', shown(REQUESTS / seconds)),
    ];
  } finally {
    await server.stop();
  }
}

/** The list of 25 from the pool and from a connection in the server's own process, in alternating rounds. */
async function ratio(files: Files): Promise<Check[]> {
  const servers = [await startServer(files), await startOneProcess(files)];
  const clients = servers.map((server) => clientOf(server, LIST, 1));
  try {
    for (const client of clients) await client.ask(3 * PER_ROUND);
    const rounds: number[][] = [[], []];
    for (let round = 0; round < ROUNDS; round++) {
      for (const [which, client] of clients.entries()) rounds[which]?.push((await client.ask(PER_ROUND)).medianMs);
    }
    const [pool = [], own = []] = rounds;
    const ratios = pool.map((ms, round) => ms / (own[round] ?? ms));
    const three = (values: number[]) =>
      [0.1, 0.5, 0.9].map((share) => percentile(values, share).toFixed(2)).join(' / ');
    return [
      atMost(`list of 25, processes against in process, median of ${ROUNDS} rounds`, percentile(ratios, 0.5), 1.6),
      fact('ratio p10 / p50 / p90', three(ratios)),
      fact('with connection processes p10 / p50 / p90', `${three(pool)} ms`),
      fact('in process p10 / p50 / p90', `${three(own)} ms`),
    ];
  } finally {
    for (const client of clients) client.end();
    for (const server of servers) await server.stop();
  }
}

/** A client in a process of its own. `ask` sends a number of requests and resolves when all are done. */
function clientOf({ port, token }: Target, path: string, connections: number) {
  const program = join(import.meta.dirname, 'support/small-requests.ts');
  const child = fork(program, [String(port), path, String(connections)], {
    env: { PATH: process.env['PATH'], TOKEN: token },
    execArgv: [],
  });
  return {
    async ask(requests: number): Promise<{ medianMs: number }> {
      const answered = once(child, 'message');
      child.send(requests);
      const [answer] = (await answered) as [{ medianMs: number }];
      return answer;
    },
    end: () => child.disconnect(),
  };
}
