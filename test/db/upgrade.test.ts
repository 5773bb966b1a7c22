/** A database as each earlier version of cc-jobs left it is completed and served, and keeps what it has. */
import { copyFileSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { migrate } from '../../src/db/schema/migrate.ts';
import { BASE } from '../../src/db/schema/migration-files.ts';
import { migrated, OPEN, run, serve } from '../support/command-line.ts';
import { testFolder } from '../support/folder.ts';
import { makeCcBackendFile } from '../support/sql.ts';
import { openSqlite } from '../support/sqlite.ts';
import { bodyOf, testApp } from '../support/test-app.ts';

const FOLDER = join(import.meta.dirname, '../../migrations');
const MIGRATIONS = readdirSync(FOLDER).sort();

const RECORD = 'CREATE TABLE ccjobs_migrations (name TEXT NOT NULL PRIMARY KEY, applied_at INTEGER NOT NULL) STRICT;';
const JOBS = `INSERT INTO job (job_id, hpc_user, project, cluster, subcluster, start_time, duration, walltime, job_state, shared, resources, num_nodes)
  VALUES (1, 'ada', 'p', 'small', 'main', 1700000000, 60, 60, 'completed', 'none', '[{"hostname":"n01"}]', 1),
    (2, 'bob', 'p', 'small', 'main', 1700000001, 60, 60, 'failed', 'none', '[{"hostname":"n02"}]', 1);
  INSERT INTO tag (tag_type, tag_name, tag_scope) VALUES ('set', 'one', 'global'); INSERT INTO jobtag (job_id, tag_id) VALUES (1, 1);`;

/** What a version with these migrations left: a new file, or one of cc-backend that it adopted. */
async function leftBy(applied: readonly string[], origin: 'cc-jobs' | 'cc-backend'): Promise<string> {
  const path = join(testFolder(), 'job.db');
  const isNew = origin === 'cc-jobs';
  if (!isNew) await makeCcBackendFile(path);
  const db = openSqlite(path);
  if (isNew) await db.exec('PRAGMA auto_vacuum = INCREMENTAL');
  await db.exec('PRAGMA journal_mode = WAL');
  const texts = applied
    .filter((name) => isNew || !BASE.includes(name))
    .map((name) => readFileSync(join(FOLDER, name), 'utf8'));
  const records = applied.map((name) => `INSERT INTO ccjobs_migrations VALUES ('${name}', 1);`);
  await db.exec([...texts, RECORD, ...records, JOBS].join('\n'));
  if (applied.includes('0003_service_tables.sql')) {
    await db.exec(`INSERT INTO ccjobs_timed_work VALUES ('quickCheck', 1, 2, '{"checkedAt":2}');
      INSERT INTO ccjobs_archive_queue (job_id) VALUES (2)`);
  }
  db.close();
  return path;
}

/** The names and texts of all tables, indexes and triggers. */
async function schemaOf(path: string): Promise<unknown> {
  const db = openSqlite(path, 1_000);
  const rows = await db.prepare("SELECT name, sql FROM sqlite_schema WHERE name <> 'ccjobs_migrations'").all();
  db.close();
  return Object.fromEntries(rows.map(({ name, sql }) => [name, sql]));
}

/** The first version had the first two migrations, and each other one came with a later version. */
const VERSIONS = MIGRATIONS.map((_, at) => MIGRATIONS.slice(0, at + 1)).slice(1);

describe.each(['cc-jobs', 'cc-backend'] as const)('a database that %s made', (origin) => {
  test.each(VERSIONS.map((applied) => [applied.at(-1), applied] as const))(
    'and a version with %s served',
    async (_, applied) => {
      const path = await leftBy(applied, origin);
      const missing = MIGRATIONS.filter((name) => !applied.includes(name));
      const service = await testApp({ database: path });
      const counted = async (query: string) => bodyOf<{ count: number }>(await service.get(`/api/jobs/count?${query}`));
      expect(await counted('')).toEqual({ count: 2 });
      expect(await counted('user=ada&state=completed')).toEqual({ count: 1 });
      expect((await service.send('POST', '/api/jobs/tag_job/2', [{ type: 'set', name: 'one' }])).status).toBe(200);
      expect((await service.query('SELECT count(*) AS n FROM ccjobs_changes'))[0]).not.toEqual({ n: 1 }); // the triggers
      if (applied.includes('0003_service_tables.sql')) {
        expect(await service.query("SELECT ended_at AS at FROM ccjobs_timed_work WHERE name = 'quickCheck'")).toEqual([
          { at: 2 },
        ]);
        expect(await service.query('SELECT job_id AS id FROM ccjobs_archive_queue')).toContainEqual({ id: 2 });
      }
      await service.close();
      expect(await migrate(path)).toEqual({
        made: false,
        applied: missing.filter((name) => origin === 'cc-jobs' || !BASE.includes(name)),
      });
      const whole = join(testFolder(), 'job.db');
      if (origin === 'cc-backend') await makeCcBackendFile(whole);
      await migrate(whole);
      expect(await schemaOf(path)).toEqual(await schemaOf(whole));
    },
  );
});

/** A folder in which `serve` finds this database. */
async function folderWith(path: string): Promise<string> {
  const cwd = await migrated();
  copyFileSync(path, join(cwd, 'var/job.db'));
  return cwd;
}

test('a service starts on a database of the first version, and needs no other command', async () => {
  const { url } = await serve(await folderWith(await leftBy(MIGRATIONS.slice(0, 2), 'cc-jobs')));
  expect(await (await fetch(`${url}/api/jobs/count`)).json()).toEqual({ count: 2 });
});

describe('a database that a newer cc-jobs has changed', () => {
  async function changedBy(name: string): Promise<string> {
    const path = join(testFolder(), 'job.db');
    await migrate(path);
    const db = openSqlite(path);
    await db.exec(`CREATE TABLE ccjobs_more (x INTEGER) STRICT; INSERT INTO ccjobs_more VALUES (7);
      INSERT INTO ccjobs_migrations VALUES ('${name}', 1)`);
    db.close();
    return path;
  }

  test('is served if it has more tables, so that an update can be taken back', async () => {
    const service = await testApp({ database: await changedBy('0042_more.sql') });
    expect((await service.get('/api/jobs/count')).status).toBe(200);
    expect(await service.query('SELECT x FROM ccjobs_more')).toEqual([{ x: 7 }]);
    await service.close();
  });

  test('is refused with a sentence, and left as it is, if the change cannot be ignored', async () => {
    const cwd = await folderWith(await changedBy('0042_breaking_ids.sql'));
    const path = join(cwd, 'var/job.db');
    const before = readFileSync(path);
    const { code, stderr } = await run(cwd, ['serve'], OPEN);
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringMatching(
        /^cc-jobs: \S+: a newer cc-jobs has changed this database \(0042_breaking_ids.sql\), .*: update cc-jobs/,
      ),
    });
    expect(readFileSync(path).equals(before)).toBe(true);
  });
});
