/** The requests of a scheduler adapter over HTTP: lost and duplicated jobs, speed, and the effect on readers. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Adapted, adapter, keptOf, patternFrom } from './support/adapting.ts';
import { type BenchOptions, copyOf, databaseFor, withFolder } from './support/database.ts';
import { probe } from './support/probing.ts';
import { startServer } from './support/server.ts';
import { atMost, type Check, fact, percentile, shown, spread } from './support/table.ts';
import { warm } from './support/warm.ts';

export const JOBS = 2_000_000;
const READERS = 4;
const ONE_CONNECTION_JOBS = 1_000;
/** Jobs written before the measurement, so that the service is at its usual operating level. */
const WARM_UP_JOBS = 1_000;
const MANY = { jobs: 5_000, connections: 32 };
const OPEN = { jobs: 2_000, connections: 64, perSec: 200 };
const LIST = '/api/jobs/?items-per-page=25';
const ALONE_MS = 5_000;
/** A reader requests a list every 50 ms, like a few people with open pages. */
const LIST_EVERY_MS = 50;

export async function run(options: BenchOptions): Promise<Check[]> {
  const files = await databaseFor(options);
  return await withFolder(async (folder) => {
    const copy = await copyOf(files, folder);
    const server = await startServer(copy);
    try {
      await warm(server, READERS);
      const job = await patternFrom(server);
      const first = await adapter(server, { job, jobs: WARM_UP_JOBS, connections: 1 });
      const one = await adapter(server, { job, jobs: ONE_CONNECTION_JOBS, connections: 1 });
      const alone = await listsMeanwhile(server, () => sleep(ALONE_MS));
      const open = await listsMeanwhile(server, () => adapter(server, { job, ...OPEN }));
      const many = await listsMeanwhile(server, () => adapter(server, { job, ...MANY }));
      const all = [first, one, open.result, many.result].flatMap(({ sent }) => sent);
      const kept = await keptOf(copy.db, all);
      const aloneP99 = percentile(alone.timesMs, 0.99);
      return [
        fact(
          'requests',
          `${shown(all.length)}, of them ${all.filter(({ status }) => status < 300).length} acknowledged`,
        ),
        atMost('acknowledged and not there', kept.lost, 0),
        atMost('there twice', kept.doubled, 0),
        atMost('refused and yet there', kept.refusedAndThere, 0),
        ...oneConnection(one),
        fact(`one connection, the first ${shown(2 * WARM_UP_JOBS)} requests of the service`, spread(timesOf(first))),
        ...openLoop(open.result),
        ...closedLoop(many.result),
        fact('lists of 25 alone', spread(alone.timesMs)),
        atMost('lists meanwhile, 200 requests/s: p99 against alone', percentile(open.timesMs, 0.99) / aloneP99, 2),
        fact('lists meanwhile, 200 requests/s', spread(open.timesMs)),
        atMost('lists meanwhile, 32 connections: p99 against alone', percentile(many.timesMs, 0.99) / aloneP99, 2),
        fact('lists meanwhile, 32 connections', spread(many.timesMs)),
      ];
    } finally {
      await server.stop();
    }
  });
}

const timesOf = ({ sent }: Adapted) => sent.map(({ ms }) => ms);

function oneConnection(one: Adapted): Check[] {
  return [
    atMost('one connection, p50', percentile(timesOf(one), 0.5), 1.5, ' ms'),
    fact('one connection', spread(timesOf(one))),
  ];
}

function openLoop(open: Adapted): Check[] {
  return [
    atMost('200 requests/s (open loop), p99', percentile(timesOf(open), 0.99), 25, ' ms'),
    fact('200 requests/s (open loop)', `${spread(timesOf(open))}, ${shown(open.sent.length / open.seconds)}/s sent`),
  ];
}

function closedLoop(many: Adapted): Check[] {
  return [
    fact('32 connections, requests/s', shown(many.sent.length / many.seconds)),
    fact('32 connections', spread(timesOf(many))),
  ];
}

async function listsMeanwhile<Result>(server: Parameters<typeof probe>[0], work: () => Promise<Result>) {
  const lists = probe(server, LIST, LIST_EVERY_MS);
  const result = await work();
  const { timesMs } = await lists.stop();
  return { result, timesMs };
}
