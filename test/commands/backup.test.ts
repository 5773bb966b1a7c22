/** Backups of a database in use, and what is restored from them. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { zstdCompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { backUpMetadata, restoreMetadata, verifyMetadata } from '../../src/backup/archive-metadata.ts';
import { deleteOldBackups, makeBackup } from '../../src/backup/make-backup.ts';
import { restoreBackup } from '../../src/backup/restore-backup.ts';
import { compress } from '../../src/backup/zstd-files.ts';
import { backupCommand } from '../../src/commands/backup.ts';
import { UsageError } from '../../src/commands/command.ts';
import { migrate } from '../../src/db/schema/migrate.ts';
import { writeFiles } from '../support/archive.ts';
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
  await run(cwd, ['generate', '--jobs', '60', '--archived', '20', '--end', '2025-01-01']); // and the clusters
  const archived = globSync('var/job-archive/*/*/*/*/meta.json', { cwd }).toSorted();
  expect(archived.length).toBeGreaterThan(1);
  const path = join(cwd, 'var/job.db');
  const { service, url } = await serve(cwd);
  let started = 60;
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
  for (const args of [['one.db'], ['two.db.zst', '--compress', '--archive-metadata']]) {
    const enough = (files.at(-1)?.atMost ?? 0) + 20;
    await Promise.race([load, expect.poll(() => started).toBeGreaterThan(enough)]);
    const atLeast = started;
    const { code, stdout, stderr } = await run(cwd, ['backup', ...args]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringMatching(/jobs, .* MB, no damage found/) });
    const [file = '', ...more] = stdout.trimEnd().split('\n');
    expect([file, more]).toEqual([join(cwd, args[0] ?? ''), args.length > 1 ? [join(cwd, 'two.meta.ndjson.zst')] : []]);
    files.push({ file, atLeast, atMost: started + 1 });
  }
  expect(statSync(files[1]?.file ?? '').size).toBeLessThan(statSync(files[0]?.file ?? '').size / 2);

  const refused = await run(cwd, ['restore', 'one.db']);
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('job.db is in use: stop the service') });
  expect(await run(cwd, ['backup', 'nowhere/b.db'])).toMatchObject({
    code: 2,
    stderr: `cc-jobs: the folder ${join(cwd, 'nowhere')} does not exist: correct the path, or create it\n`,
  });
  stop = true;
  await load;
  service.child.kill('SIGTERM');
  expect(await service.ended).toBe(0);

  const [gone = '', other = ''] = archived.map((path) => join(cwd, path));
  const texts = archived.map((path) => readFileSync(join(cwd, path), 'utf8'));
  rmSync(gone);
  writeFileSync(other, 'not what it was');
  let before = started;
  for (const { file, atLeast, atMost } of files) {
    const metadata = file.endsWith('.zst') ? ['--archive-metadata'] : [];
    const { code, stderr } = await run(cwd, ['restore', file, ...metadata]);
    const [, jobs = '', replaced = ''] = /has the ([\d,]+) jobs of .*was there before is in (\S+):/s.exec(stderr) ?? [];
    const restored = Number(jobs.replaceAll(',', ''));
    expect({ code, restored }).toEqual({ code: 0, restored: expect.any(Number) });
    expect(restored).toBeGreaterThanOrEqual(atLeast);
    expect(restored).toBeLessThanOrEqual(atMost);
    expect([count(path), count(join(replaced, 'job.db'))]).toEqual([restored, before]);
    before = restored;
  }
  expect(archived.map((path) => readFileSync(join(cwd, path), 'utf8'))).toEqual(texts);
  const aside = globSync('var/job-archive.replaced-*/*/*/*/*/meta.json', { cwd });
  expect(aside.map((path) => readFileSync(join(cwd, path), 'utf8'))).toEqual(['not what it was']);
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
    const oldMetadata = ['job-20200102T000000Z.meta.ndjson.zst', 'job-20200103T000000Z.meta.ndjson.zst'];
    for (const name of [...others, ...old, ...oldMetadata]) writeFileSync(join(cwd, 'backups', name), '');
    const { code, stdout, stderr } = await run(cwd, ['backup', 'backups', '--keep', '2', '--compress']);
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: expect.stringContaining(`deleted ${join(cwd, 'backups', old[1] ?? '')}`),
    });
    expect(stdout).toMatch(/backups\/job-20\d{6}T\d{6}Z\.db\.zst\n$/);
    const made = stdout.trim().split('/').at(-1) ?? '';
    expect(readdirSync(join(cwd, 'backups')).sort()).toEqual([...others, old[2], oldMetadata[1], made].sort());
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
      ['cut.zst', /cut\.zst is incomplete or damaged/],
      ['text', /text: not an SQLite database/],
      ['cut.db', /cut\.db: .*damaged/],
      ['good.db', /good\.db has schema version 9/],
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

