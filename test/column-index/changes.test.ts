/** The record of changed jobs, written by the triggers of migrations/0006 for every program that changes the tables. */
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { databaseFile } from '../support/local-database.ts';
import { type OtherProgram, openSqlite } from '../support/sqlite.ts';

const Change = z.object({ seq: z.number(), job_id: z.number() });

async function database(): Promise<{ db: OtherProgram; changes(): Promise<number[]> }> {
  const path = await databaseFile();
  const db = openSqlite(path, 1_000);
  onTestFinished(() => void db.close());
  await db.exec('PRAGMA foreign_keys = ON');
  let seen = 1;
  return {
    db,
    async changes() {
      const all = await (await db.prepare('SELECT seq, job_id FROM ccjobs_changes WHERE seq > ? ORDER BY seq')).all([
        BigInt(seen),
      ]);
      const rows = z.array(Change).parse(all);
      seen = rows.at(-1)?.seq ?? seen;
      return rows.map(({ job_id }) => job_id);
    },
  };
}

const insert = (id: number, more = '') =>
  `INSERT ${more} INTO job (id, job_id, cluster, subcluster, hpc_user, project, duration, walltime, job_state, resources, num_nodes, shared)
   VALUES (${id}, ${id}, 'a', 'm', 'ada', 'p', 1, 1, 'running', '[]', 1, 'none')`;

test('every way to change a job is noted, in order', async () => {
  const { db, changes } = await database();
  await db.exec(insert(7));
  expect(await changes()).toEqual([7]);
  await db.exec('UPDATE job SET duration = 2 WHERE id = 7');
  expect(await changes()).toEqual([7]);
  await db.exec('UPDATE job SET id = 8 WHERE id = 7');
  expect((await changes()).sort()).toEqual([7, 8]);
  await db.exec(
    "INSERT INTO tag (id, tag_type, tag_name) VALUES (1, 't', 'n'); INSERT INTO jobtag (job_id, tag_id) VALUES (8, 1)",
  );
  expect(await changes()).toEqual([8]);
  await db.exec('DELETE FROM tag'); // this also deletes the links
  expect(await changes()).toEqual([8]);
  await db.exec('DELETE FROM job');
  expect(await changes()).toEqual([8]);
});

test('a job that is there already is ignored or refused as without the record', async () => {
  const { db, changes } = await database();
  await db.exec(insert(1));
  await db.exec(insert(1, 'OR IGNORE'));
  expect(await changes()).toEqual([1, 1]); // the second time, the existing job is recorded
  await expect(db.exec(insert(1))).rejects.toThrow(/UNIQUE/);
  expect(await changes()).toEqual([]);
});

test('a job that another takes the place of is noted, whatever its key', async () => {
  const { db, changes } = await database();
  await db.exec(`${insert(1)};${insert(2)};${insert(3)}`);
  expect(await changes()).toEqual([1, 2, 3]);
  await db.exec(insert(1, 'OR REPLACE').replace('(1, 1,', '(9, 1,'));
  expect(await changes()).toEqual([1, 9]);
  await db.exec('UPDATE OR REPLACE job SET job_id = 2 WHERE id = 9');
  expect(await changes()).toEqual([2, 9]);
  await db.exec('UPDATE job SET job_id = job_id, cluster = cluster, start_time = start_time WHERE id = 9');
  expect(await changes()).toEqual([9]);
});

test('the record bounds itself and keeps the newest', async () => {
  const { db } = await database();
  await db.exec(`INSERT INTO ccjobs_changes (job_id)
    WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 203000) SELECT x FROM n`);
  const rows = await (
    await db.prepare('SELECT count(*) AS n, max(seq) AS last, min(seq) AS first FROM ccjobs_changes')
  ).all([]);
  // The last multiple of 1024 below 203,001 is 202,752: then up to 2,752 were pruned.
  expect(rows).toEqual([{ n: 200_249, last: 203_001, first: 2_753 }]);
});
