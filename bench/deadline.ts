/** Deadlines: the response comes when the deadline passes, and the query has stopped. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type BenchOptions, databaseFor, type Files } from './support/database.ts';
import { get } from './support/http.ts';
import { childrenOf, cpuSec } from './support/processes.ts';
import { type Server, startServer } from './support/server.ts';
import { atMost, type Check, fact, percentile, shown, spread } from './support/table.ts';
import { warm } from './support/warm.ts';

export const JOBS = 2_000_000;
const CLIENTS = 20;
const ROUNDS = 15;
const TIMEOUT_MS = 300;
const HANG_UP_MS = 50;
const SCAN = '/api/jobs/count?job-name.contains=zzzz';
/** Time between the last response and the measurement of CPU, and the length of the measurement. */
const SETTLE_MS = 500;
const WATCH_MS = 2_000;

export async function run(options: BenchOptions): Promise<Check[]> {
  const files = await databaseFor(options);
  return [...(await timeouts(files)), ...(await hangUps(files))];
}

async function timeouts(files: Files): Promise<Check[]> {
  const server = await startServer(files, { REQUEST_TIMEOUT_MS: String(TIMEOUT_MS) });
  try {
    await warm(server, 4, 400);
    const overshootMs: number[] = [];
    const idle = await cpuAfterwards(server.pid);
    const cpu: number[] = [];
    let others = 0;
    const first = await atOnce(server); // runs the code of a 504 for the first time
    for (let round = 0; round < ROUNDS; round++) {
      const answers = await atOnce(server);
      others += answers.filter(({ isTimeout }) => !isTimeout).length;
      overshootMs.push(...answers.map(({ lateMs }) => lateMs));
      cpu.push(await cpuAfterwards(server.pid));
    }
    return [
      atMost(`answers other than 504 deadline_exceeded, of ${overshootMs.length}`, others, 0),
      atMost('answered after the deadline, p99', percentile(overshootMs, 0.99), 50, ' ms'),
      fact('answered after the deadline', spread(overshootMs)),
      fact('of the first 504s of a service', spread(first.map(({ lateMs }) => lateMs))),
      atMost('CPU of the database processes 500 ms later, worst round', Math.max(...cpu), 1, ' %'),
      fact('CPU of them before the first query (heartbeats)', `${shown(idle)} %`),
      fact('CPU 500 ms later, each round', `${cpu.map(shown).join(', ')} %`),
    ];
  } finally {
    await server.stop();
  }
}

/** One scan of each client at the same time. */
async function atOnce(server: Server) {
  const answers = await Promise.all(Array.from({ length: CLIENTS }, () => get(server, SCAN)));
  return answers.map(({ status, body, ms }) => ({
    isTimeout: status === 504 && body.includes('"deadline_exceeded"'),
    lateMs: ms - TIMEOUT_MS,
  }));
}

async function hangUps(files: Files): Promise<Check[]> {
  const server = await startServer(files, { REQUEST_TIMEOUT_MS: '30000' });
  try {
    await warm(server, 4, 400);
    const cpu: number[] = [];
    let answered = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const all = Array.from({ length: CLIENTS }, () => get(server, SCAN, HANG_UP_MS));
      answered += (await Promise.allSettled(all)).filter(({ status }) => status === 'fulfilled').length;
      cpu.push(await cpuAfterwards(server.pid));
    }
    return [
      atMost('hang up after 50 ms: answers all the same', answered, 0),
      atMost('hang up after 50 ms: CPU 500 ms later, worst round', Math.max(...cpu), 1, ' %'),
    ];
  } finally {
    await server.stop();
  }
}

/** Per cent of one CPU that all database processes use together, from 500 ms after the last response on. */
async function cpuAfterwards(parent: number): Promise<number> {
  await sleep(SETTLE_MS);
  const before = new Map(childrenOf(parent).map((pid) => [pid, cpuSec(pid)]));
  await sleep(WATCH_MS);
  // A process that started since then is a replacement. Its start counts, too.
  const used = childrenOf(parent).reduce((sum, pid) => sum + cpuSec(pid) - (before.get(pid) ?? 0), 0);
  return (used / (WATCH_MS / 1000)) * 100;
}
