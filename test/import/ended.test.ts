import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { importJobs } from '../../src/import/import-jobs.ts';
import { writeFiles } from '../support/archive.ts';
import { testFolder } from '../support/folder.ts';
import { type LocalDatabase, localDatabase } from '../support/local-database.ts';
import { within } from '../support/pool.ts';
import { sacctFiles } from '../support/sacct-file.ts';
import { sacctDump, sacctWeek } from '../support/sacct-week.ts';
import { job, testApp } from '../support/test-app.ts';

const HEADER =
  'JobID|JobIDRaw|Cluster|Partition|Account|User|Submit|Start|End|Elapsed|State|AllocCPUS|AllocTRES|ExitCode|Timelimit|NodeList|JobName';
const record = (changes: Record<string, string> = {}) => {
  const fields: Record<string, string> = {
    JobID: '9001',
    JobIDRaw: '9001',
    Cluster: 'small',
    Partition: 'cpu',
    Account: 'prj',
    User: 'ann',
    Submit: '2026-11-26T22:00:00',
    Start: '2026-11-26T23:00:00',
    End: 'Unknown',
    Elapsed: '01:00:00',
    State: 'RUNNING',
    AllocCPUS: '4',
    AllocTRES: 'cpu=4,node=1',
    ExitCode: '0:0',
    Timelimit: '12:00:00',
    NodeList: 'n01',
    JobName: 'long',
    ...changes,
  };
  return HEADER.split('|')
    .map((name) => fields[name])
    .join('|');
};
const ENDED = { End: '2026-11-27T05:00:00', Elapsed: '06:00:00', State: 'COMPLETED' };
/** The start of all jobs here. */
const START = Date.parse('2026-11-26T23:00:00Z') / 1000;

async function importInto({ db }: Pick<LocalDatabase, 'db'>, content: string) {
  const root = testFolder();
  await writeFiles(root, { 'jobs.psv': content });
  const source = await sacctFiles([join(root, 'jobs.psv')]);
  const reasons: string[] = [];
  const report = {
    progress: () => {},
    bad: ({ where, reason }: { where: string; reason: string }) => reasons.push(`${where}: ${reason}`),
  };
  return { reasons, ...(await importJobs(db, source, report, new AbortController().signal)) };
}

async function emptyDatabase() {
  return await localDatabase(join(testFolder(), 'job.db'));
}

const lines = (...records: string[]) => [HEADER, ...records].join('\n');
const STORED = 'SELECT job_state AS state, duration, duration / 3600.0 * num_hwthreads AS coreHours FROM job';

test('a job that ran at midnight ends with the record of its end', async () => {
  const database = await emptyDatabase();
  expect(await importInto(database, lines(record()))).toMatchObject({ imported: 1, running: 1, ended: 0 });
  expect(await importInto(database, lines(record(ENDED)))).toMatchObject({ imported: 0, ended: 1, alreadyThere: 0 });
  expect(await database.query(STORED)).toEqual([{ state: 'completed', duration: 21_600, coreHours: 24 }]);
  // Neither the end nor the old dump changes it when repeated.
  const other = record({ ...ENDED, State: 'FAILED', Elapsed: '05:00:00' });
  expect(await importInto(database, lines(other, record()))).toMatchObject({ ended: 0, alreadyThere: 2 });
  expect(await database.query(STORED)).toEqual([{ state: 'completed', duration: 21_600, coreHours: 24 }]);
});

test('both records in one file, in any order, are one ended job', async () => {
  for (const both of [lines(record(), record(ENDED)), lines(record(ENDED), record())]) {
    const database = await emptyDatabase();
    await importInto(database, both);
    expect(await database.query(STORED)).toEqual([{ state: 'completed', duration: 21_600, coreHours: 24 }]);
  }
});

test('a later record of a job that goes on brings its state, an older one does not', async () => {
  const database = await emptyDatabase();
  await importInto(database, lines(record()));
  const suspended = record({ State: 'SUSPENDED', Elapsed: '02:00:00' });
  expect(await importInto(database, lines(suspended))).toMatchObject({ ended: 0, alreadyThere: 1, running: 1 });
  await importInto(database, lines(record()));
  expect(await database.query(STORED)).toMatchObject([{ state: 'suspended', duration: 7_200 }]);
});

test.each(['RUNNING', 'SUSPENDED', 'COMPLETING', 'STOPPED', 'SIGNALING', 'RESIZING', 'CONFIGURING', 'STAGE_OUT'])(
  '%s runs only without an end',
  async (State) => {
    const database = await emptyDatabase();
    for (const End of ['Unknown', 'None', '', '0']) {
      const { running } = await importInto(database, lines(record({ JobIDRaw: '1', JobID: '1', State, End })));
      expect(running).toBe(1);
    }
    const ended = [
      record({ ...ENDED, JobID: '2', JobIDRaw: '2', State }),
      record({ ...ENDED, JobID: '3', JobIDRaw: '3', State, ExitCode: '1:0' }),
    ];
    expect(await importInto(database, lines(...ended))).toMatchObject({ imported: 2, running: 0 });
    expect(await database.query('SELECT job_state AS s FROM job WHERE job_id > 1 ORDER BY job_id')).toEqual([
      { s: 'completed' },
      { s: 'failed' },
    ]);
  },
);

