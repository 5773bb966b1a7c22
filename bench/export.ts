/** Exports of all jobs as CSV and NDJSON: rate, memory, and the effect on other requests. */
import { EXPORT_FORMATS } from '../src/jobs/export-format.ts';
import { type BenchOptions, databaseFor } from './support/database.ts';
import { observed, readStream } from './support/read-stream.ts';
import { startServer } from './support/server.ts';
import { atLeast, atMost, type Check, fact, percentile, shown, spread } from './support/table.ts';
import { warm } from './support/warm.ts';

export const JOBS = 2_000_000;
const READERS = 4;

export async function run(options: BenchOptions): Promise<Check[]> {
  const server = await startServer(await databaseFor(options));
  try {
    await warm(server, READERS);
    const checks: Check[] = [];
    for (const format of EXPORT_FORMATS) {
      const path = `/api/jobs.${format}`;
      await readStream(server, path); // reads the file from disk once
      const { rows, bytes, seconds } = await readStream(server, path); // alone: sampling costs 5-10 %
      const meanwhile = await observed(server, path);
      checks.push(
        fact(`${format}: one answer`, `${shown(rows - 1)} jobs, ${shown(bytes / 2 ** 20)} MB`), // one line is not a job
        atLeast(`${format}: rows/s`, rows / seconds, 150_000),
        fact(`${format}: rows/s beside lists of 25`, shown(meanwhile.rows / meanwhile.seconds)),
        atMost(`${format}: growth of all processes`, meanwhile.growthMb, 100, ' MB'),
        atMost(`${format}: lists of 25 meanwhile, p99`, percentile(meanwhile.othersMs, 0.99), 25, ' ms'),
        fact(`${format}: lists of 25 meanwhile`, spread(meanwhile.othersMs)),
      );
    }
    return checks;
  } finally {
    await server.stop();
  }
}
