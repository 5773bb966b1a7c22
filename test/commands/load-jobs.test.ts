import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { generateCommand } from '../../src/commands/generate.ts';
import { importCommand } from '../../src/commands/import.ts';
import { Progress } from '../../src/commands/progress.ts';
import { writeFiles } from '../support/archive.ts';
import { testFolder } from '../support/folder.ts';
import { smallCluster } from '../support/small-cluster.ts';
import { makeCcBackendFile } from '../support/sql.ts';
import { openSqlite } from '../support/sqlite.ts';

const END = '1764000000';

async function shell() {
  const root = testFolder();
  const path = join(root, 'var/job.db');
  const stop = new AbortController();
  const stdin = new PassThrough();
  let stderr = '';
  let stopAt = '\0';
  const stream = new Writable({
    write(chunk, _encoding, done) {
      stderr += chunk;
      if (stderr.includes(stopAt)) stop.abort();
      done();
    },
  });
  const io = {
    env: { DB_URL: `file:${path}`, ARCHIVE_PATH: join(root, 'var/archive') },
    stdout: stream,
    stderr: stream,
    stdin,
    signal: stop.signal,
  };
  return {
    root,
    path,
    stdin,
    /** The exit code and the last line. */
    async run(command: typeof importCommand, ...args: string[]) {
      stderr = '';
      const code = await command.run(args, io);
      return { code, last: stderr.trim().split('\n').at(-1) ?? '', all: stderr };
    },
    stopWhen(text: string) {
      stopAt = text;
    },
    async count() {
      const db = openSqlite(path);
      const [row] = await (await db.prepare('SELECT count(*) AS n FROM job')).all([]);
      db.close();
      return Number(row.n);
    },
  };
}

const SACCT = [
  'JobID|Cluster|User|Account|Start|Elapsed|State|NodeList',
  '1|c|u|a|2026-01-01T00:00:00|00:00:10|COMPLETED|n1',
  '2|c|u|a|Unknown|00:00:00|PENDING|None assigned',
];

describe('cc-jobs generate', () => {
  test('fills a new file, and adds nothing when repeated', async () => {
    const { run, count } = await shell();
    const first = await run(generateCommand, '--jobs', '3000', '--end', END, '--archived', '5');
    expect(first).toMatchObject({ code: 0, last: expect.stringMatching(/^3,000 read, 3,000 imported, .* jobs\/s$/) });
    const date = '2025-11-24T17:00+01:00'; // END, as a date
    const second = await run(generateCommand, '--jobs', '3000', '--end', date, '--archived', '5');
    expect(second.last).toMatch(/^3,000 read, 0 imported, 3,000 already there/);
    expect(await count()).toBe(3000);
  });

  test('stopped leaves whole batches and their indexes, and can be repeated', async () => {
    const { run, count, stopWhen } = await shell();
    stopWhen('generating'); // the first line: the signal fires before the first batch is written
    const stopped = await run(generateCommand, '--jobs', '5000', '--end', END, '--archived', '0');
    expect(stopped).toMatchObject({
      code: 1,
      last: expect.stringMatching(/^stopped \(run it again with --seed 1 --end 1764000000 to continue\): /),
    });
    expect(stopped.all).toContain('building index jobs_starttime');
    expect((await count()) % 1000).toBe(0);
  });

  test.each([[[]], [['--jobs', '0']], [['--jobs', '1e3']], [['--jobs', '5', '--seed', '-1']], [['--many', '5']]])(
    'refuses %j',
    async (args) => {
      const { run, path } = await shell();
      await expect(run(generateCommand, ...args)).rejects.toThrow();
      expect(existsSync(path)).toBe(false);
    },
  );
});

