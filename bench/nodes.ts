/** One, two or four services on one libSQL server: the gain for reads, and the cost of a write compared with a file. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { adapter, patternFrom } from './support/adapting.ts';
import { type BenchOptions, copyOf, databaseFor, type Files, withFolder } from './support/database.ts';
import { get, type Target } from './support/http.ts';
import { libsqlServerWith } from './support/remote.ts';
import { type Server, startServer } from './support/server.ts';
import { type Check, fact, percentile, shown, spread } from './support/table.ts';

export const JOBS = 200_000;
const NODES = [1, 2, 4];
const LIST = '/api/jobs/?items-per-page=25';
const STATISTICS = '/api/statistics/jobs?group-by=user&start-time=1763000000-';
const READ_MS = 8_000;
const CLIENTS = 8;
const WRITES = 500;

export async function run(options: BenchOptions): Promise<Check[]> {
  const files = await databaseFor(options);
  return await withFolder(async (folder) => {
    const server = await libsqlServerWith(files, join(folder, 'sqld'));
    const copy = await copyOf(files, folder);
    try {
      const checks: Check[] = [];
      for (const [name, path] of [
        ['lists of 25', LIST],
        ['statistics', STATISTICS],
      ] as const) {
        checks.push(fact(`${name}, Node on a file`, await rateOf(copy, {}, 1, path)));
        for (const nodes of NODES) {
          const words = `${name}, ${nodes} ${nodes === 1 ? 'node' : 'nodes'} on one server`;
          checks.push(fact(words, await rateOf(files, { DB_URL: server.url }, nodes, path)));
        }
        const replica = { DB_URL: `file:${join(folder, 'replica.db')}`, DB_SYNC_URL: server.url };
        checks.push(fact(`${name}, a node with a replica`, await rateOf(files, replica, 1, path)));
      }
      return [...checks, ...(await writes(copy, files, server.url, folder))];
    } finally {
      await server.stop();
    }
  });
}

/** Requests per second of clients that use the nodes in turn, and the time of a request. */
async function rateOf(files: Files, settings: Record<string, string>, nodes: number, path: string): Promise<string> {
  const services: Server[] = [];
  try {
    for (let node = 0; node < nodes; node++) services.push(await startServer(files, settings));
    const times: number[] = [];
    const until = performance.now() + READ_MS;
    const client = async (nth: number) => {
      for (let turn = nth; performance.now() < until; turn++) {
        const { status, ms } = await get(services[turn % nodes] as Target, path);
        if (status !== 200) throw new Error(`answered ${status}`);
        times.push(ms);
      }
    };
    await Promise.all(Array.from({ length: CLIENTS }, (_, nth) => client(nth)));
    return `${shown((times.length / READ_MS) * 1000)}/s, ${spread(times)}`;
  } finally {
    await Promise.all(services.map((service) => service.stop()));
  }
}

/** An adapter on one connection, on a file and through the server, in alternating rounds. */
async function writes(copy: Files, files: Files, url: string, folder: string): Promise<Check[]> {
  const onFile = await startServer(copy);
  const onServer = await startServer(files, { DB_URL: url });
  const onReplica = await startServer(files, { DB_URL: `file:${join(folder, 'replica.db')}`, DB_SYNC_URL: url });
  try {
    const job = await patternFrom(onFile);
    const times: Record<'file' | 'server' | 'replica', number[]> = { file: [], server: [], replica: [] };
    for (let round = 0; round < 4; round++) {
      for (const [name, service] of [
        ['file', onFile],
        ['server', onServer],
        ['replica', onReplica],
      ] as const) {
        const { sent } = await adapter(service, { job, jobs: WRITES / 4, connections: 1 });
        times[name].push(...sent.map(({ ms }) => ms));
        await sleep(100);
      }
    }
    const [file, server] = [percentile(times.file, 0.5), percentile(times.server, 0.5)];
    return [
      fact('a start or stop, on a file', spread(times.file)),
      fact('a start or stop, through a server', spread(times.server)),
      fact('a start or stop, with a replica', spread(times.replica)),
      fact('a write through a server against one on a file, p50', shown(server / file)),
    ];
  } finally {
    await Promise.all([onFile.stop(), onServer.stop(), onReplica.stop()]);
  }
}
