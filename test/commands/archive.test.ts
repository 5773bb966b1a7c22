/** `cc-jobs archive` on the files and the database of a running service. */
import { randomBytes } from 'node:crypto';
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { archiveCommand } from '../../src/commands/archive.ts';
import { UsageError } from '../../src/commands/command.ts';
import { FINDINGS } from '../../src/doctor/archive/archive-finding.ts';
import { run, serve, start } from '../support/command-line.ts';
import { makeFolder, removeFolder, testFolder } from '../support/folder.ts';
import { openSqlite } from '../support/sqlite.ts';

/** The generated jobs ended long ago. */
const END = '2025-01-01';

/** A database and an archive, made once. */
const made = makeFolder();
afterAll(() => removeFolder(made));

/** The folder of the test, with a copy. */
let cwd: string;
async function copy(): Promise<void> {
  if (!existsSync(join(made, 'var'))) {
    const { code, stderr } = await run(made, ['generate', '--jobs', '200', '--archived', '20', '--end', END]);
    expect({ code, stderr }).toMatchObject({ code: 0 });
  }
  cwd = testFolder();
  cpSync(made, cwd, { recursive: true });
}

/** Paths below the archive. */
const paths = (name: string, root = 'var/job-archive') =>
  globSync(`*/*/*/*/${name}`, { cwd: join(cwd, root) }).toSorted();

/** Unpacks the metric data of all jobs. Returns its texts by path. */
function unpackAll(): Map<string, string> {
  for (const path of paths('data.json.gz').map((found) => join(cwd, 'var/job-archive', found))) {
    writeFileSync(path.slice(0, -'.gz'.length), gunzipSync(readFileSync(path)));
    rmSync(path);
  }
  return new Map(paths('data.json').map((path) => [path, readFileSync(join(cwd, 'var/job-archive', path), 'utf8')]));
}

function query(sql: string): Record<string, unknown>[] {
  const db = openSqlite(join(cwd, 'var/job.db'), 5_000);
  try {
    return db.prepare(sql).all();
  } finally {
    db.close();
  }
}

const json = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

test('a running service answers the same while its archive is compressed and moved', async () => {
  await copy();
  const texts = unpackAll();
  const large = [...texts.values()].filter((text) => text.length > 2000).length;
  expect(large).toBeGreaterThan(5);
  const { url } = await serve(cwd);
  const [{ id }] = query('SELECT max(id) AS id FROM job WHERE monitoring_status = 3') as [{ id: number }];
  const metrics = async () => {
    const answer = await fetch(`${url}/api/jobs/metrics/${id}`);
    return [answer.status, await answer.text()];
  };
  const before = await metrics();
  expect(before).toEqual([200, expect.stringContaining('series')]);
  let done = false;
  const compressing = run(cwd, ['archive', 'compress', '--older-than', '30d', '--json']).finally(() => {
    done = true;
  });
  while (!done) expect(await metrics()).toEqual(before);
  const { code, stdout, stderr } = await compressing;
  expect({ code, result: json(stdout) }).toEqual({
    code: 0,
    result: [{ files: large, bytes: expect.any(Number), jobs: 0, failed: 0, dryRun: false, complete: true }],
  });
  expect(json(stderr).at(-1)).toMatchObject({ result: { files: large, complete: true } });
  for (const [path, text] of texts) {
    const file = join(cwd, 'var/job-archive', path);
    const isPlain = existsSync(file);
    expect([isPlain, isPlain ? readFileSync(file, 'utf8') : gunzipSync(readFileSync(`${file}.gz`)).toString()]).toEqual(
      [text.length <= 2000, text],
    );
  }
  expect(await metrics()).toEqual(before);

  const dry = await run(cwd, ['archive', 'delete', '--older-than', '30d', '--dry-run', '--json']);
  const [{ n: jobs }] = query("SELECT count(*) AS n FROM job WHERE job_state <> 'running'") as [{ n: number }];
  expect(json(dry.stdout)).toMatchObject([{ files: texts.size, jobs, dryRun: true }]);
  expect(paths('meta.json')).toHaveLength(texts.size);

  mkdirSync(join(cwd, 'old'));
  const refused = await run(cwd, ['archive', 'move', 'old', '--older-than', '30d']);
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('is not a job archive') });
  writeFileSync(join(cwd, 'old/version.txt'), '3\n');
  const moved = await run(cwd, ['archive', 'move', 'old', '--older-than', '30d', '--keep-jobs']);
  expect(moved).toMatchObject({ code: 0, stderr: expect.stringContaining(`files of ${texts.size} jobs moved`) });
  expect([paths('meta.json').length, paths('meta.json', 'old').length]).toEqual([0, texts.size]);
  expect(query('SELECT count(*) AS n FROM job WHERE monitoring_status = 3')).toEqual([{ n: 0 }]);
  // What was moved is an archive: its jobs can be imported where they are missing.
  const imported = await run(cwd, ['import', 'archive', 'old'], { DB_URL: 'file:other.db', ARCHIVE_PATH: 'other' });
  expect(imported).toMatchObject({ code: 0, stderr: expect.stringContaining(`${texts.size} imported`) });

  const deleted = await run(cwd, ['archive', 'delete', '--older-than', '30d']);
  expect(deleted).toMatchObject({ code: 0, stderr: expect.stringContaining(`${jobs} jobs of the database`) });
  const count = await (await fetch(`${url}/api/jobs/count`)).json();
  expect(count).toEqual({ count: 200 - jobs });
});