describe('cc-jobs import', () => {
  test('ends with 0 and a summary, with 1 and the line when one is bad', async () => {
    const { run, root, count } = await shell();
    await writeFiles(root, { 'good.psv': SACCT.join('\n'), 'bad.psv': [...SACCT, '3|c'].join('\n') });
    const good = await run(importCommand, 'sacct', join(root, 'good.psv'));
    expect(good).toMatchObject({ code: 0, last: expect.stringMatching(/^2 read, 1 imported, 1 never started, /) });
    const bad = await run(importCommand, 'sacct', join(root, 'bad.psv'), '--timezone', 'Europe/Berlin');
    expect(bad.code).toBe(1);
    expect(bad.all).toContain('line 4: has the wrong number of columns\n');
    expect(await count()).toBe(2); // an hour earlier in Berlin: another start, therefore another job
  });

  test('tells with --dry-run what would come in, and changes nothing', async () => {
    const { run, root, path, count } = await shell();
    const running = '3|c|u|a|2026-01-01T00:00:00|00:00:10|RUNNING|n1';
    await writeFiles(root, {
      'one.psv': [...SACCT, running, SACCT[1]].join('\n'),
      'two.psv': [...SACCT, running.replace('RUNNING', 'FAILED'), '4|c'].join('\n'),
    });
    const [one, two] = [join(root, 'one.psv'), join(root, 'two.psv')];
    const fresh = await run(importCommand, 'sacct', one, '--dry-run');
    expect(fresh).toMatchObject({
      code: 0,
      last: expect.stringMatching(
        /^dry run, nothing was written: 4 read, 2 imported, 1 already there, 1 running, 1 never started, /,
      ),
    });
    expect(existsSync(path)).toBe(false);
    await run(importCommand, 'sacct', one);
    const known = await run(importCommand, 'sacct', two, '--dry-run');
    expect(known).toMatchObject({
      code: 1,
      last: expect.stringMatching(/4 read, 0 imported, 1 ended, 1 already there, 1 never started, 1 bad, /),
    });
    expect(known.all).toContain('line 5: has the wrong number of columns\n');
    expect(await count()).toBe(2);
    const written = await run(importCommand, 'sacct', two);
    expect(written.last).toMatch(/^4 read, 0 imported, 1 ended, 1 already there, 1 never started, 1 bad, /);
  });

  test('leaves a file of cc-backend as it is with --dry-run, and reads one that another program has open', async () => {
    const { run, root, path } = await shell();
    await writeFiles(root, { 'var/archive/version.txt': '3\n', 'one.psv': SACCT.join('\n') });
    await makeCcBackendFile(path);
    const other = openSqlite(path);
    await other.exec(`INSERT INTO job (job_id, cluster, subcluster, start_time, hpc_user, project, duration, walltime,
      job_state, resources, num_nodes, shared) VALUES (1, 'c', 'm', 1767225600, 'u', 'a', 0, 0, 'running', '[]', 1, 'none')`);
    const content = () => [readdirSync(join(root, 'var')), readFileSync(path).toString('base64')];
    const before = content();
    const dry = await run(importCommand, 'sacct', join(root, 'one.psv'), '--dry-run');
    expect(dry).toMatchObject({
      code: 0,
      last: expect.stringMatching(/: 2 read, 0 imported, 1 ended, 1 never started/),
    });
    expect(content()).toEqual(before);
    await other.exec("PRAGMA journal_mode = WAL; UPDATE job SET job_state = 'completed'");
    const open = await run(importCommand, 'sacct', join(root, 'one.psv'), '--dry-run');
    expect(open.last).toMatch(/: 2 read, 0 imported, 1 already there, 1 never started/);
    await other.exec('UPDATE schema_migrations SET version = 12');
    await expect(run(importCommand, 'sacct', join(root, 'one.psv'), '--dry-run')).rejects.toThrow('update cc-jobs');
    other.close();
  });

  test('says with --dry-run that a job gets the end that was only assumed', async () => {
    const { run, root, path } = await shell();
    const running = '1|c|u|a|2026-01-01T00:00:00|00:00:10|RUNNING|n1';
    await writeFiles(root, { 'one.psv': [SACCT[0], running].join('\n'), 'two.psv': SACCT.join('\n') });
    await run(importCommand, 'sacct', join(root, 'one.psv'));
    const db = openSqlite(path);
    await db.exec(`UPDATE job SET job_state = 'failed', duration = walltime, monitoring_status = 2`);
    const dry = () => run(importCommand, 'sacct', join(root, 'two.psv'), '--dry-run');
    expect((await dry()).last).toContain('2 read, 0 imported, 1 already there');
    await db.exec('INSERT INTO ccjobs_assumed_ends (job_id) SELECT id FROM job');
    expect((await dry()).last).toContain('2 read, 0 imported, 1 ended');
    db.close();
    expect((await run(importCommand, 'sacct', join(root, 'two.psv'))).last).toContain('2 read, 0 imported, 1 ended');
  });

  test('copies no file of an archive with --dry-run, and reads another database', async () => {
    const { run, root, path, count } = await shell();
    const [from, other] = [join(root, 'from'), await shell()];
    await writeFiles(from, {
      'version.txt': '3\n',
      'small/cluster.json': smallCluster(),
      'small/0/001/1000/meta.json': {
        jobId: 1,
        cluster: 'small',
        user: 'u',
        numNodes: 1,
        jobState: 'failed',
        startTime: 1000,
        resources: [{ hostname: 'n01' }],
      },
      'small/0/001/1000/data.json': '{}',
    });
    const dry = await run(importCommand, 'archive', from, '--dry-run');
    expect(dry).toMatchObject({ code: 0, last: 'dry run, nothing was written: 1 read, 1 imported' });
    expect([existsSync(path), existsSync(join(root, 'var/archive'))]).toEqual([false, false]);
    await run(importCommand, 'archive', from);
    expect(await count()).toBe(1);
    const added = /^cluster small was added: if the service runs, reload it/;
    await writeFiles(other.root, { 'var/archive/version.txt': '3\n' }); // a service may run with this archive
    expect((await other.run(importCommand, 'archive', from)).last).toMatch(added);
    expect((await other.run(importCommand, 'archive', from)).all).not.toMatch(/reload/);
    const generated = await other.run(generateCommand, '--jobs', '5', '--end', END, '--archived', '0');
    expect(generated.last).toMatch(/^clusters fern, gust, moss were added: if the service runs, reload it/);
    rmSync(join(other.root, 'var'), { recursive: true });
    const copied = await other.run(importCommand, 'db', path, '--dry-run');
    expect(copied).toMatchObject({ code: 0, last: 'dry run, nothing was written: 1 read, 1 imported' });
    expect(existsSync(other.path)).toBe(false);
  });

  test('reads a workload log', async () => {
    const { run, root, count } = await shell();
    const log = '; UnixStartTime: 1132444805\n1 0 5 83 1 -1 -1 1 10 -1 1 1 1 -1 -1 -1 -1 -1\n';
    await writeFiles(root, { 'log.swf.gz': gzipSync(log) });
    const dry = await run(importCommand, 'swf', join(root, 'log.swf.gz'), '--dry-run', '--cluster', 'grid');
    expect(dry).toMatchObject({ code: 0, last: 'dry run, nothing was written: 1 read, 1 imported' });
    expect(await run(importCommand, 'swf', join(root, 'log.swf.gz'))).toMatchObject({
      code: 0,
      last: expect.stringMatching(/^1 read, 1 imported, /),
    });
    await run(importCommand, 'swf', join(root, 'log.swf.gz'), '--cluster', 'grid');
    expect(await count()).toBe(2);
  });

  test('reads standard input, several files and the order of columns that is named', async () => {
    const { run, root, count, stdin } = await shell();
    stdin.end(SACCT.join('\n'));
    const piped = await run(importCommand, 'sacct', '-', '--timezone', 'Europe/Berlin');
    expect(piped).toMatchObject({
      code: 0,
      last: expect.stringMatching(/^2 read, 1 imported, 1 never started, no column /),
    });
    await writeFiles(root, { 'a.psv': SACCT.join('\n'), 'b.psv': SACCT.slice(1).join('\n') });
    const columns = (SACCT[0] ?? '').replaceAll('|', ',');
    const files = await run(importCommand, 'sacct', join(root, 'a.psv'), join(root, 'b.psv'), '--columns', columns);
    expect(files).toMatchObject({
      code: 0,
      last: expect.stringMatching(/^4 read, 1 imported, 1 already there, 2 never/),
    });
    expect(files.last).toContain('times read as UTC (no --timezone given)');
    expect(await count()).toBe(2);
  });

  test.each([
    [[]],
    [['sacct']],
    [['sacct', 'a', 'b']],
    [['sacct', '-', '/dev/null']],
    [['sacct', 'a', '--columns', 'alphabetical']],
    [['archive', 'a', 'b']],
    [['db', 'a', '--columns', 'xdmod9']],
    [['parquet', 'a']],
    [['sacct', 'a', '--timezone', 'Mars/Olympus']],
    [['db', 'a', '--cluster', 'c']],
    [['sacct', '/does/not/exist']],
    [['db', '/does/not/exist']],
    [['archive', '/does/not/exist']],
  ])('refuses %j and makes no database', async (args) => {
    const { run, path } = await shell();
    await expect(run(importCommand, ...args)).rejects.toThrow();
    expect(existsSync(path)).toBe(false);
  });
});

describe('progress', () => {
  const lines = (isTTY: boolean) => {
    let text = '';
    const stream = new Writable({
      write(chunk, _encoding, done) {
        text += chunk;
        done();
      },
    });
    return { stderr: Object.assign(stream, { isTTY }), text: () => text };
  };

  test('names the first twenty bad records and counts the others', () => {
    const { stderr, text } = lines(false);
    const progress = new Progress(stderr, 100);
    for (let at = 0; at < 30; at++) progress.bad({ where: `line ${at}`, reason: 'is bad' });
    expect(text().trim().split('\n')).toHaveLength(21);
    expect(text()).toContain('further bad records are only counted');
  });
});
