/** Which jobs timed work and commands compress, move and delete, and how the work continues. */
import { existsSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { jobFolder } from '../../src/archive/layout.ts';
import { archiveUpkeep } from '../../src/archive/upkeep.ts';
import { readSettings } from '../../src/check-settings.ts';
import { jobRows } from '../../src/db/job-rows.ts';
import { migrateRemote } from '../../src/db/remote/migrate-remote.ts';
import { openRemote } from '../../src/db/remote/open-remote.ts';
import { within } from '../../src/deadline.ts';
import { checkArchiveJobs } from '../../src/doctor/archive/check.ts';
import type { Job } from '../../src/jobs/job.ts';
import type { Bindings } from '../../src/settings.ts';
import { compressArchive, RETAIN_ARCHIVE, retainArchive } from '../../src/timed/archive-tasks.ts';
import { type ArchiveWork, compressEnded, retainEnded } from '../../src/timed/archive-work.ts';
import { asTimedWork } from '../../src/timed/claim-for-command.ts';
import { lastTimedWork, runTimedWork } from '../../src/timed/run-timed-work.ts';
import { writeFiles } from '../support/archive.ts';
import { testFolder } from '../support/folder.ts';
import { libsqlServer } from '../support/libsql-server.ts';
import { job, NOW, type TestApp, testApp } from '../support/test-app.ts';

const DAY = 86_400;
const DATA = JSON.stringify({ flops_any: {}, filler: 'x'.repeat(3000) });

let service: TestApp;
let now: number;
const warnings: object[] = [];
afterEach(() => service.close());

/** A job that ended some days ago, an hour after its start. */
const ended = (jobId: number, daysAgo: number, more: Partial<Job> = {}) =>
  job({ jobId, startTime: NOW - daysAgo * DAY - 3600, duration: 3600, monitoringStatus: 3, ...more });
const tagged = (type: string) => ({ tags: [{ type, name: 'x', scope: 'global' }] });

const JOBS = [
  ended(1, 400),
  ended(2, 400, { jobState: 'running' }), // a running job with files, as an import may leave
  ended(3, 400, { jobState: 'suspended' }),
  ended(4, 40, { startTime: NOW - 400 * DAY, duration: 360 * DAY }), // an old start, and an end 40 days ago
  ended(5, 400, tagged('note')), // by a user
  ended(6, 400, tagged('app')), // by cc-backend
  ended(7, 400, { monitoringStatus: 0 }), // without files
  ended(8, 20),
  ended(9, 401), // its files are gone already
];
const WITHOUT_FILES = [7, 9];

beforeEach(async () => {
  now = NOW;
  warnings.length = 0;
  service = await testApp({
    jobs: JOBS,
    fill: async ({ archiveRoot }) => {
      await writeFiles(archiveRoot, { 'version.txt': '3', 'small/cluster.json': '{}' });
      for (const one of JOBS.filter(({ jobId }) => !WITHOUT_FILES.includes(Number(jobId)))) {
        const both = { 'meta.json': '{}', 'data.json': DATA };
        await writeFiles(folderOf(Number(one.jobId), archiveRoot), both);
      }
    },
  });
});

function folderOf(jobId: number, root = service.archiveRoot): string {
  const startTime = Number(JOBS.find((one) => one.jobId === jobId)?.startTime);
  return jobFolder(root, { cluster: 'small', jobId, startTime }) ?? '';
}

/** The names of the files, by job. */
function files(root = service.archiveRoot): Record<string, string> {
  const found = JOBS.flatMap(({ jobId }) => {
    const folder = folderOf(Number(jobId), root);
    return existsSync(folder) ? [[String(jobId), readdirSync(folder).sort().join(' ')] as const] : [];
  });
  return Object.fromEntries(found);
}
const withFiles = (root?: string) => Object.keys(files(root)).map(Number);
const rows = async () =>
  (await service.query('SELECT job_id AS id, monitoring_status AS m FROM job ORDER BY id')).map(({ id, m }) => [id, m]);

/** With `stopping`, the service stops during the first job. */
const run = (settings: Partial<Bindings>, stopping?: AbortController) =>
  runTimedWork(
    {
      db: service.db,
      settings: readSettings({ AUTH: 'none', ...settings }),
      archive: stopped(archiveUpkeep(service.archiveRoot), stopping),
      clock: () => now,
      signal: stopping?.signal,
      log: { warn: (...line) => warnings.push(line) },
    },
    [compressArchive, retainArchive],
  );
function stopped(archive: ArchiveWork['archive'], stopping?: AbortController): ArchiveWork['archive'] {
  if (stopping === undefined) return archive;
  return {
    ...archive,
    async compress(one) {
      stopping.abort();
      return await archive.compress(one);
    },
  };
}
const resultOf = async (name: string) => (await lastTimedWork(service)).find((work) => work.name === name)?.result;

test('nothing happens to the archive without a setting', async () => {
  await run({});
  expect([await lastTimedWork(service), Object.values(files()).filter((names) => names.includes('.gz'))]).toEqual([
    [],
    [],
  ]);
});

describe('compression', () => {
  const settings = { ARCHIVE_COMPRESSION_D: '30' };

  test('is for jobs that ended before that many days', async () => {
    await run(settings);
    const compressed = Object.entries(files()).filter(([, names]) => names === 'data.json.gz meta.json');
    expect(compressed.map(([id]) => Number(id))).toEqual([1, 4, 5, 6]);
    expect(await resultOf('compressArchive')).toMatchObject({ files: 4, failed: 0, jobs: 0 });
    expect((await rows()).length).toBe(JOBS.length);
  });

  test('stops when the service does, continues at its next time, and begins again after a day', async () => {
    let runs = 0;
    for (; runs < 20; runs += 1) {
      await run(settings, new AbortController()); // one job a run
      const { next } = Object(await resultOf('compressArchive'));
      if (next === undefined) break;
      now += 600;
    }
    expect(runs).toBeGreaterThan(3);
    const result = await resultOf('compressArchive');
    expect(result).toMatchObject({ beganAt: NOW, files: 4 });
    writeFileSync(join(folderOf(1), 'data.json'), DATA);
    now = NOW + DAY - 1;
    await run(settings);
    expect([files()['1'], await resultOf('compressArchive')]).toEqual(['data.json data.json.gz meta.json', result]);
    now += 600;
    await run(settings);
    expect([files()['1'], await resultOf('compressArchive')]).toMatchObject([
      'data.json.gz meta.json',
      { beganAt: now },
    ]);
  });

  test('leaves a job with a problem, says so, and goes on', async () => {
    writeFileSync(join(folderOf(1), 'data.json.gz'), gzipSync('{}'));
    await run(settings);
    expect(await resultOf('compressArchive')).toMatchObject({ files: 3, failed: 1 });
    expect(warnings).toMatchObject([[{ problem: expect.stringContaining('other content') }, expect.any(String)]]);
  });
});

describe('retention', () => {
  const settings = { ARCHIVE_RETENTION: 'delete', ARCHIVE_RETENTION_D: '30' } as const;

  test('deletes files and rows of jobs that ended before that many days', async () => {
    await run(settings);
    expect(withFiles()).toEqual([2, 3, 8]);
    expect((await rows()).map(([id]) => id)).toEqual([2, 3, 8]);
    expect(await resultOf(RETAIN_ARCHIVE)).toMatchObject({ files: 4, jobs: 6, failed: 0 });
  });

  test.each([
    ['all', [2, 3, 5, 6, 8]],
    ['user', [2, 3, 5, 8]],
  ] as const)('leaves tagged jobs with %s', async (omit, left) => {
    await run({ ...settings, ARCHIVE_RETENTION_OMIT_TAGGED: omit });
    expect([withFiles(), (await rows()).map(([id]) => id)]).toEqual([left, left]);
  });

  test('keeps the rows, if it shall, and they say that there is no metric data', async () => {
    await run({ ...settings, ARCHIVE_RETENTION_DB: 'off' });
    expect(withFiles()).toEqual([2, 3, 8]);
    expect(await rows()).toEqual([
      [1, 0],
      [2, 3],
      [3, 3],
      [4, 0],
      [5, 0],
      [6, 0],
      [7, 0],
      [8, 3],
      [9, 0],
    ]);
    now += DAY;
    await run({ ...settings, ARCHIVE_RETENTION_DB: 'off' });
    expect(await resultOf(RETAIN_ARCHIVE)).toMatchObject({ beganAt: now, files: 0, jobs: 0 });
  });

  test('moves jobs to another archive', async () => {
    const target = testFolder();
    await writeFiles(target, { 'version.txt': '3' });
    await run({ ...settings, ARCHIVE_RETENTION: 'move', ARCHIVE_RETENTION_PATH: target });
    expect([withFiles(), withFiles(target)]).toEqual([
      [2, 3, 8],
      [1, 4, 5, 6],
    ]);
    expect(existsSync(join(target, 'small/cluster.json'))).toBe(true);
  });

  test('deletes no row of a job whose files stay', async () => {
    writeFileSync(join(folderOf(1), 'notes.txt'), '');
    await run(settings);
    expect([withFiles(), (await rows()).map(([id]) => id)]).toEqual([
      [1, 2, 3, 8],
      [1, 2, 3, 8],
    ]);
    expect(await resultOf(RETAIN_ARCHIVE)).toMatchObject({ failed: 1 });
  });

  test.each(['the archive', 'the target'])('deletes nothing while %s is not mounted', async (what) => {
    const target = testFolder();
    await writeFiles(target, { 'version.txt': '3' });
    const before = await rows();
    const missing = what === 'the target' ? target : service.archiveRoot;
    renameSync(join(missing, 'version.txt'), join(missing, 'gone'));
    await run({ ...settings, ARCHIVE_RETENTION: 'move', ARCHIVE_RETENTION_PATH: target });
    expect([await rows(), warnings]).toMatchObject([before, [[{ task: RETAIN_ARCHIVE }, 'timed work failed']]]);
    expect(readdirSync(target)).toHaveLength(1);
  });

  test('deletes no row if the archive goes away in between', async () => {
    const real = archiveUpkeep(service.archiveRoot);
    const work = workWith({
      ...real,
      async remove(one) {
        renameSync(service.archiveRoot, `${service.archiveRoot}.elsewhere`);
        return await real.remove(one); // finds nothing
      },
    });
    const retention = {
      before: NOW - 30 * DAY,
      after: undefined,
      target: undefined,
      omit: 'none',
      keepsJobs: false,
    } as const;
    await expect(retainEnded(work, retention)).rejects.toThrow('its file system is not mounted');
    renameSync(`${service.archiveRoot}.elsewhere`, service.archiveRoot);
    expect([withFiles().length, (await rows()).length]).toEqual([JOBS.length - WITHOUT_FILES.length, JOBS.length]);
  });

  test('records what was done before the machine failed', async () => {
    const real = archiveUpkeep(service.archiveRoot);
    let calls = 0;
    const work = workWith({
      ...real,
      async remove(one) {
        calls += 1;
        if (calls === 3) throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
        return await real.remove(one);
      },
    });
    const retention = {
      before: NOW - 30 * DAY,
      after: undefined,
      target: undefined,
      omit: 'none',
      keepsJobs: false,
    } as const;
    await expect(retainEnded(work, retention)).rejects.toThrow('no space');
    expect((await rows()).length).toBe(JOBS.length - 2);
  });
});

function workWith(archive: ArchiveWork['archive']): ArchiveWork {
  const step: ArchiveWork['step'] = (work) => within(30_000, work);
  return { db: service.db, archive, step, shouldStop: () => false, problem: () => {} };
}

test('a command and timed work do not do the same at the same time', async () => {
  const gate = Promise.withResolvers<void>();
  const first = asTimedWork(service.db, 'compressArchive', async () => {
    await gate.promise;
    return await compressEnded(workWith(archiveUpkeep(service.archiveRoot)), {
      before: NOW - 30 * DAY,
      after: undefined,
    });
  });
  await expect.poll(async () => (await lastTimedWork(service)).length).toBe(1);
  expect(await asTimedWork(service.db, 'compressArchive', async () => ({}))).toBeUndefined();
  now = Math.floor(Date.now() / 1000) + 60;
  await run({ ARCHIVE_COMPRESSION_D: '30' });
  expect(files()['1']).toBe('data.json meta.json');
  gate.resolve();
  expect(await first).toMatchObject({ files: 4 });
  expect(await asTimedWork(service.db, 'compressArchive', async () => ({ again: 1 }))).toEqual({ again: 1 });
  // Killed three minutes ago.
  await service.write(`UPDATE ccjobs_timed_work SET ended_at = NULL, began_at = unixepoch() - 180`);
  expect(await asTimedWork(service.db, 'compressArchive', async () => ({}))).toEqual({});
});

test('a database on a libSQL server, too', async () => {
  const { url } = await libsqlServer();
  await migrateRemote({ url, authToken: undefined });
  const db = openRemote({ url, authToken: undefined, mostAtOnce: 4, heartbeat: false });
  onTestFinished(() => db.close(1_000));
  await within(30_000, (own) => db.write('insertJobs', jobRows(JOBS), own));
  const work = { ...workWith(archiveUpkeep(service.archiveRoot)), db };
  const before = NOW - 30 * DAY;
  const done = await asTimedWork(db, 'compressArchive', () => compressEnded(work, { before, after: undefined }));
  expect(done).toMatchObject({ files: 4, failed: 0 });
  const kept = { before, after: undefined, target: undefined, omit: 'user', keepsJobs: true } as const;
  expect(await retainEnded(work, kept)).toMatchObject({ files: 3, jobs: 4 }); // job 5 is tagged by a user
  expect(await retainEnded(work, { ...kept, omit: 'none', keepsJobs: false })).toMatchObject({ files: 1, jobs: 6 });
  const check = { root: service.archiveRoot, db, readsData: false, signal: new AbortController().signal };
  const found = (await Array.fromAsync(checkArchiveJobs({ ...check, progress() {} }))).flat();
  expect(found.filter(({ kind }) => !['broken', 'odd'].includes(kind))).toEqual([]); // the files of this test are bare
});
