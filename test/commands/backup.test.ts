/** Backups of a database in use, and what is restored from them. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { compress } from '../../src/backup/compression.ts';
import { deleteOldBackups, makeBackup } from '../../src/backup/make-backup.ts';
import { restoreBackup } from '../../src/backup/restore-backup.ts';
import { backupCommand } from '../../src/commands/backup.ts';
import { UsageError } from '../../src/commands/command.ts';
import { migrate } from '../../src/db/schema/migrate.ts';
import { migrated, run, serve, start } from '../support/command-line.ts';
import { testFolder } from '../support/folder.ts';
import { type OtherProgram, openSqlite } from '../support/sqlite.ts';

const LARGE_LOG = 2 ** 40;
const RUNNING = new AbortController().signal;
const options = { compressed: false, mostLogBytes: LARGE_LOG, signal: RUNNING, progress() {} };

const INSERT = `INSERT INTO job (job_id, hpc_user, project, cluster, subcluster, start_time, duration, walltime, job_state, shared, resources, num_nodes, meta_data)
  SELECT value, 'ada', 'p', 'fern', 'main', 1700000000 + value, 60, 60, 'completed', 'none', '[]', 1, hex(randomblob(2000))`;

/** A database with this many jobs, still open. */
async function database(jobs: number): Promise<{ cwd: string; path: string; program: OtherProgram }> {
  const cwd = testFolder();
  const path = join(cwd, 'var/job.db');
  await migrate(path);
  const program = openSqlite(path, 5_000);
  await program.exec(
    `WITH RECURSIVE numbers (value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM numbers WHERE value < ${jobs}) ${INSERT} FROM numbers`,
  );
  return { cwd, path, program };
}

function count(path: string): number {
  const db = openSqlite(path, 5_000);
  try {
    return db.prepare('SELECT count(*) AS jobs FROM job').get().jobs;
  } finally {
    db.close();
  }
}

test('a drill: a backup while jobs start, then a restore, and a service on it', async () => {
  const cwd = await migrated();
  await run(cwd, ['generate', '--jobs', '10', '--archived', '0']); // and the clusters
  const path = join(cwd, 'var/job.db');
  const { service, url } = await serve(cwd);
  let started = 10;
  let stop = false;
  const load = (async () => {
    for (; !stop; started += 1) {
      const job = { jobId: started + 1, user: 'ada', cluster: 'fern', startTime: 1_700_000_000, numNodes: 1 };
      const body = JSON.stringify({ ...job, resources: [{ hostname: 'f0001' }] });
      const answer = await fetch(`${url}/api/jobs/start_job/`, { method: 'POST', body });
      expect([answer.status, await answer.text()]).toEqual([201, expect.stringContaining('success')]);
    }
  })();
  const files: { file: string; atLeast: number; atMost: number }[] = [];
  for (const args of [['one.db'], ['two.db.zst', '--compress']]) {
    const enough = (files.at(-1)?.atMost ?? 0) + 20;
    await Promise.race([load, expect.poll(() => started).toBeGreaterThan(enough)]);
    const atLeast = started;
    const { code, stdout, stderr } = await run(cwd, ['backup', ...args]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringMatching(/jobs, .* MB, no damage found/) });
    expect(stdout).toBe(`${join(cwd, args[0] ?? '')}\n`);
    files.push({ file: stdout.trim(), atLeast, atMost: started + 1 });
  }
  expect(statSync(files[1]?.file ?? '').size).toBeLessThan(statSync(files[0]?.file ?? '').size / 2);

  const refused = await run(cwd, ['restore', 'one.db']);
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('is in use: stop the service') });
  stop = true;
  await load;
  service.child.kill('SIGTERM');
  expect(await service.ended).toBe(0);

  let before = started;
  for (const { file, atLeast, atMost } of files) {
    const { code, stderr } = await run(cwd, ['restore', file]);
    const [, jobs = '', replaced = ''] = /has the ([\d,]+) jobs of .*was there before is in (\S+):/s.exec(stderr) ?? [];
    const restored = Number(jobs.replaceAll(',', ''));
    expect({ code, restored }).toEqual({ code: 0, restored: expect.any(Number) });
    expect(restored).toBeGreaterThanOrEqual(atLeast);
    expect(restored).toBeLessThanOrEqual(atMost);
    expect([count(path), count(join(replaced, 'job.db'))]).toEqual([restored, before]);
    before = restored;
  }
  const again = await serve(cwd);
  expect(await (await fetch(`${again.url}/api/jobs/count`)).json()).toEqual({ count: before });
});

