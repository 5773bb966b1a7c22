/** Start and stop with and without the record of changed jobs that a column index follows, in alternating rounds. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { migrate } from '../src/db/schema/migrate.ts';
import { openSqlite } from '../test/support/sqlite.ts';
import type { Sent } from './support/adapting.ts';
import { medianOf, rounds, timesOf } from './support/alternating.ts';
import { type BenchOptions, copyOf, databaseFor, withFolder } from './support/database.ts';
import { startServer } from './support/server.ts';
import { atMost, type Check, fact, spread } from './support/table.ts';

export const JOBS = 200_000;
/** The triggers on table job and its links. The table of the record remains, but is not written. */
const TRIGGERS = "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND name LIKE 'ccjobs_job%'";

export async function run(options: BenchOptions): Promise<Check[]> {
  const files = await databaseFor(options);
  return await withFolder(async (folder) => {
    await mkdir(join(folder, 'without'));
    const recorded = await copyOf(files, folder);
    const without = await copyOf(files, join(folder, 'without'));
    for (const { db } of [recorded, without]) await migrate(db);
    await dropTriggers(without.db);
    const servers = [await startServer(recorded), await startServer(without)];
    try {
      const [withRecord = [], bare = []] = await rounds(servers);
      const ratio = (what: Sent['what']) => medianOf(withRecord, what) / medianOf(bare, what);
      return [
        atMost('start: with the record against without, median', ratio('start'), 1.15),
        atMost('stop: with the record against without, median', ratio('stop'), 1.15),
        ...(['start', 'stop'] as const).flatMap((what) => [
          fact(`${what}, with the record`, spread(timesOf(withRecord, what))),
          fact(`${what}, without`, spread(timesOf(bare, what))),
        ]),
      ];
    } finally {
      for (const server of servers) await server.stop();
    }
  });
}

async function dropTriggers(path: string): Promise<void> {
  const driver = openSqlite(path);
  const triggers = (await (await driver.prepare(TRIGGERS)).all([])) as { name: string }[];
  if (triggers.length === 0) throw new Error('there are no triggers to drop');
  for (const { name } of triggers) await driver.exec(`DROP TRIGGER "${name}"`);
  driver.close();
}
