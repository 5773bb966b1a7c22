import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TABLES } from '../../routes/pages/exports.ts';
import { UsageError } from '../../src/commands/command.ts';
import { exportCommand } from '../../src/commands/export.ts';
import { jobRows } from '../../src/db/job-rows.ts';
import { migrateRemote } from '../../src/db/remote/migrate-remote.ts';
import { openRemote } from '../../src/db/remote/open-remote.ts';
import { startDeadline } from '../../src/deadline.ts';
import { exactJson, losslessJson } from '../../src/lossless-json.ts';
import { StartupError } from '../../src/startup-error.ts';
import { BIN } from '../support/command-line.ts';
import { csvObjects } from '../support/csv.ts';
import { makeFolder, removeFolder, testFolder } from '../support/folder.ts';
import { openInProcess } from '../support/in-process.ts';
import { libsqlServer } from '../support/libsql-server.ts';
import { migratedFile } from '../support/migrated-file.ts';
import { parquetRows } from '../support/parquet.ts';
import { openSqlite } from '../support/sqlite.ts';
import { job } from '../support/test-app.ts';

const MANY = 700;
const LARGE = '9223372036854775000';
const JOBS = [
  job({
    jobId: 1,
    startTime: 10_000,
    metaData: { jobName: 'dna of ada' },
    tags: [{ type: 'who', name: 'ada', scope: 'global' }],
  }),
  job({ jobId: 2, startTime: 20_000, user: 'bob', project: 'ada', energy: 1.5, submitTime: 19_990 }),
  job({ jobId: 3, startTime: 30_000, energy: 12.25, resources: [{ hostname: 'n02' }, { hostname: 'n01' }] }),
];

let folder: string;
let path: string;
beforeAll(async () => {
  folder = makeFolder();
  path = join(folder, 'job.db');
  await migratedFile(path);
  const db = await openInProcess(path);
  const many = Array.from({ length: MANY }, (_, at) => job({ jobId: 100 + at, cluster: 'many', startTime: 10 + at }));
  await db.write('insertJobs', jobRows([...JOBS, ...many]), startDeadline(30_000));
  await db.close(1_000);
  const driver = openSqlite(path);
  await driver.exec(`UPDATE job SET job_id = ${LARGE} WHERE job_id = 3`);
  driver.close();
});
afterAll(() => removeFolder(folder));

async function run(args: string, env: Record<string, string> = {}, signal = new AbortController().signal) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const [out, err]: [Buffer[], Buffer[]] = [[], []];
  stdout.on('data', (chunk) => out.push(chunk));
  stderr.on('data', (chunk) => err.push(chunk));
  const io = { env: { DB_URL: `file:${path}`, ...env }, stdin: new PassThrough(), stdout, stderr, signal };
  const code = await exportCommand.run(args.split(' '), io);
  return { code, out: Buffer.concat(out).toString(), err: Buffer.concat(err).toString() };
}

const SMALL = 'jobs cluster=small --columns jobId,user,energy,wait,hosts';

test('writes the jobs that match as CSV', async () => {
  expect(await run(`${SMALL} --format csv`)).toMatchObject({
    code: 0,
    out: `"jobId","user","energy","wait","hosts"\r\n${LARGE},"ada",12.25,,"n02;n01"\r\n2,"bob",1.5,10,"n01"\r\n1,"ada",0.0,,"n01"\r\n`,
    err: expect.stringMatching(/^3 jobs exported, /),
  });
});

test('writes the jobs that match as NDJSON', async () => {
  const { out } = await run(`${SMALL} user=bob start-time=1970-01-01..1970-01-01 --format ndjson`);
  expect(out).toBe('{"jobId":2,"user":"bob","energy":1.5,"wait":10,"hosts":["n01"]}\n{"end":true,"rows":1}\n');
});

