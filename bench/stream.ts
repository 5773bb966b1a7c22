/** One response of a million jobs: memory, rate, and the effect on other requests. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type BenchOptions, databaseFor, type Files, generated } from './support/database.ts';
import type { Target } from './support/http.ts';
import { probe } from './support/probing.ts';
import { boundMb, familyOf, sample } from './support/processes.ts';
import { type Server, startServer } from './support/server.ts';
import { atLeast, atMost, type Check, fact, percentile, shown, spread } from './support/table.ts';
import { warm } from './support/warm.ts';

/** The response has 1 M of these jobs. Jobs of a generated file have no archived data. */
export const JOBS = 1_200_000;
const ROWS = 1_000_000;
/** Jobs with archived data, each in a file of its own. Few, because it takes time to create them. */
const ARCHIVED = 2_000;
const SAMPLE_MS = 20;
const PAUSE_MS = 5_000;
const LIST = `/api/jobs/?items-per-page=${ROWS}`;
const SMALL = '/api/jobs/?items-per-page=25';
/** MemAvailable and the page cache are not measured, only the memory of the processes. */
const READERS = 4;

export async function run(options: BenchOptions): Promise<Check[]> {
  const files = await databaseFor(options);
  const archived = await generated(ARCHIVED * 20, ARCHIVED);
  return [...(await million(files)), ...(await withArchive(archived))];
}

async function million(files: Files): Promise<Check[]> {
  const server = await startServer(files);
  try {
    await warm(server, READERS);
    const alone = probe(server, SMALL);
    await sleep(3_000);
    const { timesMs: aloneMs } = await alone.stop();
    await read(server, LIST, 0); // reads the file from disk once
    const { rows, seconds } = await read(server, LIST, 0); // not sampled: sampling every 20 ms costs 5-10 %
    const undisturbed = await observed(server, 0, []);
    const full = await observed(server, 0);
    const slow = await observed(server, PAUSE_MS);
    return [
      atLeast('rows/s, client at full speed', rows / seconds, 100_000),
      fact('one answer', `${shown(full.rows)} rows, ${shown(full.bytes / 2 ** 20)} MB`),
      fact('rows/s beside lists of 25 (one every 10 ms)', shown(full.rows / full.seconds)),
      atMost(
        'growth of all processes, client at full speed, worst of two',
        Math.max(undisturbed.growthMb, full.growthMb),
        100,
        ' MB',
      ),
      atMost('growth of all processes, client that pauses for 5 s', slow.growthMb, 100, ' MB'),
      fact('answer with the pause', `${shown(slow.rows)} rows, ${shown(slow.seconds)} s`),
      atMost('lists of 25 meanwhile, p99', percentile(full.othersMs, 0.99), 25, ' ms'),
      atMost('lists of 25 meanwhile (client that pauses), p99', percentile(slow.othersMs, 0.99), 25, ' ms'),
      fact('lists of 25 meanwhile', spread(full.othersMs)),
      fact('lists of 25 with nothing else', spread(aloneMs)),
    ];
  } finally {
    await server.stop();
  }
}

async function withArchive(files: Files): Promise<Check[]> {
  const server = await startServer(files);
  try {
    const paths = '/api/jobs/?items-per-page=1000000';
    const plain = await read(server, `${paths}&state=running`, 0);
    const whole = await read(server, paths, 0);
    return [
      fact(
        `a list with the archived data of ${ARCHIVED} of its ${shown(whole.rows)} jobs`,
        `${shown(whole.rows / whole.seconds)} rows/s, ${shown(ARCHIVED / whole.seconds)} archived jobs/s (${shown(plain.rows)} running jobs: ${shown(plain.seconds * 1000)} ms)`,
      ),
    ];
  } finally {
    await server.stop();
  }
}

/** Reads one response and measures its memory, and the times of parallel lists of 25. An empty `beside` means none. */
async function observed(server: Server, pauseMs: number, beside: readonly string[] = [SMALL]) {
  await sleep(1_000);
  const memory = sample(() => boundMb(familyOf(server.pid)), SAMPLE_MS);
  await sleep(500);
  const [before = 0] = memory.values;
  const others = beside.map((path) => probe(server, path));
  const answer = await read(server, LIST, pauseMs);
  const othersMs = (await Promise.all(others.map((each) => each.stop()))).flatMap(({ timesMs }) => timesMs);
  return { ...answer, growthMb: Math.max(...memory.stop()) - before, othersMs };
}

interface Read {
  rows: number;
  bytes: number;
  seconds: number;
}

/** Reads one response in a process of its own. */
async function read({ port, token }: Target, path: string, pauseMs: number): Promise<Read> {
  const child = fork(join(import.meta.dirname, 'support/stream-reader.ts'), [String(port), path, String(pauseMs)], {
    env: { PATH: process.env['PATH'], TOKEN: token },
    execArgv: [],
  });
  const [answer] = (await once(child, 'message')) as [Read];
  return answer;
}
