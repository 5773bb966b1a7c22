import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { jobRows } from '../../../src/db/job-rows.ts';
import { beginBulkLoad, buildIndexes } from '../../../src/db/schema/bulk-load.ts';
import { createIndexSql, LEAN_INDEXES } from '../../../src/db/schema/lean-indexes.ts';
import { startDeadline } from '../../../src/deadline.ts';
import { generateJobs } from '../../../src/dev/generate-jobs.ts';
import { testFolder } from '../../support/folder.ts';
import { localDatabase } from '../../support/local-database.ts';

const INDEXES =
  "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'job' AND sql IS NOT NULL ORDER BY name";
const OWED = "SELECT name FROM sqlite_schema WHERE name LIKE 'ccjobs_missing%'";

async function database() {
  const path = join(testFolder(), 'job.db');
  const local = await localDatabase(path);
  const insert = async () => {
    const deadline = startDeadline(10_000);
    const jobs = [...generateJobs({ jobs: 10, seed: 1, endTime: 1_764_000_000 })];
    await local.db.write('insertJobs', jobRows(jobs), deadline);
    deadline.clear();
  };
  return { ...local, path, insert };
}

describe('the lean indexes', () => {
  test('are those of the migrations', () => {
    const folder = join(import.meta.dirname, '../../../migrations');
    const files = ['0002_lean_indexes.sql', '0008_long_jobs.sql'];
    const statements = files
      .flatMap((file) => readFileSync(join(folder, file), 'utf8').split('\n'))
      .filter((line) => line.startsWith('CREATE INDEX'));
    expect(Object.keys(LEAN_INDEXES).map((name) => `${createIndexSql(name)};`)).toEqual(statements);
  });

  test('are left out of a bulk load into an empty table and come back the same', async () => {
    const { db, query, insert } = await database();
    const before = await query(INDEXES);
    await beginBulkLoad(db);
    expect(await query(INDEXES)).toEqual([]);
    await insert();
    const built: string[] = [];
    expect(await buildIndexes(db, (name) => built.push(name))).toBe(Object.keys(LEAN_INDEXES).length);
    expect(built).toEqual(Object.keys(LEAN_INDEXES));
    expect([await query(INDEXES), await query(OWED)]).toEqual([before, []]);
    expect(await buildIndexes(db, () => {})).toBe(0);
  });

  test('stay when there are jobs', async () => {
    const { db, query, insert } = await database();
    await insert();
    const before = await query(INDEXES);
    await beginBulkLoad(db);
    expect([await query(INDEXES), await query(OWED)]).toEqual([before, []]);
  });

  test('that a load cut off still owes are built by whoever comes next', async () => {
    const { db, path, insert } = await database();
    await beginBulkLoad(db);
    await insert();
    await db.close(1000);
    const next = await localDatabase(path);
    // The load is repeated: the table is not empty now, and the missing indexes are still recorded.
    await beginBulkLoad(next.db);
    expect(await buildIndexes(next.db, () => {})).toBe(Object.keys(LEAN_INDEXES).length);
    expect(await next.query(OWED)).toEqual([]);
  });

  test('of somebody else with the same name are left alone', async () => {
    const { db, query } = await database();
    await query('DROP INDEX jobs_starttime');
    await query('CREATE INDEX jobs_starttime ON job (start_time, duration)');
    await beginBulkLoad(db);
    expect(await query(INDEXES)).toEqual([
      { name: 'jobs_starttime', sql: 'CREATE INDEX jobs_starttime ON job (start_time, duration)' },
    ]);
    expect(await buildIndexes(db, () => {})).toBe(Object.keys(LEAN_INDEXES).length - 1);
  });
});