describe('a backup', () => {
  test('is of one moment, however much is written meanwhile', async () => {
    const { cwd, path, program } = await database(2_000);
    let more = 0;
    const target = join(cwd, 'backup.db');
    const backup = await makeBackup(path, target, {
      ...options,
      progress: () => void program.prepare(`${INSERT} FROM (SELECT ? AS value)`).run([10_000 + more++]),
    });
    expect(more).toBeGreaterThan(0);
    expect([backup.jobs, count(target), count(path)]).toEqual([2_000, 2_000, 2_000 + more]);
    expect(statSync(target).mode & 0o777).toBe(0o600);
    program.close();
  });

  test.each([
    ['a file that exists', (target: string) => writeFileSync(target, 'x'), /exists already: choose a new name/],
    ['a link', (target: string) => symlinkSync('/dev/null', target), /exists already: choose a new name/],
    [
      'a target of another backup',
      (target: string) => writeFileSync(`${target}.unfinished`, ''),
      /another backup is writing it/,
    ],
  ])('refuses %s, and leaves it alone', async (_what, prepare, words) => {
    const { cwd, path, program } = await database(1);
    prepare(join(cwd, 'backup.db'));
    const before = readdirSync(cwd);
    await expect(makeBackup(path, join(cwd, 'backup.db'), options)).rejects.toThrow(words);
    expect(readdirSync(cwd)).toEqual(before);
    program.close();
  });

  test('leaves nothing behind if it stops, is given up, or finds damage', async () => {
    const { cwd, path, program } = await database(2_000);
    const target = join(cwd, 'backup.db');
    const before = readdirSync(cwd);
    await expect(makeBackup(path, target, { ...options, signal: AbortSignal.abort() })).rejects.toThrow('stopped');
    await expect(makeBackup(path, target, { ...options, mostLogBytes: 10 })).rejects.toThrow(/given up.*--log-limit/);
    await expect(makeBackup(path, join(cwd, 'nowhere/b.db'), options)).rejects.toThrow(/no such file or directory/);
    await program.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    program.close();
    const pages = readFileSync(path);
    for (let page = 40; page < pages.length / 4096; page += 1) pages.fill(0xff, page * 4096, page * 4096 + 64);
    writeFileSync(path, pages);
    await expect(makeBackup(path, target, options)).rejects.toThrow(/job\.db: (is damaged|the database is damaged)/);
    expect(readdirSync(cwd)).toEqual(before);
  });

  test('ends with advice where its target is full', async () => {
    const { cwd, program } = await database(5_000);
    program.close();
    const backup = start(cwd, ['backup', 'backup.db'], {}, 'pipe', 'trap "" XFSZ; ulimit -f 200');
    expect({ code: await backup.ended, stdout: backup.stdout() }).toEqual({ code: 2, stdout: '' });
    expect(backup.stderr()).toMatch(/backup\.db\.unfinished: (no space left|I\/O error|.*file too large)/i);
    expect(readdirSync(cwd)).not.toContain('backup.db.unfinished');
  });

  test('deletes the oldest ones of its own database alone', async () => {
    const { cwd, program } = await database(1);
    program.close();
    await mkdir(join(cwd, 'backups'));
    const others = [
      'job-20200101T000000Z.db.txt',
      'other-20200101T000000Z.db',
      'job-2020.db',
      'job-20200101T000000Z.db.unfinished',
    ];
    const old = ['job-20200101T000000Z.db', 'job-20200102T000000Z.db.zst', 'job-20200103T000000Z.db'];
    for (const name of [...others, ...old]) writeFileSync(join(cwd, 'backups', name), '');
    const { code, stdout, stderr } = await run(cwd, ['backup', 'backups', '--keep', '2', '--compress']);
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: expect.stringContaining(`deleted ${join(cwd, 'backups', old[1] ?? '')}`),
    });
    expect(stdout).toMatch(/backups\/job-20\d{6}T\d{6}Z\.db\.zst\n$/);
    const made = stdout.trim().split('/').at(-1) ?? '';
    expect(readdirSync(join(cwd, 'backups')).sort()).toEqual([...others, old[2], made].sort());
    expect(await deleteOldBackups(join(cwd, 'var/job.db'), join(cwd, 'backups'), 2)).toEqual([]);
  });

  test.each([
    ['', 'one TARGET is needed'],
    ['a b', 'one TARGET is needed'],
    ['a --keep 3', '--keep needs a folder as TARGET'],
    ['var --keep 0', '--keep must be a whole number from 1'],
    ['var --log-limit x', '--log-limit must be a whole number from 1'],
    ['var --fast', 'fast'],
  ])("'backup %s' is refused", async (args, words) => {
    const cwd = testFolder();
    await mkdir(join(cwd, 'var'));
    const given = args
      .split(' ')
      .filter(Boolean)
      .map((arg) => (arg === 'var' ? join(cwd, arg) : arg));
    const streams = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() };
    const io = { env: { DB_URL: `file:${join(cwd, 'job.db')}` }, ...streams, signal: RUNNING };
    const refused = backupCommand.run(given, io);
    await expect(refused).rejects.toBeInstanceOf(UsageError);
    await expect(refused).rejects.toThrow(words);
  });
});