test('a service compresses its archive, while it is checked and repaired', async () => {
  await copy();
  const files = () => [paths('data.json.gz'), paths('data.json')];
  const before = files();
  unpackAll();
  const { url } = await serve(cwd, { ARCHIVE_COMPRESSION_D: '30' });
  await expect.poll(files, { timeout: 60_000 }).toEqual(before);
  const clean = await run(cwd, ['archive', 'check', '--json']);
  const folders = paths('meta.json').length;
  const none = Object.fromEntries(Object.keys(FINDINGS).map((kind) => [kind, 0]));
  expect([clean.code, json(clean.stdout)]).toEqual([0, [{ folders, jobs: 200, findings: none, complete: true }]]);

  const [cut = '', bare = '', gone = ''] = paths('data.json.gz').map((path) =>
    dirname(join(cwd, 'var/job-archive', path)),
  );
  truncateSync(join(cut, 'data.json.gz'), 30);
  rmSync(join(bare, 'meta.json'));
  rmSync(gone, { recursive: true });
  const checked = await run(cwd, ['archive', 'check', '--json']);
  const [, , , summary] = json(checked.stdout);
  expect([checked.code, summary.findings]).toEqual([1, { ...none, broken: 2, missing: 1 }]);
  expect(json(checked.stderr).at(-1)).toMatchObject({ result: summary });
  expect(json(checked.stdout)[0]).toEqual({
    ...{ finding: 'broken', cluster: expect.any(String), jobId: expect.any(String), startTime: expect.any(Number) },
    ...{ path: cut, text: 'metric data: unexpected end of file' },
  });
  const piped = start(cwd, ['archive', 'check']);
  piped.child.stdout?.destroy(); // as `head` does
  expect([await piped.ended, piped.stderr()]).toEqual([128 + 13, '']); // SIGPIPE
  const lines = await run(cwd, ['archive', 'check', '--no-data']);
  expect([lines.code, lines.stdout.split('\n').length]).toEqual([1, 3]); // the data is there
  expect(lines.stdout).toContain(`missing     ${gone}: does not exist`);

  const dry = await run(cwd, ['archive', 'repair', '--mark-missing', '--dry-run']);
  expect([dry.code, existsSync(join(bare, 'meta.json'))]).toEqual([0, false]);
  const repaired = await run(cwd, ['archive', 'repair', '--mark-missing']);
  expect(repaired).toMatchObject({
    code: 0,
    stdout: dry.stdout,
    stderr: expect.stringContaining('0 left as they are'),
  });
  expect(globSync('var/job-archive.quarantine/*/*/*/*/*/data.json.gz', { cwd })).toHaveLength(1);
  expect((await run(cwd, ['archive', 'check'])).code).toBe(0);
  expect((await fetch(`${url}/api/jobs/count`)).status).toBe(200);

  const inside = await run(cwd, ['archive', 'repair', '--quarantine', 'var/job-archive/x']);
  expect(inside).toMatchObject({ code: 2, stderr: 'cc-jobs: --quarantine must not be in ARCHIVE_PATH\n' });
  const nowhere = await run(cwd, ['archive', 'check'], { ARCHIVE_PATH: 'nowhere' });
  expect(nowhere).toMatchObject({ code: 2, stderr: expect.stringContaining('nowhere is not a job archive') });
});

/** Replaces the metric data of a job by some MB that gzip cannot shrink much. Returns the path without `.gz`. */
function largeData(mb: number): string {
  const [path = ''] = paths('data.json.gz');
  const file = join(cwd, 'var/job-archive', path);
  rmSync(file);
  const text = JSON.stringify({ flops_any: {}, filler: randomBytes(mb * 2 ** 19).toString('hex') });
  writeFileSync(file.slice(0, -'.gz'.length), text);
  return file.slice(0, -'.gz'.length);
}