describe("a backup of the archive's metadata", () => {
  const options = { signal: RUNNING, progress() {}, unread() {} };
  const meta = 'fern/1/234/1700000000/meta.json';
  const archiveWith = async (files: Record<string, unknown>) => {
    const root = testFolder();
    await writeFiles(root, { 'version.txt': '3\n', 'fern/cluster.json': '{}', ...files });
    return root;
  };

  test('has the bytes of all files, makes an archive where there is none, and counts what it cannot read', async () => {
    const root = await archiveWith({
      [meta]: '{"jobId":1234}\n',
      'fern/1/235/1700000000/meta.json': new Uint8Array([0x22, 0xff, 0x22]), // no UTF-8
      'fern/1/235/1700000000/data.json': '{}',
      'fern/1/236/1700000000/data.json': '{}', // without a meta.json
      'fern/notes.txt': 'mine',
    });
    mkdirSync(join(root, 'fern/1/237/1700000000/meta.json'), { recursive: true });
    const unread: string[] = [];
    const target = join(testFolder(), 'a.meta.ndjson.zst');
    const made = await backUpMetadata(root, target, { ...options, unread: (path) => unread.push(path) });
    expect(made).toEqual({ files: 4, unread: 1 });
    expect(unread).toEqual([join(root, 'fern/1/237/1700000000/meta.json')]);
    expect([await verifyMetadata(target), statSync(target).mode & 0o777]).toEqual([4, 0o600]);
    const copy = join(testFolder(), 'new/archive');
    const aside = join(testFolder(), 'aside');
    const restore = () => restoreMetadata(target, copy, { aside, signal: RUNNING });
    expect(await restore()).toEqual({ written: 4, unchanged: 0, replaced: 0 });
    expect(readdirSync(copy, { recursive: true }).filter((name) => /\.(json|txt)$/.test(String(name)))).toHaveLength(4);
    expect(readFileSync(join(copy, 'fern/1/235/1700000000/meta.json'))).toEqual(Buffer.from([0x22, 0xff, 0x22]));
    expect(await restore()).toEqual({ written: 0, unchanged: 4, replaced: 0 });
    writeFileSync(join(copy, meta), 'changed');
    expect(await restore()).toEqual({ written: 1, unchanged: 3, replaced: 1 });
    expect([readFileSync(join(copy, meta), 'utf8'), readFileSync(join(aside, meta), 'utf8')]).toEqual([
      '{"jobId":1234}\n',
      'changed',
    ]);
  });

  test('leaves nothing behind if it stops, and replaces nothing', async () => {
    const root = await archiveWith({ [meta]: '{}' });
    const folder = testFolder();
    const target = join(folder, 'a.meta.ndjson.zst');
    await expect(backUpMetadata(root, target, { ...options, signal: AbortSignal.abort() })).rejects.toThrow('stopped');
    await expect(backUpMetadata(join(root, 'fern'), target, options)).rejects.toThrow('is not a job archive');
    expect(readdirSync(folder)).toEqual([]);
    writeFileSync(target, 'another');
    await expect(backUpMetadata(root, target, options)).rejects.toThrow('exists already: choose a new name');
    expect(readFileSync(target, 'utf8')).toBe('another');
  });

  const first = '{"format":"cc-jobs archive metadata","version":1}\n';
  const good = `${first}{"path":"${meta}","text":"{}"}\n`;
  test.each([
    ['of another format', '{"format":"tar","version":1}\n{"files":0}\n', /is not a backup of the metadata/],
    ['of nothing', '', /lacks its end/],
    ['without its end', good, /lacks its end/],
    ['that lacks a file', `${good}{"files":2}\n`, /has 1 of 2 files/],
    ['with more after its end', `${good}{"files":1}\n{}\n`, /line 4 comes after its end/],
    ['with a line that is no JSON', `${first}{"path"\n{"files":1}\n`, /line 2 is not a file of an archive/],
    ...[
      '../../etc/x',
      '/etc/x',
      'fern/../../x',
      'fern/1/234/../meta.json',
      'fern/1/4/5/meta.json',
      'fern/1/234/5/data.json',
    ].map(
      (path) =>
        [`with the path ${path}`, `${first}{"path":"${path}","text":""}\n{"files":1}\n`, /line 2 is not/] as const,
    ),
  ] as const)('%s is refused, and nothing is written', async (_, text, words) => {
    const folder = testFolder();
    const file = join(folder, 'bad.meta.ndjson.zst');
    writeFileSync(file, zstdCompressSync(text));
    await expect(verifyMetadata(file)).rejects.toThrow(words);
    const root = join(folder, 'archive');
    await restoreMetadata(file, root, { aside: join(folder, 'aside'), signal: RUNNING }).catch(() => {});
    expect(readdirSync(folder, { recursive: true }).filter((name) => String(name).endsWith('x'))).toEqual([]);
  });

  test('that is cut is refused', async () => {
    const file = join(testFolder(), 'cut.meta.ndjson.zst');
    await backUpMetadata(await archiveWith({ [meta]: '{}' }), file, options);
    truncateSync(file, statSync(file).size - 20);
    await expect(verifyMetadata(file)).rejects.toThrow(/is incomplete or damaged|lacks its end/);
  });
});
