/** Exports of all jobs: rate, memory, and the effect on other requests. Parquet also by the command, without an index. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { EXPORT_FORMATS } from '../src/jobs/export-format.ts';
import {
  type BenchOptions,
  COMMAND,
  databaseFor,
  environment,
  type Files,
  VAR,
  withFolder,
} from './support/database.ts';
import { boundMb, childrenOf, familyOf, rssMb, sample } from './support/processes.ts';
import { observed, readStream } from './support/read-stream.ts';
import { startServer } from './support/server.ts';
import { atLeast, atMost, type Check, fact, percentile, shown, spread } from './support/table.ts';
import { warm } from './support/warm.ts';
import { untilReady } from './support/whole-requests.ts';

export const JOBS = 2_000_000;
const READERS = 4;
/** The memory that the process of the index may take, and the least of the setting. */
const INDEX_MB = 600;
const LEAST_ROWS = { csv: 150_000, ndjson: 150_000, parquet: 400_000 };

const NDJSON = '/api/jobs.ndjson';
/** After the start of every job. */
const LAST_START = 2 ** 32;

export async function run(options: BenchOptions): Promise<Check[]> {
  const files = await databaseFor(options);
  const checks: Check[] = [];
  const server = await startServer(files, {
    COLUMN_INDEX: 'on',
    COLUMN_INDEX_MEMORY_MB: String(INDEX_MB),
    DB_MEMORY_LIMIT_MB: '3000',
  });
  try {
    await untilReady(server);
    await warm(server, READERS);
    // Its process is the largest by far.
    const [indexPid = 0] = childrenOf(server.pid).sort((a, b) => rssMb(b) - rssMb(a));
    for (const format of EXPORT_FORMATS) {
      const path = `/api/jobs.${format}`;
      await readStream(server, path); // reads the file from disk once
      const { bytes, seconds } = await readStream(server, path); // alone: sampling costs 5-10 %
      const index = sample(() => rssMb(indexPid), SAMPLE_MS);
      const meanwhile = await observed(server, path, { except: indexPid });
      const indexPeak = Math.max(...index.stop());
      checks.push(
        fact(`${format}: one answer`, `${shown(options.jobs)} jobs, ${shown(bytes / 2 ** 20)} MB`),
        atLeast(`${format}: rows/s`, options.jobs / seconds, LEAST_ROWS[format]),
        fact(`${format}: rows/s beside lists of 25`, shown(options.jobs / meanwhile.seconds)),
        atMost(`${format}: growth of parent and readers`, meanwhile.growthMb, 100, ' MB'),
        atMost(`${format}: process of the index, peak`, indexPeak, INDEX_MB, ' MB'),
        atMost(`${format}: lists of 25 meanwhile, p99`, percentile(meanwhile.othersMs, 0.99), 25, ' ms'),
        fact(`${format}: lists of 25 meanwhile`, spread(meanwhile.othersMs)),
      );
    }
    const whole = await readStream(server, NDJSON);
    const until = await readStream(server, `${NDJSON}?start-time=1-${LAST_START}`);
    dropFromCache(files.db);
    const cold = await readStream(server, NDJSON);
    checks.push(
      atLeast('ndjson with a last start: rate / that without', whole.seconds / until.seconds, 0.8),
      fact(
        'ndjson from the disk: rows/s, rate / that in memory',
        `${shown(options.jobs / cold.seconds)}, ${shown(whole.seconds / cold.seconds)}`,
      ),
    );
  } finally {
    await server.stop();
  }
  return [...checks, ...(await parquet(files))];
}

/** Removes a file from the cache of the operating system. */
function dropFromCache(path: string): void {
  execFileSync('dd', [`if=${path}`, 'iflag=nocache', 'count=0'], { stdio: 'ignore' });
}

const SAMPLE_MS = 20;

async function parquet(files: Files): Promise<Check[]> {
  return await withFolder(async (folder) => {
    const path = join(folder, 'jobs.parquet');
    const args = ['export', 'jobs', '--format', 'parquet', '--output', path];
    const startedAt = performance.now();
    const child = spawn(COMMAND, args, { env: environment(files), cwd: VAR, stdio: ['ignore', 'ignore', 'pipe'] });
    const memory = sample(() => boundMb(familyOf(child.pid ?? 0)), SAMPLE_MS);
    let said = '';
    child.stderr.on('data', (text) => {
      said += text;
    });
    await once(child, 'close');
    const peakMb = Math.max(...memory.stop());
    const rows = Number(/([\d,]+) jobs exported, [\d.]+ s/.exec(said)?.[1]?.replaceAll(',', ''));
    const seconds = (performance.now() - startedAt) / 1000;
    return [
      fact('parquet by command: one file', `${shown(rows)} jobs, ${shown(statSync(path).size / 2 ** 20)} MB`),
      fact('parquet by command: rows/s', shown(rows / seconds)),
      fact('parquet by command: all processes, peak', `${shown(peakMb)} MB`),
    ];
  });
}
