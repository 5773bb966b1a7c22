import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { submitTimesCommand } from '../../src/commands/submit-times.ts';
import { archiveSource } from '../../src/import/archive/archive-source.ts';
import type { ImportSource } from '../../src/import/batch.ts';
import { databaseSource } from '../../src/import/db/foreign-source.ts';
import { importJobs } from '../../src/import/import-jobs.ts';
import { submitTimeOf } from '../../src/jobs/submit-time.ts';
import { writeFiles } from '../support/archive.ts';
import { testFolder } from '../support/folder.ts';
import { localDatabase } from '../support/local-database.ts';
import { sacctFiles } from '../support/sacct-file.ts';
import { smallCluster } from '../support/small-cluster.ts';
import { bodyOf, job, testApp } from '../support/test-app.ts';

const STARTED = 1_700_000_000;
const SUBMITTED = STARTED - 10_000;
const STORED = 'SELECT submit_time AS s FROM job ORDER BY id';

async function imported(source: ImportSource) {
  const { db, query } = await localDatabase(join(testFolder(), 'job.db'));
  const report = { progress: () => {}, bad: ({ reason }: { reason: string }) => expect.fail(reason) };
  await importJobs(db, source, report, new AbortController().signal);
  return await query(STORED);
}

describe('the submit time', () => {
  test('is what is said, else what the metadata has', () => {
    const unsaid = { submitTime: 0, startTime: 7 };
    expect(submitTimeOf({ ...unsaid, submitTime: 5 }, { submitTime: '6' })).toBe(5);
    expect(submitTimeOf(unsaid, { submitTime: '6' })).toBe(6);
    expect(submitTimeOf(unsaid, undefined)).toBe(0);
    for (const submitTime of ['', '6 ', '8', '123456789012']) expect(submitTimeOf(unsaid, { submitTime })).toBe(0);
  });

  test('of a record of sacct is its Submit', async () => {
    const root = testFolder();
    const text = `JobID|Cluster|User|Account|Start|Elapsed|State|NodeList|Submit|Eligible\n1|c|u|a|${STARTED}|00:01:00|COMPLETED|n1|${SUBMITTED}|${SUBMITTED + 60}`;
    await writeFiles(root, { 'jobs.psv': text });
    expect(await imported(await sacctFiles([join(root, 'jobs.psv')]))).toEqual([{ s: SUBMITTED }]);
  });

  test('of a meta.json is its submitTime, else that of its metadata', async () => {
    const root = testFolder();
    const meta = {
      cluster: 'small',
      subCluster: 'main',
      user: 'u',
      project: 'p',
      numNodes: 1,
      jobState: 'completed',
      startTime: STARTED,
      resources: [{ hostname: 'n01' }],
    };
    await writeFiles(root, {
      'version.txt': '3\n',
      'small/cluster.json': smallCluster(),
      [`small/0/001/${STARTED}/meta.json`]: { ...meta, jobId: 1, submitTime: SUBMITTED },
      [`small/0/002/${STARTED}/meta.json`]: { ...meta, jobId: 2, metaData: { submitTime: String(SUBMITTED + 1) } },
    });
    expect(await imported(await archiveSource(root, root))).toEqual([{ s: SUBMITTED }, { s: SUBMITTED + 1 }]);
  });

  test('of another database is its column, else that of its metadata', async () => {
    const path = join(testFolder(), 'job.db');
    const { db, query } = await localDatabase(path);
    const jobs = [
      job({ jobId: 1, startTime: STARTED, submitTime: SUBMITTED }),
      job({ jobId: 2, startTime: STARTED, metaData: { submitTime: String(SUBMITTED + 1) } }),
    ];
    const one = { jobs, read: 2, running: 0, neverStarted: 0, steps: 0, repaired: 0, bad: 0, reasons: [], position: 0 };
    const source = {
      total: undefined,
      async *batches() {
        yield one;
      },
    };
    await importJobs(db, source, { progress: () => {}, bad: () => {} }, new AbortController().signal);
    expect(await query(STORED)).toEqual([{ s: SUBMITTED }, { s: 0 }]);
    const other = await databaseSource(path, testFolder());
    expect(await imported(other)).toEqual([{ s: SUBMITTED }, { s: SUBMITTED + 1 }]);
    await other.close();
  });

  test('of start_job is its submitTime, else that of its metadata, and comes back', async () => {
    const service = await testApp();
    const started = {
      cluster: 'small',
      user: 'ada',
      numNodes: 1,
      startTime: STARTED,
      resources: [{ hostname: 'n01' }],
    };
    for (const more of [
      { jobId: 1, submitTime: SUBMITTED, metaData: { submitTime: '5' } },
      { jobId: 2, metaData: { submitTime: String(SUBMITTED + 1) } },
      { jobId: 3, submitTime: 0, metaData: { submitTime: 'yesterday' } },
    ]) {
      expect((await service.send('POST', '/api/jobs/start_job/', { ...started, ...more })).status).toBe(201);
    }
    expect(await service.query(STORED)).toEqual([{ s: SUBMITTED }, { s: SUBMITTED + 1 }, { s: 0 }]);
    const { jobs } = await bodyOf<{ jobs: { jobId: number; submitTime?: number }[] }>(await service.get('/api/jobs/'));
    expect(jobs.map(({ jobId, submitTime }) => [jobId, submitTime])).toEqual([
      [3, undefined],
      [2, SUBMITTED + 1],
      [1, SUBMITTED],
    ]);
    await service.close();
  });

  test('that only the metadata has is shown, and stored by a command', async () => {
    const path = join(testFolder(), 'job.db');
    const { db, query } = await localDatabase(path);
    const texts = [String(SUBMITTED), '', 'yesterday', '5', String(STARTED + 1)];
    const jobs = texts.map((submitTime, at) =>
      job({ jobId: at + 1, startTime: STARTED, metaData: { submitTime }, submitTime: at === 3 ? 7 : 0 }),
    );
    const service = await testApp({ jobs });
    const { Meta } = await bodyOf<{ Meta: { submitTime?: number } }>(await service.get('/api/jobs/1'));
    expect(Meta.submitTime).toBe(SUBMITTED);
    await service.close();

    const report = { progress: () => {}, bad: () => {} };
    const batch = { read: 5, running: 0, neverStarted: 0, steps: 0, repaired: 0, bad: 0, reasons: [], position: 0 };
    const source = {
      total: undefined,
      async *batches() {
        yield { ...batch, jobs };
      },
    };
    await importJobs(db, source, report, new AbortController().signal);
    for (const broken of ["'{'", "'5'", 'NULL', 'CAST(\'{"submitTime":9}\' AS BLOB)']) {
      await query(`INSERT INTO job (job_id, cluster, subcluster, hpc_user, project, duration, walltime, job_state, resources, num_nodes, shared, start_time, meta_data)
        SELECT max(job_id) + 1, 'c', 'm', 'u', 'p', 1, 1, 'failed', '[]', 1, 'none', 9, ${broken} FROM job`);
    }
    let told = '';
    const stderr = new PassThrough().on('data', (chunk) => {
      told += chunk;
    });
    const io = {
      env: { DB_URL: `file:${path}` },
      stdout: stderr,
      stderr,
      stdin: new PassThrough(),
      signal: new AbortController().signal,
    };
    expect(await submitTimesCommand.run([], io)).toBe(0);
    expect(told).toContain('2 submit times stored');
    expect((await query(STORED)).map((row) => Object.values(row)[0])).toEqual([SUBMITTED, 0, 0, 7, 0, 0, 0, 0, 9]);
    expect(await submitTimesCommand.run([], io)).toBe(0);
    expect(told).toContain('0 submit times stored');
  });
});