describe('a table of statistics', () => {
  test('is that of its route', async () => {
    expect(await run('statistics/jobs cluster=small group-by=user --columns id,totalJobs --format csv')).toEqual({
      code: 0,
      out: '"id","totalJobs"\r\n"ada",2\r\n"bob",1\r\n',
      err: expect.stringMatching(/^2 rows exported, [\d.]+ s\n$/),
    });
    const { out } = await run('statistics/percentiles of=duration cluster=small --format ndjson');
    expect(out).toBe('{"id":"","jobs":3,"unknown":0,"p50":3600,"p90":3600,"p99":3600}\n{"end":true,"rows":1}\n');
  });

  test.each(Object.keys(TABLES).filter((table) => table !== 'jobs'))('%s is known, and has Parquet', async (table) => {
    const output = join(folder, 'table.parquet');
    const of = table === 'statistics/percentiles' ? 'of=wait' : 'cluster=small';
    expect((await run(`${table} ${of} --format parquet --output ${output}`)).code).toBe(0);
    expect((await parquetRows(output)).length).toBeGreaterThan(0);
  });

  test.each([
    ['statistics/jobs colour=red --format csv', 'invalid query parameter: colour'],
    ['statistics/jobs --columns colour --format csv', /has unknown columns: "colour"/],
    ['statistics/jobs --pseudonyms --format csv', '--pseudonyms is for jobs'],
    ['statistics/overview --format csv', /^use: export and one of jobs, statistics\/jobs,/],
  ])('refuses %s', async (args, message) => {
    await expect(run(args)).rejects.toThrow(message);
    await expect(run(args)).rejects.toThrow(UsageError);
  });
});

test('writes jobs of many batches', async () => {
  const { out } = await run('jobs --format csv');
  expect(csvObjects(out)).toHaveLength(MANY + JOBS.length);
});

test('writes Parquet with the rows of NDJSON, also with pseudonyms', async () => {
  const key = join(testFolder(), 'key');
  writeFileSync(key, 'k'.repeat(32));
  const columns = '--columns id,jobId,user,jobName,energy,wait,hosts,tags,metric.cpu_load_avg';
  for (const more of ['', ` --pseudonyms --key ${key}`]) {
    const file = join(testFolder(), 'jobs.parquet');
    const { code, out, err } = await run(`jobs ${columns}${more} --format parquet --output ${file}`);
    expect([code, out, err]).toEqual([0, '', expect.stringMatching(/^703 jobs exported, /)]);
    const lines = (await run(`jobs ${columns}${more} --format ndjson`)).out.trimEnd().split('\n').slice(0, -1);
    expect((await parquetRows(file)).map(losslessJson)).toEqual(lines.map((line) => losslessJson(exactJson(line))));
  }
});

test('reads a libSQL server, too', async () => {
  const { url } = await libsqlServer();
  await migrateRemote({ url });
  const db = openRemote({ url, mostAtOnce: 1, heartbeat: false });
  await db.write('insertJobs', jobRows(JOBS.slice(1, 2)), startDeadline(30_000));
  await db.close(1_000);
  const { out } = await run('jobs --columns jobId --format ndjson', { DB_URL: url });
  expect(out).toBe('{"jobId":2}\n{"end":true,"rows":1}\n');
});

test('ends as after SIGPIPE, without a message, when its reader has ended', () => {
  const command = `{ '${BIN}' export jobs --format csv; echo $? >&2; } | true`;
  const env = { ...process.env, DB_URL: `file:${path}` };
  const { stderr } = spawnSync('sh', ['-c', command], { cwd: folder, env, encoding: 'utf8', timeout: 120_000 });
  expect(stderr).toBe('141\n');
});

test.each([
  ['jobs with a metric', ['jobs', '--columns', 'jobId,metric.flops_any_avg']],
  ['a table', ['statistics/jobs']],
])('the process ends when it has written %s', (_, args) => {
  const env = { ...process.env, DB_URL: `file:${path}` };
  const limits = { cwd: folder, env, timeout: 120_000, killSignal: 'SIGKILL' } as const; // its deadlines are of an hour
  const { status, stdout } = spawnSync(BIN, ['export', ...args, '--format', 'csv'], { ...limits, encoding: 'utf8' });
  expect(status).toBe(0);
  expect(stdout).toMatch(/^"(jobId|id)",/);
});

