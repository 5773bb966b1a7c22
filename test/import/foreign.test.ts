import { existsSync } from 'node:fs';
import { copyFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { copyTables } from '../../src/import/copy-tables.ts';
import { databaseSource } from '../../src/import/db/foreign-source.ts';
import { importJobs } from '../../src/import/import-jobs.ts';
import type { Job } from '../../src/jobs/job.ts';
import { writeFiles } from '../support/archive.ts';
import { testFolder } from '../support/folder.ts';
import { localDatabase } from '../support/local-database.ts';
import { openSqlite } from '../support/sqlite.ts';

/** A file near schema 10: no tag_scope, no health_metrics, no CHECKs, and rows as careless programs write them. */
const OLD_SCHEMA = `
  CREATE TABLE job (id INTEGER PRIMARY KEY, job_id BIGINT, cluster TEXT, subcluster TEXT, start_time BIGINT, hpc_user TEXT,
    project TEXT, cluster_partition TEXT, array_job_id BIGINT, duration INT, walltime INT, job_state TEXT, meta_data TEXT,
    resources TEXT, num_nodes INT, num_hwthreads INT, num_acc INT, smt INT, shared TEXT, monitoring_status INT, energy REAL,
    footprint TEXT);
  CREATE TABLE tag (id INTEGER PRIMARY KEY, tag_type TEXT, tag_name TEXT);
  CREATE TABLE jobtag (job_id INTEGER, tag_id INTEGER);
  CREATE TABLE hpc_user (username TEXT PRIMARY KEY, password TEXT, ldap INT, name TEXT, roles TEXT, email TEXT);
  CREATE TABLE node (id INTEGER PRIMARY KEY, hostname TEXT, cluster TEXT, subcluster TEXT);
  CREATE TABLE node_state (id INTEGER PRIMARY KEY, time_stamp INTEGER, jobs_running INTEGER, node_state TEXT,
    health_state TEXT, node_id INTEGER);
  INSERT INTO node VALUES (5, 'n1', 'c', 'main');
  INSERT INTO node_state VALUES (1, 100, 2, 'idle', 'full', 5);
  INSERT INTO hpc_user VALUES ('ann', NULL, 1, 'Ann', CAST('["user"]' AS BLOB), NULL);
  INSERT INTO tag VALUES (1, 'app', 'vasp'), (2, 'app', 'unused');
  INSERT INTO jobtag VALUES (1, 1);`;

const insert = (id: number, values: Record<string, string>) => {
  const all: Record<string, string> = {
    id: String(id),
    job_id: String(id),
    cluster: "'c'",
    subcluster: "'main'",
    start_time: '1000',
    hpc_user: "'ann'",
    project: "'p'",
    duration: '5',
    walltime: '10',
    job_state: "'completed'",
    resources: `CAST('[{"hostname":"n1","hwthreads":[0,1]}]' AS BLOB)`,
    num_nodes: '1',
    shared: "'none'",
    ...values,
  };
  return `INSERT INTO job (${Object.keys(all)}) VALUES (${Object.values(all)});`;
};

async function foreignFile(...statements: string[]) {
  const path = join(testFolder(), 'old.db');
  const db = openSqlite(path);
  await db.exec([OLD_SCHEMA, ...statements].join('\n'));
  db.close();
  return path;
}

async function read(path: string) {
  const source = await databaseSource(path, testFolder());
  const result = { jobs: [] as Job[], reasons: [] as string[], repaired: 0 };
  for await (const batch of source.batches()) {
    result.jobs.push(...batch.jobs);
    result.reasons.push(...batch.reasons.map(({ where, reason }) => `${where}: ${reason}`));
    result.repaired += batch.repaired;
  }
  await source.checkUnchanged();
  await source.close();
  return result;
}

describe('another job database', () => {
  test('with NULLs and BLOBs is read as 0, "" and JSON', async () => {
    const path = await foreignFile(insert(1, { footprint: `CAST('{"cpu_load_avg":1.5}' AS BLOB)` }));
    expect((await read(path)).jobs).toEqual([
      {
        jobId: 1,
        cluster: 'c',
        subCluster: 'main',
        partition: '',
        project: 'p',
        user: 'ann',
        shared: 'none',
        jobState: 'completed',
        submitTime: 0,
        startTime: 1000,
        duration: 5,
        walltime: 10,
        arrayJobId: 0,
        numNodes: 1,
        numHwthreads: 0,
        numAcc: 0,
        smt: 0,
        monitoringStatus: 1,
        energy: 0,
        resources: [{ hostname: 'n1', hwthreads: [0, 1] }],
        footprint: { cpu_load_avg: 1.5 },
        energyFootprint: null,
        metaData: null,
        tags: [{ type: 'app', name: 'vasp', scope: 'global' }],
      },
    ]);
  });

  test('keeps ids beyond 2^53, repairs bad UTF-8, takes old spellings and drops broken JSON', async () => {
    const { jobs, reasons, repaired } = await read(
      await foreignFile(
        insert(1, { job_id: '9007199254740993', job_state: "'out-of-memory'" }),
        insert(2, { hpc_user: "CAST(x'61ff62' AS TEXT)", meta_data: "'{broken'" }),
        insert(3, { job_state: "'dreaming'" }),
        insert(4, { resources: "'n1'" }),
        insert(5, { shared: "'perhaps'" }),
      ),
    );
    expect(jobs.map(({ jobId, jobState, user, metaData }) => [jobId, jobState, user, metaData])).toEqual([
      [9007199254740993n, 'out_of_memory', 'ann', null],
      [2, 'completed', 'a\ufffdb', null],
    ]);
    expect(repaired).toBe(1);
    expect(reasons).toEqual([
      "job 3: job_state 'dreaming' is unknown",
      'job 4: resources is not a list of hosts',
      "job 5: shared 'perhaps' is unknown",
    ]);
  });

  test('of more rows than a batch is read whole', async () => {
    const many = Array.from({ length: 2345 }, (_, at) => insert(at * 3 + 1, {}));
    const { jobs } = await read(await foreignFile('BEGIN;', ...many, 'COMMIT;'));
    expect([jobs.length, jobs.at(-1)?.jobId]).toEqual([2345, 2344 * 3 + 1]);
  });

  test('with a log that is not in the file yet is read through a copy, both untouched', async () => {
    const path = await foreignFile();
    const writer = openSqlite(path);
    await writer.exec('PRAGMA journal_mode = WAL');
    await writer.exec(insert(1, {}));
    expect((await read(path)).jobs).toHaveLength(1);
    writer.close();
  });

  test('leaves no side files behind', async () => {
    const made = await foreignFile('PRAGMA journal_mode = WAL;', insert(1, {}), 'PRAGMA wal_checkpoint(TRUNCATE);');
    const folder = testFolder();
    await copyFile(made, join(folder, 'old.db'));
    expect((await read(join(folder, 'old.db'))).jobs).toHaveLength(1);
    expect(await readdir(folder)).toEqual(['old.db']);
  });

  test('that is none is refused, and nothing is made', async () => {
    const root = testFolder();
    await writeFiles(root, { 'a.db': 'no database at all, but long enough to have a header'.repeat(20) });
    await expect(databaseSource(join(root, 'a.db'), root)).rejects.toThrow(/not an SQLite database/);
    await expect(databaseSource(join(root, 'b.db'), root)).rejects.toThrow(/cannot be read/);
    expect(existsSync(join(root, 'b.db'))).toBe(false);
    const empty = join(root, 'c.db');
    const db = openSqlite(empty);
    await db.exec('CREATE TABLE job (id INTEGER)');
    db.close();
    await expect(databaseSource(empty, root)).rejects.toThrow(/lacks job_id, cluster/);
  });

  test('is imported with its tags, users and nodes, once', async () => {
    const path = await foreignFile(insert(1, {}));
    const { db, query } = await localDatabase(join(testFolder(), 'job.db'));
    const report = { progress: () => {}, bad: () => {} };
    for (const expected of [1, 0]) {
      const source = await databaseSource(path, testFolder());
      const counts = await copyTables(db, source, new AbortController().signal);
      expect(counts).toMatchObject({ copyTags: expected * 2, copyUsers: expected, copyNodeStates: expected });
      const { imported } = await importJobs(db, source, report, new AbortController().signal);
      expect(imported).toBe(expected);
      await source.close();
    }
    expect(await query('SELECT roles, projects, typeof(roles) AS t FROM hpc_user')).toEqual([
      { roles: '["user"]', projects: '[]', t: 'text' },
    ]);
    expect(await query('SELECT count(*) AS n FROM jobtag')).toEqual([{ n: 1 }]);
  });
});