test('a compression that is killed leaves the job as it was, and the next one goes on', async () => {
  await copy();
  const file = largeData(12);
  const text = readFileSync(file, 'utf8');
  const forgetClaim = async () => {
    const db = openSqlite(join(cwd, 'var/job.db'), 5_000);
    await db.exec('UPDATE ccjobs_timed_work SET began_at = began_at - 120, ended_at = NULL');
    db.close();
  };
  for (let tries = 0; tries < 6; tries += 1) {
    const killed = start(cwd, ['archive', 'compress', '--older-than', '30d']);
    const isWriting = () => globSync('.*.tmp', { cwd: dirname(file) }).length > 0 || !existsSync(file);
    await expect.poll(isWriting, { timeout: 60_000, interval: 5 }).toBe(true);
    killed.child.kill('SIGKILL');
    await killed.ended;
    if (existsSync(file)) break;
    writeFileSync(file, text); // it was done before the signal came
    rmSync(`${file}.gz`);
    await forgetClaim();
  }
  expect([globSync('.*.tmp', { cwd: dirname(file) }).length, readFileSync(file, 'utf8') === text]).toEqual([1, true]);
  const refused = await run(cwd, ['archive', 'compress', '--older-than', '30d']);
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('one was killed in the last 2 minutes') });
  await forgetClaim();
  expect(await run(cwd, ['archive', 'compress', '--older-than', '30d'])).toMatchObject({ code: 0 });
  expect(gunzipSync(readFileSync(`${file}.gz`)).toString() === text).toBe(true);
  expect(existsSync(file)).toBe(false);
});

describe('where files cannot become large enough', () => {
  const small = 'trap "" XFSZ; ulimit -f 4000'; // 2 MB

  test('a compression stops, and the job stays', async () => {
    await copy();
    const file = largeData(6);
    const size = statSync(file).size;
    const stopped = start(cwd, ['archive', 'compress', '--older-than', '30d'], {}, 'pipe', small);
    expect([await stopped.ended, stopped.stderr()]).toEqual([
      1,
      expect.stringMatching(/^cc-jobs: \S+(fern|gust|moss)\S+: the file would be larger/m),
    ]);
    expect([statSync(file).size, globSync(['.*.tmp', '*.gz'], { cwd: dirname(file) })]).toEqual([size, []]);
    expect(await run(cwd, ['archive', 'compress', '--older-than', '30d'])).toMatchObject({ code: 0 }); // not locked
  });

  test('a move to another file system stops, and the job stays', async ({ skip }) => {
    await copy();
    if (!existsSync('/dev/shm') || statSync('/dev/shm').dev === statSync(cwd).dev) return skip('no other file system');
    const target = mkdtempSync('/dev/shm/cc-jobs-test-');
    onTestFinished(() => removeFolder(target));
    writeFileSync(join(target, 'version.txt'), '3\n');
    const file = largeData(6);
    const stopped = start(cwd, ['archive', 'move', target, '--older-than', '30d'], {}, 'pipe', small);
    expect([await stopped.ended, stopped.stderr()]).toEqual([
      1,
      expect.stringMatching(/^cc-jobs: \S+(fern|gust|moss)\S+: the file would be larger/m),
    ]);
    expect([existsSync(file), existsSync(join(dirname(file), 'meta.json'))]).toEqual([true, true]);
    expect(await run(cwd, ['archive', 'move', target, '--older-than', '30d'])).toMatchObject({ code: 0 });
    expect(paths('*')).toEqual([]);
  });
});

test.each([
  ['', 'give one of compress'],
  ['shrink', 'give one of compress'],
  ['constructor', 'give one of compress'],
  ['compress', '--older-than must be a number of days'],
  ['compress --older-than 0d', '--older-than must be a number of days'],
  ['compress --older-than 30', '--older-than must be a number of days'],
  ['compress x --older-than 30d', "Unexpected argument 'x'"],
  ['move --older-than 30d', 'one TARGET is needed'],
  ['move a b --older-than 30d', 'one TARGET is needed'],
  ['check --older-than 30d', "Unknown option '--older-than'"],
  ['repair --orphans some', '--orphans must be one of leave, import, quarantine'],
  ['delete --older-than 30d --omit-tagged some', '--omit-tagged must be one of none, all, user'],
])("'archive %s' is refused", async (args, words) => {
  const io = { env: { DB_URL: `file:${join(testFolder(), 'job.db')}` } } as never;
  const refused = archiveCommand.run(args.split(' '), io);
  await expect(refused).rejects.toBeInstanceOf(UsageError);
  await expect(refused).rejects.toThrow(words);
});
