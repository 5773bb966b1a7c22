/** A database with the 54 indexes of cc-backend instead of the lean ones. */
import { existsSync, readFileSync } from 'node:fs';
import { constants, copyFile, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { openSqlite } from '../../test/support/sqlite.ts';
import { type Files, filesIn, VAR } from './database.ts';

const INDEXES = join(import.meta.dirname, '../../test/fixtures/cc-backend-indexes.sql');

/** The same jobs with the indexes of cc-backend. They are built only once, because it takes minutes. */
export async function withAllIndexes({ db, archive }: Files, jobs: number): Promise<Files> {
  const folder = join(VAR, `jobs-${jobs}-54`);
  if (!existsSync(folder)) {
    const unfinished = `${folder}.unfinished`;
    await rm(unfinished, { recursive: true, force: true });
    await mkdir(unfinished, { recursive: true });
    const made = filesIn(unfinished).db;
    await copyFile(db, made, constants.COPYFILE_FICLONE);
    const driver = openSqlite(made);
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
