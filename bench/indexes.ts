/** Start and stop with the eight lean indexes beside the same with the 54 of cc-backend, in alternating rounds. */
import { existsSync, readFileSync } from 'node:fs';
import { constants, copyFile, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { openDriver } from '../src/db/driver.ts';
import type { Sent } from './support/adapting.ts';
import { medianOf, rounds, timesOf } from './support/alternating.ts';
import { type BenchOptions, copyOf, databaseFor, type Files, filesIn, VAR, withFolder } from './support/database.ts';
import { startServer } from './support/server.ts';
import { atMost, type Check, fact, spread } from './support/table.ts';

export const JOBS = 2_000_000;
const INDEXES = join(import.meta.dirname, '../test/fixtures/cc-backend-indexes.sql');

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

/** The same jobs under the indexes of cc-backend; made once, which takes minutes. */
async function withAllIndexes({ db, archive }: Files, jobs: number): Promise<Files> {
  const folder = join(VAR, `jobs-${jobs}-54`);
  if (!existsSync(folder)) {
    const unfinished = `${folder}.unfinished`;
    await rm(unfinished, { recursive: true, force: true });
    await mkdir(unfinished, { recursive: true });
    const made = filesIn(unfinished).db;
    await copyFile(db, made, constants.COPYFILE_FICLONE);
    const driver = openDriver(made);
    const lean = (await (
      await driver.prepare(
        "SELECT name FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'job' AND sql IS NOT NULL",
      )
    ).all([])) as { name: string }[];
    for (const { name } of lean) await driver.exec(`DROP INDEX "${name}"`);
    await driver.exec('PRAGMA temp_store = 1');
    for (const statement of readFileSync(INDEXES, 'utf8').split(';')) {
      if (statement.trim() !== '') await driver.exec(statement);
    }
    await driver.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    driver.close();
    await rename(unfinished, folder);
  }
  return { db: filesIn(folder).db, archive };
}
