/** One response of a million jobs: memory, rate, and the effect on other requests. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type BenchOptions, databaseFor, type Files, generated } from './support/database.ts';
import { probe } from './support/probing.ts';
import { observed, readStream, SMALL_LIST } from './support/read-stream.ts';
import { startServer } from './support/server.ts';
import { atLeast, atMost, type Check, fact, percentile, shown, spread } from './support/table.ts';
import { warm } from './support/warm.ts';

/** The response has 1 M of these jobs. Jobs of a generated file have no archived data. */
export const JOBS = 1_200_000;
const ROWS = 1_000_000;
/** Jobs with archived data, each in a file of its own. Few, because it takes time to create them. */
const ARCHIVED = 2_000;
const PAUSE_MS = 5_000;
const LIST = `/api/jobs/?items-per-page=${ROWS}`;
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
    const alone = probe(server, SMALL_LIST);
    await sleep(3_000);
    const { timesMs: aloneMs } = await alone.stop();
    await readStream(server, LIST); // reads the file from disk once
    const { rows, seconds } = await readStream(server, LIST); // not sampled: sampling every 20 ms costs 5-10 %
    const undisturbed = await observed(server, LIST, { beside: [] });
    const full = await observed(server, LIST);
    const slow = await observed(server, LIST, { pauseMs: PAUSE_MS });
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
    const plain = await readStream(server, `${paths}&state=running`);
    const whole = await readStream(server, paths);
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
