/**
 * The cost of a libSQL server's compression: lists as the service requests them, and with gzip, in alternating rounds.
 */
import { once } from 'node:events';
import { createServer, type Server as HttpServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type BenchOptions, databaseFor, withFolder } from './support/database.ts';
import { get, type Target } from './support/http.ts';
import { cpuSec } from './support/processes.ts';
import { libsqlServerWith } from './support/remote.ts';
import { startServer } from './support/server.ts';
import { atLeast, type Check, fact, percentile, shown } from './support/table.ts';

export const JOBS = 100_000;
const LISTS: readonly [length: number, times: number][] = [
  [25, 40],
  [1_000, 20],
  [50_000, 3],
];
/** The ratio of the two times, which does not depend on the load of the machine. */
const LEAST_GAIN = 1.5;

export async function run(options: BenchOptions): Promise<Check[]> {
  const files = await databaseFor(options);
  return await withFolder(async (folder) => {
    const server = await libsqlServerWith(files, join(folder, 'sqld'));
    const proxies = [await proxyTo(server.url, undefined), await proxyTo(server.url, 'gzip, deflate')];
    const services: (Target & { stop(): Promise<void> })[] = [];
    try {
      for (const proxy of proxies) {
        services.push(await startServer(files, { DB_URL: urlOf(proxy), REQUEST_TIMEOUT_MS: '120000' }));
      }
      const checks: Check[] = [];
      for (const [length, times] of LISTS) checks.push(...(await compared(services, length, times, server.pid)));
      return checks;
    } finally {
      for (const service of services) await service.stop();
      for (const proxy of proxies) proxy.closeAllConnections();
      for (const proxy of proxies) proxy.close();
      await server.stop();
    }
  });
}

async function compared(services: readonly Target[], length: number, times: number, pid: number): Promise<Check[]> {
  const path = `/api/jobs/?items-per-page=${length}&start-time=1-`;
  const taken = services.map(() => ({ ms: [] as number[], cpuMs: 0 }));
  for (let round = 0; round <= times; round++) {
    for (const [at, service] of services.entries()) {
      const before = cpuSec(pid);
      const { status, ms } = await get(service, path);
      if (status !== 200) throw new Error(`${path}: ${status}`);
      const mine = taken[at];
      if (round === 0 || mine === undefined) continue; // the first round warms up
      mine.ms.push(ms);
      mine.cpuMs += ((cpuSec(pid) - before) * 1000) / times;
    }
  }
  const [plain, packed] = taken.map(({ ms }) => percentile(ms, 0.5));
  const words = (at: number) => `${shown(percentile(taken[at]?.ms ?? [], 0.5))} ms, ${shown(taken[at]?.cpuMs ?? 0)} ms`;
  const gain = (packed ?? 0) / (plain ?? 1);
  return [
    fact(`a list of ${shown(length)} with identity: p50, CPU of the server`, words(0)),
    fact(`a list of ${shown(length)} with gzip: p50, CPU of the server`, words(1)),
    length < 1_000
      ? fact(`a list of ${shown(length)}: identity is faster`, `${shown(gain)} times`)
      : atLeast(`a list of ${shown(length)}: identity is faster`, gain, LEAST_GAIN, ' times'),
  ];
}

/** Forwards everything, with another Accept-Encoding if `encoding` is given. */
async function proxyTo(url: string, encoding: string | undefined): Promise<HttpServer> {
  const proxy = createServer((asked, answer) => {
    const headers = { ...asked.headers, ...(encoding === undefined ? {} : { 'accept-encoding': encoding }) };
    const onward = request(`${url}${asked.url}`, { method: asked.method, headers }, (real) => {
      answer.writeHead(real.statusCode ?? 500, real.headers);
      real.pipe(answer);
    });
    onward.on('error', () => answer.destroy());
    asked.pipe(onward);
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return proxy;
}

function urlOf(proxy: HttpServer): string {
  return `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
}
