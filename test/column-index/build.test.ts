/** What a build stores: all jobs, with jobs of one cluster and size next to each other. */
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { NewIndex } from '../../src/column-index/build/build-index.ts';
import { IndexFile } from '../../src/column-index/duckdb-file.ts';
import { jobs } from '../support/column-index.ts';
import { testFolder } from '../support/folder.ts';
import { testDatabase } from '../support/sql.ts';

async function options() {
  const db = await testDatabase();
  onTestFinished(() => db.close());
  const folder = testFolder();
  return {
    db,
    options: {
      ...{ databasePath: db.path, path: join(folder, 'job.db.columns'), memoryMb: 128 },
      ...{ tempDir: folder, spillMb: 64, shortJobSec: 300 },
    },
  };
}

test('jobs are stored by cluster, hardware threads and id', async () => {
  const { db, options: of } = await options();
  await db.exec(`${jobs(1, 10_000)}
    UPDATE job SET cluster = iif(id % 3 = 0, 'fritz', 'alex'), num_hwthreads = iif(id % 7 = 0, NULL, id * 7 % 5)`);
  expect(await (await NewIndex.open(of)).build(() => {})).toBe(10_000);
  const file = await IndexFile.open(of);
  onTestFinished(() => file.close());
  const stored = await file.rows({ sql: 'SELECT cluster, num_hwthreads AS threads, id FROM job', parameters: [] });
  const expected = await db.all(
    'SELECT cluster, ifnull(num_hwthreads, 0) AS threads, id FROM job ORDER BY cluster, threads, id',
  );
  expect(stored.map(({ cluster, threads, id }) => ({ cluster, threads, id: Number(id) }))).toEqual(expected);
});

test('keys that come late, in another load and within one, have their numbers', async () => {
  const { db, options: of } = await options();
  const late = [1, 3_000, 100_000, 122_881, 130_000];
  const footprint = late.map((id) => `WHEN ${id} THEN '{"m${id}":${id},"all":0.5}'`);
  await db.exec(`${jobs(1, 131_000)} UPDATE job SET footprint = CASE id ${footprint.join(' ')} ELSE '{"all":0.5}' END`);
  expect(await (await NewIndex.open(of)).build(() => {})).toBe(131_000);
  const file = await IndexFile.open(of);
  onTestFinished(() => file.close());
  const { footprintKeys = [] } = (await file.meta()) ?? {};
  expect(footprintKeys).toEqual(['m1', 'all', ...late.slice(1).map((id) => `m${id}`)]);
  for (const [index, key] of footprintKeys.entries()) {
    const column = `footprint${index}`;
    const sql = `SELECT count(${column}) AS rows, min(${column}) AS least, count(${column}_step) AS steps FROM job`;
    const rows = key === 'all' ? 131_000n : 1n;
    const least = key === 'all' ? 0.5 : Number(key.slice(1));
    expect(await file.rows({ sql, parameters: [] }), key).toEqual([{ rows, least, steps: rows }]);
  }
});

test('an interrupt ends it', async () => {
  const { db, options: of } = await options();
  await db.exec(jobs(1, 20_000));
  const index = await NewIndex.open(of);
  const building = index.build(() => {});
  index.interrupt();
  await expect(building).rejects.toThrow(/abort|interrupt/i);
});