describe('--output', () => {
  test('is a file that only its owner may read, in the place of an old one', async () => {
    const own = testFolder();
    const file = join(own, 'jobs.csv');
    writeFileSync(file, 'old', { mode: 0o644 });
    const { code, out } = await run(`${SMALL} --format csv --output ${file}`);
    expect([code, out]).toEqual([0, '']);
    expect(readFileSync(file, 'utf8')).toBe((await run(`${SMALL} --format csv`)).out);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(own)).toEqual(['jobs.csv']);
  });

  test.each(['csv', 'parquet'])('does not exist after an export as %s that was stopped', async (format) => {
    const own = testFolder();
    const stopped = await run(`jobs --format ${format} --output ${join(own, 'jobs')}`, {}, AbortSignal.abort());
    expect(stopped).toMatchObject({ code: 1, err: 'stopped: the export is not complete\n' });
    expect(readdirSync(own)).toEqual([]);
    expect(existsSync(path)).toBe(true);
  });
});

describe('--pseudonyms', () => {
  const COLUMNS = 'jobs cluster=small --columns jobId,user,project,jobName,hosts,tags,energy,wait';
  const rows = async (more = '') => csvObjects((await run(`${COLUMNS} --format csv --pseudonyms${more}`)).out);

  test('replace every name, equal names alike, and nothing else', async () => {
    const [third, second, first] = await rows();
    expect(first).toEqual({
      jobId: '1',
      user: expect.stringMatching(/^user-[0-9a-f]{20}$/),
      project: expect.stringMatching(/^project-[0-9a-f]{20}$/),
      jobName: expect.stringMatching(/^name-[0-9a-f]{20}$/),
      hosts: expect.stringMatching(/^host-[0-9a-f]{20}$/),
      tags: expect.stringMatching(/^tag-[0-9a-f]{20}$/),
      energy: '0.0',
      wait: '',
    });
    expect(third).toMatchObject({ jobId: LARGE, user: first?.['user'], jobName: '', energy: '12.25' });
    expect(third?.['hosts']?.split(';')[1]).toBe(first?.['hosts']);
    expect(second?.['user']).not.toBe(first?.['user']);
    // The project `ada` has another pseudonym than the user `ada`.
    expect(second?.['project']?.split('-')[1]).not.toBe(first?.['user']?.split('-')[1]);
  });

  test('are in NDJSON, too, with exact numbers and the mark of the end', async () => {
    const { out } = await run(`${COLUMNS} --format ndjson --pseudonyms`);
    expect(out).not.toMatch(/\bada\b/);
    expect(out).toMatch(
      /^\{"jobId":9223372036854775000,.*"hosts":\["host-\w+","host-\w+"\],.*\n\{"end":true,"rows":3\}\n$/s,
    );
  });

  test('leave an export without names as it is', async () => {
    const plain = 'jobs --columns id,jobId,cluster,energy,wait,endTime,duration,metric.cpu_load_avg --format';
    for (const format of ['csv', 'ndjson']) {
      expect((await run(`${plain} ${format} --pseudonyms`)).out).toBe((await run(`${plain} ${format}`)).out);
    }
  });

  test('are the same with the same key, and others without one', async () => {
    const key = join(testFolder(), 'key');
    writeFileSync(key, 'k'.repeat(32));
    expect(await rows(` --key ${key}`)).toEqual(await rows(` --key ${key}`));
    expect((await rows())[0]?.['user']).not.toBe((await rows())[0]?.['user']);
    writeFileSync(key, 'short');
    await expect(rows(` --key ${key}`)).rejects.toThrow(StartupError);
  });
});

test.each([
  ['nodes --format csv', 'use: export and one of jobs'],
  ['jobs', '--format must be csv, ndjson or parquet'],
  ['jobs --format xlsx', '--format must be csv, ndjson or parquet'],
  ['jobs ada --format csv', "a FILTER is NAME=VALUE: 'ada'"],
  ['jobs colour=red --format csv', 'FILTER: invalid query parameter: colour'],
  ['jobs --columns colour --format csv', '--columns has unknown columns: "colour"'],
  ['jobs --format csv --key k', '--key needs --pseudonyms'],
])('refuses %j', async (args, problem) => {
  const error = await run(args).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UsageError);
  expect(String(error)).toContain(problem);
});
