/** Start and stop with the eight lean indexes and with the 54 indexes of cc-backend, in alternating rounds. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Sent } from './support/adapting.ts';
import { withAllIndexes } from './support/all-indexes.ts';
import { medianOf, rounds, timesOf } from './support/alternating.ts';
import { type BenchOptions, copyOf, databaseFor, withFolder } from './support/database.ts';
import { startServer } from './support/server.ts';
import { atMost, type Check, fact, spread } from './support/table.ts';

export const JOBS = 2_000_000;

export async function run(options: BenchOptions): Promise<Check[]> {
  const lean = await databaseFor(options);
  const full = await withAllIndexes(lean, options.jobs);
  return await withFolder(async (folder) => {
    await mkdir(join(folder, 'full'));
    const servers = [
      await startServer(await copyOf(lean, folder)),
      await startServer(await copyOf(full, join(folder, 'full'))),
    ];
    try {
      const [leanSent = [], fullSent = []] = await rounds(servers);
      const ratio = (what: Sent['what']) => medianOf(leanSent, what) / medianOf(fullSent, what);
      return [
        atMost('start: lean against 54 indexes, median', ratio('start'), 1),
        atMost('stop: lean against 54 indexes, median', ratio('stop'), 1),
        ...(['start', 'stop'] as const).flatMap((what) => [
          fact(`${what}, lean`, spread(timesOf(leanSent, what))),
          fact(`${what}, 54 indexes`, spread(timesOf(fullSent, what))),
        ]),
      ];
    } finally {
      for (const server of servers) await server.stop();
    }
  });
}