test('the two records of a resized job are two jobs that have ended', async () => {
  const database = await emptyDatabase();
  const before = {
    Start: '2026-03-01T09:00:00',
    End: '2026-03-01T10:00:00',
    NodeList: 'n[001-002]',
    State: 'RESIZING',
  };
  const after = { Start: '2026-03-01T10:00:00', End: '2026-03-01T12:00:00', Elapsed: '02:00:00', State: 'COMPLETED' };
  expect(await importInto(database, lines(record(before), record(after)))).toMatchObject({ imported: 2, running: 0 });
  const hours = 'SELECT job_state AS s, num_nodes AS n, duration / 3600 AS h FROM job ORDER BY start_time';
  expect(await database.query(hours)).toEqual([
    { s: 'completed', n: 2, h: 1 },
    { s: 'completed', n: 1, h: 2 },
  ]);
});

test('a job that the scheduler started ends, and keeps what sacct does not know', async () => {
  const service = await testApp();
  const started = {
    jobId: 9001,
    cluster: 'small',
    user: 'ann',
    project: 'prj',
    shared: 'multi_user',
    numNodes: 1,
    smt: 1,
    startTime: START,
    resources: [{ hostname: 'n01', hwthreads: [0, 1] }],
    metaData: { jobScript: 'srun x', jobName: 'first' },
  };
  expect((await service.send('POST', '/api/jobs/start_job/', started)).status).toBe(201);
  const own = await service.query('SELECT id FROM job');
  expect(await importInto(service, lines(record(ENDED)))).toMatchObject({ imported: 0, ended: 1 });
  expect(
    await service.query(
      `SELECT id, job_state AS state, duration, walltime, cluster_partition AS part, num_hwthreads AS threads, shared, smt,
         meta_data AS meta, resources, monitoring_status AS monitored FROM job`,
    ),
  ).toMatchObject([
    {
      ...own[0],
      state: 'completed',
      duration: 21_600,
      walltime: 43_200,
      part: 'cpu',
      threads: 4,
      shared: 'multi_user',
      smt: 1,
      meta: expect.stringContaining('"jobScript":"srun x","jobName":"long"'),
      resources: '[{"hostname":"n01","hwthreads":[0,1]}]',
      monitored: 0,
    },
  ]);
  await service.close();
});

test('a job that cc-backend has started and not moved yet ends as well', async () => {
  const service = await testApp({ jobs: [job({ jobId: 9001, startTime: START, jobState: 'running', duration: 0 })] });
  const columns = (await service.query("SELECT name FROM pragma_table_info('job') WHERE name <> 'id'")).map(
    (row) => row['name'],
  );
  await service.query(`INSERT INTO job_cache (${columns.join()}) SELECT ${columns.join()} FROM job`);
  await service.query('DELETE FROM job');
  expect(await importInto(service, lines(record(ENDED)))).toMatchObject({ imported: 0, ended: 1 });
  expect(await service.query('SELECT job_state AS s, duration AS d FROM job')).toEqual([{ s: 'completed', d: 21_600 }]);
  expect(await service.query('SELECT count(*) AS n FROM job_cache')).toEqual([{ n: 0 }]);
  await service.close();
});

