/** A libSQL server used by the service on Node and as a Worker: speed, deadlines, and the effect of its death. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type LibsqlServer, startLibsqlServer } from '../src/dev/servers/libsql-server.ts';
import { adapter, keptOf, patternFrom, type Sent } from './support/adapting.ts';
import { type BenchOptions, databaseFor, type Files, withFolder } from './support/database.ts';
import { each, get, type Target } from './support/http.ts';
import { childrenOf, cpuSec } from './support/processes.ts';
import { libsqlServerWith, startWorker } from './support/remote.ts';
import { startServer } from './support/server.ts';
import { atMost, type Check, fact, percentile, shown, spread } from './support/table.ts';

export const JOBS = 1_000_000;
const LIST = '/api/jobs/?items-per-page=25';
const LISTS = 400;
const SCAN = '/api/jobs/count?job-name.contains=zzzz';
const SCANS_AT_ONCE = 4;
const ROUNDS = 5;
const TIMEOUT = { REQUEST_TIMEOUT_MS: '300' };
/** Time between the last response and the measurement of CPU, and the length of the measurement. */
const SETTLE_MS = 500;
const WATCH_MS = 1_000;
const CONNECTIONS = 8;
const DEATHS = 5;

export async function run(options: BenchOptions): Promise<Check[]> {
  const files = await databaseFor(options);
  return await withFolder(async (folder) => {
    const server = await libsqlServerWith(files, join(folder, 'sqld'));
    let checks: Check[];
    try {
      checks = [
        ...(await onFile(files)),
        ...(await onServer(files, server)),
        ...(await inWorker(server)),
        ...(await onReplica(files, server, join(folder, 'replica.db'))),
      ];
    } finally {
      await server.stop();
    }
    return [...checks, ...(await deaths(files, join(folder, 'sqld')))];
  });
}

async function onFile(files: Files): Promise<Check[]> {
  const service = await startServer(files, TIMEOUT);
  try {
    return [
      ...(await lists('Node, a file', service)),
      ...(await deadlines('Node, a file', service, () => childrenOf(service.pid))),
    ];
  } finally {
    await service.stop();
  }
}

async function onServer(files: Files, server: LibsqlServer): Promise<Check[]> {
  // The service also stores the clusters on the server.
  const service = await startServer(files, { ...TIMEOUT, DB_URL: server.url });
  try {
    return [
      ...(await lists('Node, a libSQL server', service)),
      ...(await deadlines('Node, a libSQL server', service, () => [server.pid])),
    ];
  } finally {
    await service.stop();
  }
}

async function inWorker(server: LibsqlServer): Promise<Check[]> {
  const worker = await startWorker(server, TIMEOUT);
  try {
    return [
      atMost('a Worker is ready after', worker.readyMs, 3_000, ' ms'),
      ...(await lists('a Worker', worker, 15)),
      ...(await deadlines('a Worker', worker, () => [server.pid])),
    ];
  } finally {
    await worker.stop();
  }
}

async function onReplica(files: Files, server: LibsqlServer, path: string): Promise<Check[]> {
  const startedAt = performance.now();
  const service = await startServer(files, { ...TIMEOUT, DB_URL: `file:${path}`, DB_SYNC_URL: server.url });
  const readySec = (performance.now() - startedAt) / 1000;
  try {
    return [
      fact('Node, a replica: its first copy', `${shown(readySec)} s`),
      ...(await lists('Node, a replica', service)),
      ...(await deadlines('Node, a replica', service, () => childrenOf(service.pid))),
    ];
  } finally {
    await service.stop();
  }
}

async function lists(name: string, target: Target, limitMs?: number): Promise<Check[]> {
  await each(Array(100).fill(LIST), 1, (path: string) => get(target, path));
  const answers = await each(Array(LISTS).fill(LIST), 1, (path: string) => get(target, path));
  const times = answers.map(({ ms }) => ms);
  const p50 = percentile(times, 0.5);
  return [
    ...(limitMs === undefined ? [] : [atMost(`${name}: a list of 25, p50`, p50, limitMs, ' ms')]),
    fact(`${name}: a list of 25`, spread(times)),
  ];
}

/** Runs scans into the deadline, and measures the CPU that their processes still use half a second later. */
async function deadlines(name: string, target: Target, workers: () => number[]): Promise<Check[]> {
  const times: number[] = [];
  const cpu: number[] = [];
  let others = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const answers = await Promise.all(Array.from({ length: SCANS_AT_ONCE }, () => get(target, SCAN)));
    for (const { status, body, ms } of answers) {
      if (status !== 504 || !body.includes('"deadline_exceeded"')) others++;
      times.push(ms);
    }
    cpu.push(await cpuAfterwards(workers));
  }
  return [
    atMost(`${name}: answers other than 504 deadline_exceeded, of ${times.length}`, others, 0),
    atMost(`${name}: a scan with a deadline of 300 ms is answered after, p99`, percentile(times, 0.99), 400, ' ms'),
    atMost(`${name}: CPU of the database 500 ms later, worst round`, Math.max(...cpu), 2, ' %'),
  ];
}

async function cpuAfterwards(workers: () => number[]): Promise<number> {
  await sleep(SETTLE_MS);
  const before = new Map(workers().map((pid) => [pid, cpuSec(pid)]));
  await sleep(WATCH_MS);
  const used = workers().reduce((sum, pid) => sum + cpuSec(pid) - (before.get(pid) ?? 0), 0);
  return (used / (WATCH_MS / 1000)) * 100;
}

/** Kills the server under an adapter's load and restarts it: lost jobs, and time until requests succeed again. */
async function deaths(files: Files, folder: string): Promise<Check[]> {
  let server = await startLibsqlServer({ folder });
  const port = Number(new URL(server.url).port);
  const service = await startServer(files, { DB_URL: server.url, REQUEST_TIMEOUT_MS: '5000' });
  const sent: Sent[] = [];
  const backMs: number[] = [];
  try {
    const job = await patternFrom(service);
    for (let death = 0; death < DEATHS; death++) {
      const load = adapter(service, { job, jobs: 300, connections: CONNECTIONS });
      await sleep(200 + Math.random() * 300);
      await server.kill();
      await sleep(300);
      server = await startLibsqlServer({ folder, port });
      const back = performance.now();
      while ((await get(service, LIST)).status !== 200) await sleep(5);
      backMs.push(performance.now() - back);
      sent.push(...(await load).sent);
    }
  } finally {
    await service.stop();
    await server.stop();
  }
  const kept = await keptOf(join(folder, 'dbs/default/data'), sent);
  return [
    fact(
      `the server killed ${DEATHS} times under writes`,
      `${shown(sent.length)} requests, ${shown(sent.filter(({ status }) => status < 300 && status > 0).length)} acknowledged`,
    ),
    atMost('acknowledged and not there', kept.lost, 0),
    atMost('there twice', kept.doubled, 0),
    atMost('refused and yet there', kept.refusedAndThere, 0),
    fact('outcome_unknown', shown(kept.unknown)),
    atMost('service again after its return, worst', Math.max(...backMs), 2_000, ' ms'),
  ];
}
