import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { beginBulkLoad, buildIndexes } from '../../src/db/schema/bulk-load.ts';
import { LEAN_INDEXES } from '../../src/db/schema/lean-indexes.ts';
import { archiveSource } from '../../src/import/archive/archive-source.ts';
import type { BadRecord, ImportSource } from '../../src/import/batch.ts';
import { copyTables } from '../../src/import/copy-tables.ts';
import { databaseSource } from '../../src/import/db/foreign-source.ts';
import { importJobs } from '../../src/import/import-jobs.ts';
import { openInput } from '../../src/import/open-input.ts';
import { swfSource } from '../../src/import/swf/swf-source.ts';
import { testFolder } from '../support/folder.ts';
import { localDatabase } from '../support/local-database.ts';
import { sacctFiles } from '../support/sacct-file.ts';

const DATA = join(import.meta.dirname, '../../../shared/data');

async function emptyDatabase() {
  return await localDatabase(join(testFolder(), 'job.db'));
}

async function importInto({ db }: Awaited<ReturnType<typeof emptyDatabase>>, source: ImportSource) {
  const bad: BadRecord[] = [];
  const report = { progress: () => {}, bad: (record: BadRecord) => bad.push(record) };
  return { reasons: bad, ...(await importJobs(db, source, report, new AbortController().signal)) };
}

// For a machine with the real files (vitest.config.ts). sacct.test.ts, foreign.test.ts and archive.test.ts use
// generated ones.
describe('real input', () => {
  test('of sacct: 11,704 lines, 419 never started, nothing else missing', async () => {
    const database = await emptyDatabase();
    const source = await sacctFiles([join(DATA, 'traces/xdmod-pozidriv-sacct.psv')]);
    await beginBulkLoad(database.db);
    expect(await importInto(database, source)).toMatchObject({
      read: 11_704,
      imported: 11_285,
      neverStarted: 419,
      alreadyThere: 0,
      reasons: [],
      repaired: 0,
    });
    expect(await buildIndexes(database.db, () => {})).toBe(Object.keys(LEAN_INDEXES).length);
    expect(await importInto(database, source)).toMatchObject({ imported: 0, alreadyThere: 11_285 });
    // The first line of the file: 2016-12-22T07:03:30 UTC for 7-20:39:39, with a limit of 125-00:00:00
    expect(await database.query('SELECT * FROM job WHERE job_id = 977669')).toMatchObject([
      { start_time: 1482390210, duration: 679_179, walltime: 10_800_000, num_hwthreads: 12, hpc_user: 'turdo' },
    ]);
    // Counted in the file with cut and sort, minus the 419
    const states = await database.query('SELECT job_state AS s, count(*) AS n FROM job GROUP BY 1 ORDER BY 1');
    expect(states.map((row) => Object.values(row as object))).toEqual([
      ['cancelled', 49],
      ['completed', 10_134],
      ['failed', 1_007],
      ['preempted', 86],
      ['timeout', 9],
    ]);
  });

  test('of a workload log: all of its 188,041 jobs', async () => {
    const source = await swfSource(
      await openInput(join(DATA, 'traces/LCG-2005-1.swf.gz'), new PassThrough()),
      undefined,
    );
    const names = { user: new Set<string>(), project: new Set<string>(), partition: new Set<string>() };
    const sums = { jobs: 0, seconds: 0, processors: 0 };
    for await (const { jobs, bad, read } of source.batches()) {
      expect([bad, read]).toEqual([0, jobs.length]);
      for (const job of jobs) {
        sums.jobs += 1;
        sums.seconds += job.duration;
        sums.processors += job.numHwthreads;
        for (const name of ['user', 'project', 'partition'] as const) names[name].add(job[name]);
      }
    }
    // As counted in the file with awk. Its README has the users, groups and partitions.
    expect(sums).toEqual({ jobs: 188_041, seconds: 1_502_530_759, processors: 188_041 });
    expect([names.user.size, names.project.size, names.partition.size]).toEqual([216, 28, 170]);
  });

  test('of job.db: 544 jobs, 4 tags, 1 user and the rest, the file untouched', async () => {
    const file = join(DATA, 'cc/job.db');
    const [bytes, { mtimeMs }] = [await readFile(file), await stat(file)];
    const database = await emptyDatabase();
    const source = await databaseSource(file, testFolder());
    const copied = { copyTags: 4, copyUsers: 1, copyConfiguration: 2, copyNodes: 1, copyNodeStates: 1 };
    expect(await copyTables(database.db, source, new AbortController().signal)).toEqual(copied);
    expect(await importInto(database, source)).toMatchObject({
      read: 544,
      imported: 544,
      reasons: [],
      refusedTags: [],
    });
    expect(Object.values(await copyTables(database.db, source, new AbortController().signal))).toEqual([0, 0, 0, 0, 0]);
    expect(await importInto(database, source)).toMatchObject({ imported: 0, alreadyThere: 544 });
    await source.checkUnchanged();
    await source.close();
    const types =
      'SELECT DISTINCT typeof(resources) r, typeof(meta_data) m, typeof(footprint) f, typeof(energy) e FROM job';
    expect(await database.query(types)).toEqual([{ r: 'text', m: 'text', f: 'text', e: 'real' }]);
    const links = await database.query(
      'SELECT job.job_id AS j, tag_type AS t, tag_scope AS s FROM jobtag JOIN job ON job.id = jobtag.job_id JOIN tag ON tag.id = tag_id ORDER BY 1, 2',
    );
    expect(links).toEqual([
      { j: 398_772, t: 'app', s: 'global' },
      { j: 398_980, t: 'app', s: 'demo' },
      { j: 679_694, t: 'testtype', s: 'global' },
      { j: 679_694, t: 'testtype', s: 'global' },
    ]);
    expect((await readFile(file)).equals(bytes)).toBe(true);
    expect((await stat(file)).mtimeMs).toBe(mtimeMs);
  });

  test('of an archive: both jobs, with clusters and files', async () => {
    const target = join(testFolder(), 'archive');
    const database = await emptyDatabase();
    const source = await archiveSource(join(DATA, 'cc/archive'), target);
    expect(await importInto(database, source)).toMatchObject({ read: 2, imported: 2, reasons: [] });
    expect(existsSync(join(target, 'emmy/1403/244/1608923076/data.json.gz'))).toBe(true);
    expect(existsSync(join(target, 'fritz/cluster.json'))).toBe(true);
    const again = await archiveSource(join(DATA, 'cc/archive'), target);
    expect(again.notes).toEqual([]);
    expect(await importInto(database, again)).toMatchObject({ imported: 0, alreadyThere: 2 });
  });
});