describe('a job that timed work ended at its walltime, because no end was reported,', () => {
  /** The job of `record()`, running for 1 h of 12 h, and ended by the timer a day later. */
  async function withAssumedEnd() {
    const database = await emptyDatabase();
    await importInto(database, lines(record()));
    const overdue = { nowSec: START + 86_400, graceSec: 600, limit: 250, after: undefined };
    expect(await database.db.write('endOverdueJobs', overdue, within(10_000))).toMatchObject({ changed: 1 });
    expect(await database.query(STORED)).toMatchObject([{ state: 'failed', duration: 43_200 }]);
    return database;
  }

  test('gets its true end from the record of it, once', async () => {
    const database = await withAssumedEnd();
    expect(await importInto(database, lines(record(ENDED)))).toMatchObject({ imported: 0, ended: 1, alreadyThere: 0 });
    const stored = [{ state: 'completed', duration: 21_600, coreHours: 24 }];
    expect(await database.query(STORED)).toEqual(stored);
    const other = record({ ...ENDED, State: 'CANCELLED', Elapsed: '05:00:00' });
    expect(await importInto(database, lines(other))).toMatchObject({ ended: 0, alreadyThere: 1 });
    expect(await database.query(STORED)).toEqual(stored);
  });

  test('has ended as it is stored, if a record says the same', async () => {
    const database = await withAssumedEnd();
    const same = record({ ...ENDED, State: 'FAILED', End: '2026-11-27T11:00:00', Elapsed: '12:00:00' });
    expect(await importInto(database, lines(same))).toMatchObject({ ended: 1 });
    expect(await importInto(database, lines(record(ENDED)))).toMatchObject({ ended: 0, alreadyThere: 1 });
    expect(await database.query(STORED)).toMatchObject([{ state: 'failed', duration: 43_200 }]);
  });

  test('goes on if a record saw it run for longer, with the walltime of that record', async () => {
    const database = await withAssumedEnd();
    expect(await importInto(database, lines(record()))).toMatchObject({ ended: 0, alreadyThere: 1 });
    expect(await database.query(STORED)).toMatchObject([{ state: 'failed', duration: 43_200 }]);
    const longer = record({ Elapsed: '13:00:00', Timelimit: '2-00:00:00' });
    expect(await importInto(database, lines(longer))).toMatchObject({ ended: 0, alreadyThere: 1, running: 1 });
    const all = 'SELECT job_state AS state, duration, walltime, monitoring_status AS monitored FROM job';
    expect(await database.query(all)).toEqual([
      { state: 'running', duration: 46_800, walltime: 172_800, monitored: 0 },
    ]);
  });

  test('is not changed if another program has changed it since', async () => {
    for (const change of ["job_state = 'timeout'", 'duration = 5', 'monitoring_status = 3']) {
      const database = await withAssumedEnd();
      await database.query(`UPDATE job SET ${change}`);
      const before = await database.query('SELECT * FROM job');
      expect(await importInto(database, lines(record(ENDED)))).toMatchObject({ ended: 0, alreadyThere: 1 });
      expect(await database.query('SELECT * FROM job')).toEqual(before);
    }
  });
});

test('a job that failed at its walltime by its own record stays as it is', async () => {
  const database = await emptyDatabase();
  await importInto(database, lines(record({ ...ENDED, State: 'FAILED', Elapsed: '12:00:00' })));
  await database.query('UPDATE job SET monitoring_status = 2'); // as cc-backend does after it could not archive the job
  expect(await importInto(database, lines(record(ENDED)))).toMatchObject({ ended: 0, alreadyThere: 1 });
  expect(await database.query(STORED)).toMatchObject([{ state: 'failed', duration: 43_200 }]);
});

test('a row that the table refuses is bad, and not already there', async () => {
  const { db, query } = await emptyDatabase();
  const jobs = [job({ jobId: 1 }), job({ jobId: Number.NaN }), job({ jobId: 3, smt: Number.NaN }), job({ jobId: 4 })];
  const batch = { jobs, read: 4, running: 0, neverStarted: 0, steps: 0, repaired: 0, bad: 0, reasons: [], position: 0 };
  const source = {
    total: undefined,
    async *batches() {
      yield batch;
    },
  };
  const bad: string[] = [];
  const report = { progress: () => {}, bad: ({ where }: { where: string }) => bad.push(where) };
  const { signal } = new AbortController();
  expect(await importJobs(db, source, report, signal)).toMatchObject({ imported: 2, alreadyThere: 0, bad: 2 });
  expect(bad).toEqual(['job NaN', 'job 3']);
  expect(await importJobs(db, source, report, signal)).toMatchObject({ imported: 0, alreadyThere: 2, bad: 2 });
  expect(await query('SELECT job_id AS id FROM job')).toEqual([{ id: 1 }, { id: 4 }]);
});

test('a week of nightly dumps, their records overlapping, is the same as one dump of all of it', async () => {
  const from = 1_700_000_000; // in the past: imports refuse future starts
  const week = sacctWeek(from, 3_000);
  const nightly = await emptyDatabase();
  const counts = { imported: 0, ended: 0, alreadyThere: 0 };
  for (let night = 1; night <= 7; night++) {
    const until = from + night * 86_400;
    const dump = sacctDump(week, until - 2 * 86_400, until); // sacct -S yesterday includes the day before
    const summary = await importInto(nightly, dump);
    expect(summary.reasons).toEqual([]);
    for (const kind of ['imported', 'ended', 'alreadyThere'] as const) counts[kind] += summary[kind];
  }
  const atOnce = await emptyDatabase();
  const { imported, running } = await importInto(atOnce, sacctDump(week, from, from + 7 * 86_400));
  const everything = async ({ query }: LocalDatabase) =>
    (await query('SELECT * FROM job ORDER BY job_id, start_time')).map((row) => ({ ...row, id: 0 }));
  expect(await everything(nightly)).toEqual(await everything(atOnce));
  expect(counts.imported).toBe(imported);
  expect(counts.ended).toBeGreaterThan(300);
  expect(counts.alreadyThere).toBeGreaterThan(1_000);
  expect(running).toBeGreaterThan(50);
});
