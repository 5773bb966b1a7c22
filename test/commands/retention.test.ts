import { existsSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import { beforeEach, describe, expect, test } from 'vitest';
import { UsageError } from '../../src/commands/command.ts';
import { retentionCommand } from '../../src/commands/retention.ts';
import { jobRows } from '../../src/db/job-rows.ts';
import { migrate } from '../../src/db/schema/migrate.ts';
import { startDeadline } from '../../src/deadline.ts';
import type { Job } from '../../src/jobs/job.ts';
import { testFolder } from '../support/folder.ts';
import { openInProcess } from '../support/in-process.ts';
import { openSqlite } from '../support/sqlite.ts';
import { job } from '../support/test-app.ts';

const DAY = 86_400;
const NOW = Math.floor(Date.now() / 1000);

let folder: string;
beforeEach(() => {
  folder = testFolder();
});
const path = () => join(folder, 'job.db');
const exportPath = () => join(folder, 'old.ndjson.gz');

async function fill(jobs: readonly Job[]) {
  await migrate(path());
  const db = await openInProcess(path());
  const deadline = startDeadline(30_000);
  await db.write('insertJobs', jobRows(jobs), deadline);
  deadline.clear();
  await db.close(1_000);
}

async function run(args: string, stopWhen: () => boolean = () => false) {
  const stop = new AbortController();
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  let said = '';
  stderr.on('data', (chunk) => {
    said += chunk;
  });
  const looking = setInterval(() => {
    if (stopWhen()) stop.abort();
  }, 2);
  const io = { env: { DB_URL: `file:${path()}` }, stdin: new PassThrough(), stdout, stderr, signal: stop.signal };
  const code = await retentionCommand.run(args.split(' '), io).finally(() => clearInterval(looking));
  return { code, out: String(stdout.read() ?? ''), said, last: said.trim().split('\n').at(-1) };
}

async function query(sql: string) {
  const db = openSqlite(path(), 1_000);
  try {
    return await (await db.prepare(sql)).all([]);
  } finally {
    db.close();
  }
}
const ids = async () => (await query('SELECT job_id AS id FROM job ORDER BY id')).map(({ id }: { id: number }) => id);
const exported = () =>
  gunzipSync(readFileSync(exportPath()))
    .toString()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

const old = (jobId: number, more: Partial<Job> = {}) => job({ jobId, startTime: NOW - 400 * DAY + jobId, ...more });
const tag = (type: string) => [{ type, name: 'x', scope: 'ada' }];

test('a dry run says how many there are, and deletes none', async () => {
  await fill([old(1), old(2, { tags: tag('note') }), job({ jobId: 3, startTime: NOW - DAY })]);
  expect(await run('--older-than 365d --dry-run')).toMatchObject({ code: 0, out: '2\n' });
  expect((await run('--older-than 365d --omit-tagged all --dry-run')).out).toBe('1\n');
  expect(await ids()).toEqual([1, 2, 3]);
});

test('old jobs are deleted, tagged ones as said', async () => {
  await fill([
    old(1),
    old(2, { tags: tag('app') }),
    old(3, { tags: tag('note') }),
    job({ jobId: 4, startTime: NOW - DAY }),
  ]);
  expect(await run('--older-than 365d --omit-tagged user')).toMatchObject({
    code: 0,
    last: expect.stringMatching(/2 deleted, /),
  });
  expect(await ids()).toEqual([3, 4]);
});

describe('an export', () => {
  test('has each deleted job with its metadata and all its tags', async () => {
    const jobId = 2n ** 60n + 1n;
    await fill([old(1, { jobId, metaData: { jobName: 'ü' }, tags: tag('note') }), old(2)]);
    await run(`--older-than 365d --export ${exportPath()}`);
    const lines = gunzipSync(readFileSync(exportPath())).toString();
    expect(lines).toContain(`"jobId":${jobId},`);
    expect(exported()).toMatchObject([
      { metaData: { jobName: 'ü' }, tags: [{ type: 'note', scope: 'ada' }] },
      { jobId: 2 },
    ]);
    expect(await ids()).toEqual([]);
    expect(await query('SELECT count(*) AS n FROM ccjobs_exports')).toEqual([{ n: 0 }]);
  });

  test('that was stopped goes on without a job missing or twice', async () => {
    const jobs = Array.from({ length: 1_100 }, (_, number) => old(number));
    await fill(jobs);
    const stopped = await run(
      `--older-than 365d --export ${exportPath()}`,
      () => existsSync(exportPath()) && statSync(exportPath()).size > 0,
    );
    expect(stopped).toMatchObject({ code: 1, last: expect.stringMatching(/stopped \(run it again to continue\)/) });
    const left = (await ids()).length;
    expect(left).toBeGreaterThan(0);
    expect(exported()).toHaveLength(1_100 - left);
    writeFileSync(exportPath(), 'half a batch that was not deleted', { flag: 'a' });
    expect((await run(`--older-than 365d --export ${exportPath()}`)).code).toBe(0);
    expect(exported().map(({ jobId }: { jobId: number }) => jobId)).toEqual(jobs.map(({ jobId }) => jobId));
    expect(await ids()).toEqual([]);
  });

  test('into a file that exists, or that has lost jobs, is refused', async () => {
    await fill([old(1)]);
    writeFileSync(exportPath(), 'something else');
    await expect(run(`--older-than 365d --export ${exportPath()}`)).rejects.toThrow(/already exists/);
    expect(readFileSync(exportPath(), 'utf8')).toBe('something else');
    const db = openSqlite(path(), 1_000);
    await db.exec(`INSERT INTO ccjobs_exports VALUES ('${exportPath()}', 100)`);
    db.close();
    truncateSync(exportPath(), 10);
    await expect(run(`--older-than 365d --export ${exportPath()}`)).rejects.toThrow(/is missing jobs/);
    expect(await ids()).toEqual([1]);
  });
});

test('the space goes back to the file system', async () => {
  const metaData = { jobScript: 'x'.repeat(20_000) };
  await fill(Array.from({ length: 1_000 }, (_, number) => old(number, { metaData })));
  const before = statSync(path()).size + (existsSync(`${path()}-wal`) ? statSync(`${path()}-wal`).size : 0);
  expect(before).toBeGreaterThan(20_000_000);
  const { last } = await run('--older-than 365d');
  expect(last).toMatch(/1,000 deleted, \d\d MB freed/);
  expect(statSync(path()).size).toBeLessThan(2_000_000);
  expect(await query('PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
});

test.each([
  '',
  '--older-than',
  '--older-than 5',
  '--older-than 0d',
  '--older-than 5d --omit-tagged some',
  '--older-than 5d --colour red',
])('%j is a wrong command line', async (args) => {
  await expect(run(args)).rejects.toBeInstanceOf(UsageError);
});