describe('a restore', () => {
  test('refuses what is no whole backup, and leaves the database as it is', async () => {
    const { cwd, path, program } = await database(2_000);
    const good = join(cwd, 'good.db');
    await makeBackup(path, good, options);
    program.close();
    const at = (name: string) => join(cwd, name);
    await compress(good, at('cut.zst'), RUNNING);
    truncateSync(at('cut.zst'), statSync(at('cut.zst')).size - 100);
    writeFileSync(at('text'), 'no database '.repeat(100));
    writeFileSync(at('cut.db'), readFileSync(good).subarray(0, 200_000));
    const older = openSqlite(good);
    await older.exec('PRAGMA journal_mode = DELETE; UPDATE schema_migrations SET version = 9');
    older.close();
    const before = readFileSync(path);
    for (const [name, words] of [
      ['cut.zst', /cut\.zst: is incomplete or damaged/],
      ['text', /text: not an SQLite database/],
      ['cut.db', /cut\.db: .*damaged/],
      ['good.db', /good\.db: .*schema version 9/],
      ['nothing', /no such file/],
    ] as const) {
      await expect(restoreBackup(at(name), path, RUNNING), name).rejects.toThrow(words);
      expect(readFileSync(path).equals(before), name).toBe(true);
    }
    expect(readdirSync(join(cwd, 'var'))).toEqual(['job.db']);
  });

  test('replaces a damaged database, unless a program has it open', async () => {
    const { cwd, path, program } = await database(10);
    const backup = join(cwd, 'backup.db');
    await makeBackup(path, backup, options);
    await program.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    // By another process: closing the file in this one would release the locks of `program`.
    execFileSync('dd', ['if=/dev/zero', `of=${path}`, 'bs=4096', 'count=1', 'conv=notrunc', 'status=none']);
    await expect(restoreBackup(backup, path, RUNNING)).rejects.toThrow('is in use');
    program.close();
    chmodSync(path, 0o660);
    const { jobs, replaced } = await restoreBackup(backup, path, RUNNING);
    expect([jobs, count(path), statSync(path).mode & 0o777]).toEqual([10, 10, 0o660]);
    expect(readFileSync(join(replaced ?? '', 'job.db')).subarray(0, 16)).toEqual(Buffer.alloc(16));
  });

  test('makes a database where there is none', async () => {
    const { cwd, path, program } = await database(10);
    const backup = join(cwd, 'backup.db');
    await makeBackup(path, backup, options);
    program.close();
    const empty = join(testFolder(), 'new.db');
    expect(await restoreBackup(backup, empty, RUNNING)).toEqual({ jobs: 10, replaced: undefined });
    expect([count(empty), statSync(empty).mode & 0o777]).toEqual([10, 0o640]);
    expect(existsSync(`${empty}.restoring`)).toBe(false);
  });
});
