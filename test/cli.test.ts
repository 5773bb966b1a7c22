/** The real bin/cc-jobs, as processes. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openDriver } from '../src/db/driver.ts';

const BIN = join(import.meta.dirname, '../bin/cc-jobs');

type Environment = Record<string, string>;

/** A folder of the test's own, the working directory of its commands. */
function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'cc-jobs-cli-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

interface Running {
  child: ChildProcess;
  stdout(): string;
  stderr(): string;
  /** Exit code, or the signal that ended it. */
  ended: Promise<number | string>;
  /** Waits until standard error holds this. */
  says(text: RegExp): Promise<RegExpExecArray>;
}

/** Starts a command; what still runs when the test ends is killed. */
function start(
  cwd: string,
  args: readonly string[],
  env: Environment = {},
  stderrTo: number | 'pipe' = 'pipe',
): Running {
  const { PATH = '' } = process.env;
  const child = spawn(BIN, args, { cwd, env: { PATH, ...env }, stdio: ['ignore', 'pipe', stderrTo] });
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    stderr += chunk;
  });
  const ended = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | string);
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return {
    child,
    stdout: () => stdout,
    stderr: () => stderr,
    ended,
    async says(text) {
      for (;;) {
        const found = text.exec(stderr);
        if (found !== null) return found;
        if (child.stderr === null) throw new Error('its standard error is not ours');
        const over = await Promise.race([once(child.stderr, 'data').then(() => false), ended.then(() => true)]);
        if (over && !text.test(stderr)) throw new Error(`it ended without ${text}: ${stderr}`);
      }
    },
  };
}

async function run(cwd: string, args: readonly string[], env?: Environment) {
  const running = start(cwd, args, env);
  const code = await running.ended;
  return { code, stdout: running.stdout(), stderr: running.stderr() };
}

/** A new database in `var`, as the defaults of the settings want it. */
async function migrated(): Promise<string> {
  const cwd = folder();
  const { code, stderr } = await run(cwd, ['migrate']);
  expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining('made (0001_schema_11.sql') });
  return cwd;
}

const OPEN = { AUTH: 'none', PORT: '0' };

async function serve(cwd: string, env: Environment = {}) {
  const service = start(cwd, ['serve'], { ...OPEN, ...env });
  const [, url = ''] = await service.says(/"url":"([^"]+)"/);
  return { service, url };
}

describe('the command line', () => {
  const COMMANDS = ['serve', 'demo', 'migrate', 'import', 'generate', 'token', 'keys', 'user', 'retention', 'sizing'];

  test('explains itself and every command', async () => {
    const cwd = folder();
    const help = await run(cwd, ['--help']);
    expect(help).toMatchObject({ code: 0, stderr: '' });
    for (const name of COMMANDS) expect(help.stdout).toContain(`cc-jobs ${name}`);
    const usages = await Promise.all(COMMANDS.map((name) => run(cwd, [name, '--help'])));
    for (const [at, { code, stdout, stderr }] of usages.entries()) {
      expect({ code, stderr }, COMMANDS[at]).toEqual({ code: 0, stderr: '' });
      expect(stdout).toMatch(new RegExp(`^.*cc-jobs ${COMMANDS[at]}`));
    }
    expect(readdirSync(cwd)).toEqual([]);
  });

  test('tells its version', async () => {
    expect(await run(folder(), ['--version'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    });
  });

  test.each([
    [['sing'], "there is no command 'sing'"],
    [[], 'cc-jobs serve'],
    [['token', '--user', 'ada'], '--roles is missing'],
    [['token', '--user', 'ada', '--roles', 'king'], "there is no role 'king'"],
    [['generate'], '--jobs is missing'],
    [['import', 'wishes', 'x'], "'wishes' cannot be imported"],
    [['sizing', '--memory', 'much'], '--memory must be a size'],
  ])('that is wrong, %j, ends with 2 and says why on standard error', async (args, why) => {
    const { code, stdout, stderr } = await run(folder(), args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(why);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  test('keys prints two lines for .env, and token with them a token alone', async () => {
    const cwd = folder();
    const keys = await run(cwd, ['keys']);
    expect(keys.stderr).toBe('');
    expect(keys.stdout).toMatch(/^JWT_PUBLIC_KEY=[A-Za-z0-9+/]{43}=\nJWT_PRIVATE_KEY=[A-Za-z0-9+/]{86}==\n$/);
    writeFileSync(join(cwd, '.env'), keys.stdout);
    const token = await run(cwd, ['token', '--user', 'robot', '--roles', 'api', '--days', '1']);
    expect(token).toMatchObject({ code: 0, stderr: '' });
    expect(token.stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
  });

  test('token without a key names the command that makes one', async () => {
    const { code, stderr } = await run(folder(), ['token', '--user', 'robot', '--roles', 'api']);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining("'cc-jobs keys >> .env'") });
  });
});

describe('serve', () => {
  test('answers with a token made by the commands, and ends with 0 at SIGTERM', async () => {
    const cwd = await migrated();
    writeFileSync(join(cwd, '.env'), (await run(cwd, ['keys'])).stdout);
    const { stdout } = await run(cwd, ['token', '--user', 'robot', '--roles', 'api']);
    const { service, url } = await serve(cwd, { AUTH: 'jwt' });
    const answer = await fetch(`${url}/api/jobs/count`, { headers: { 'X-Auth-Token': stdout.trim() } });
    expect([answer.status, await answer.json()]).toEqual([200, { count: 0 }]);
    expect((await fetch(`${url}/api/jobs/count`)).status).toBe(401);
    service.child.kill('SIGTERM');
    expect(await service.ended).toBe(0);
    expect(service.stderr()).not.toContain(stdout.trim());
    expect(readdirSync(join(cwd, 'var')).filter((name) => name.startsWith('job.db'))).toContain('job.db');
  });

  test('finishes requests in flight at SIGTERM, and ends its processes', async () => {
    const cwd = await migrated();
    const { code, stderr } = await run(cwd, ['generate', '--jobs', '30000', '--archived', '0']);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const { service, url } = await serve(cwd);
    const { database } = (await (await fetch(`${url}/api/system`)).json()) as {
      database: { processes: { pid: number }[] };
    };
    // A list of 30,000 jobs is streamed: its first byte is there long before its last.
    const answer = await fetch(`${url}/api/jobs/?items-per-page=30000`);
    service.child.kill('SIGTERM');
    const { jobs, ...rest } = (await answer.json()) as { jobs?: unknown[] };
    expect(jobs, JSON.stringify(rest) + service.stderr()).toHaveLength(30_000);
    const answeredAt = performance.now();
    expect(await service.ended).toBe(0);
    expect(performance.now() - answeredAt).toBeLessThan(5_000); // a kept-alive connection does not hold it for its deadline
    for (const { pid } of database.processes) expect(existsSync(`/proc/${pid}`)).toBe(false);
  });

  test('ends at once at a second signal', async () => {
    const cwd = await migrated();
    const { service, url } = await serve(cwd);
    const { port } = new URL(url);
    // A request that has begun and never ends keeps the service waiting for its deadline of 30 s.
    const socket = connect(Number(port), '127.0.0.1');
    socket.on('error', () => {}); // it is reset at the end
    onTestFinished(() => void socket.destroy());
    await once(socket, 'connect');
    socket.write('POST /api/jobs/1 HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n[');
    await fetch(`${url}/healthz`); // the bytes above have arrived before this is answered
    service.child.kill('SIGTERM');
    await refused(Number(port));
    await sleep(600);
    service.child.kill('SIGTERM');
    expect(await service.ended).toBe('SIGKILL');
  });

  test('takes two signals within a moment for one, as a terminal and npm send them', async () => {
    const { service } = await serve(await migrated());
    for (const signal of ['SIGINT', 'SIGINT', 'SIGTERM'] as const) service.child.kill(signal);
    expect(await service.ended).toBe(0);
  });

  test('leaves a file that is the whole database', async () => {
    const cwd = await migrated();
    await run(cwd, ['generate', '--jobs', '100', '--archived', '0']);
    const { service, url } = await serve(cwd);
    const { jobs } = (await (await fetch(`${url}/api/jobs/?items-per-page=1`)).json()) as { jobs: object[] };
    const job = { ...jobs[0], jobId: 7 } as Record<string, unknown>;
    const { cluster, user, numNodes, resources, startTime, jobId } = job;
    const body = JSON.stringify({ jobId, cluster, user, numNodes, resources, startTime });
    const started = await fetch(`${url}/api/jobs/start_job/`, { method: 'POST', body });
    expect(started.status).toBe(201);
    service.child.kill('SIGTERM');
    expect(await service.ended).toBe(0);
    copyFileSync(join(cwd, 'var/job.db'), join(cwd, 'copy.db'));
    const copy = openDriver(join(cwd, 'copy.db'));
    expect(await (await copy.prepare('SELECT job_id AS id FROM job WHERE job_id = 7')).all([])).toEqual([{ id: 7 }]);
    copy.close();
  });

  test('loses log lines, and nothing else, while standard error cannot be written', async () => {
    const cwd = await migrated();
    const port = await freePort();
    const full = openSync('/dev/full', 'w');
    const service = start(cwd, ['serve'], { ...OPEN, PORT: String(port) }, full);
    await answers(port);
    expect((await fetch(`http://127.0.0.1:${port}/api/jobs/count`)).status).toBe(200);
    service.child.kill('SIGTERM');
    expect(await service.ended).toBe(0);
    closeSync(full);
  });

  test('goes on while nobody reads the pipe of its standard error', async () => {
    const cwd = await migrated();
    const port = await freePort();
    execFileSync('mkfifo', [join(cwd, 'pipe')]);
    const pipe = openSync(join(cwd, 'pipe'), 'r+');
    const service = start(cwd, ['serve'], { ...OPEN, PORT: String(port) }, pipe);
    await answers(port);
    for (let at = 0; at < 1_000; at += 1) await (await fetch(`http://127.0.0.1:${port}/healthz`)).text();
    service.child.kill('SIGTERM');
    expect(await service.ended).toBe(0);
    closeSync(pipe);
  });

  test('goes on while nobody reads the socket of its standard error, and says then how many lines were lost', async () => {
    const cwd = await migrated();
    const port = await freePort();
    const service = start(cwd, ['serve'], { ...OPEN, PORT: String(port) });
    service.child.stderr?.pause();
    await answers(port);
    const path = `/api/jobs/count?x=${'0'.repeat(200)}`; // some 200 bytes of log each, of which a pipe holds 64 KB
    for (let at = 0; at < 1_500; at += 1) await (await fetch(`http://127.0.0.1:${port}${path}`)).text();
    service.child.stderr?.resume();
    await service.says(/"request"/);
    await (await fetch(`http://127.0.0.1:${port}/healthz`)).text();
    const [, lost = '0'] = await service.says(/"lost":(\d+),"msg":"log lines were lost"/);
    expect(Number(lost)).toBeGreaterThan(10);
    service.child.kill('SIGTERM');
    expect(await service.ended).toBe(0);
    for (const line of service.stderr().trim().split('\n')) expect(() => JSON.parse(line), line).not.toThrow();
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Waits until a service is up. */
async function answers(port: number): Promise<void> {
  for (;;) {
    const up = await fetch(`http://127.0.0.1:${port}/healthz`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (up) return;
    await sleep(20);
  }
}

/** Waits until nobody listens on a port. */
async function refused(port: number): Promise<void> {
  for (;;) {
    const open = await fetch(`http://127.0.0.1:${port}/healthz`).then(
      () => true,
      () => false,
    );
    if (!open) return;
  }
}

describe('serve refuses to start, with 2, says what to do and leaves all as it is', () => {
  /** Runs serve where `prepare` has been, and compares the folder. */
  async function refusal(cwd: string, env: Environment = {}) {
    const before = snapshot(cwd);
    const { code, stdout, stderr } = await run(cwd, ['serve'], { ...OPEN, ...env });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(snapshot(cwd)).toEqual(before);
    return stderr;
  }

  const database = (cwd: string) => join(cwd, 'var/job.db');
  async function change(cwd: string, sql: string) {
    const db = openDriver(database(cwd));
    await db.exec(`PRAGMA journal_mode = DELETE; ${sql}`);
    db.close();
  }

  test('without a folder', async () => {
    const stderr = await refusal(await migrated(), { DB_URL: 'file:./nowhere/job.db' });
    expect(stderr).toMatch(/the folder of the database does not exist: make it, or correct DB_URL/);
  });

  test('without a file', async () => {
    const cwd = await migrated();
    rmSync(database(cwd));
    expect(await refusal(cwd)).toMatch(/no such file\. 'cc-jobs migrate' makes a new database there, 'cc-jobs demo'/);
  });

  test.each([
    ['text', 'these are no jobs\n'.repeat(100)],
    ['nothing', ''],
  ])('on a file that holds %s', async (_, text) => {
    const cwd = await migrated();
    writeFileSync(database(cwd), text);
    expect(await refusal(cwd)).toMatch(/is no SQLite database: correct DB_URL/);
  });

  test('on a database of something else', async () => {
    const cwd = await migrated();
    await change(cwd, 'DROP TABLE schema_migrations');
    expect(await refusal(cwd)).toMatch(/is no job database .*correct DB_URL/);
  });

  test.each([
    [10, /schema version 10, cc-jobs serves version 11: bring it up with 'cc-backend -migrate-db'/],
    [12, /schema version 12, cc-jobs serves version 11: .*update cc-jobs/],
  ])('on schema version %i', async (version, message) => {
    const cwd = await migrated();
    await change(cwd, `UPDATE schema_migrations SET version = ${version}`);
    expect(await refusal(cwd)).toMatch(message);
  });

  test('on a database whose migration failed', async () => {
    const cwd = await migrated();
    await change(cwd, 'UPDATE schema_migrations SET dirty = 1');
    expect(await refusal(cwd)).toMatch(/dirty.*Repair it or go back to a backup/);
  });

  test('on a read-only file', async () => {
    const cwd = await migrated();
    chmodSync(database(cwd), 0o444);
    expect(await refusal(cwd)).toMatch(/is read-only: make the file and its folder writable/);
  });

  test('on a folder that is no archive', async () => {
    const cwd = await migrated();
    mkdirSync(join(cwd, 'other'));
    writeFileSync(join(cwd, 'other/thing'), '');
    expect(await refusal(cwd, { ARCHIVE_PATH: './other' })).toMatch(/is no job archive: check ARCHIVE_PATH/);
  });

  test('with bad settings, all named', async () => {
    const stderr = await refusal(folder(), { PORT: 'http', AUTH: 'maybe', DB_QUEUE_LIMIT: '' });
    expect(stderr.trim().split('\n')).toHaveLength(3);
    expect(stderr).toMatch(/cc-jobs: PORT must be/);
  });

  test('with limits that do not fit together', async () => {
    expect(await refusal(folder(), { DB_MEMORY_LIMIT_MB: '128' })).toMatch(
      /DB_MEMORY_LIMIT_MB 128 is too small: .* = \d+ MB/,
    );
  });

  test.each([
    ['is missing', '/nonexistent'],
    ['is a file', '/etc/passwd'],
  ])('with a DB_TEMP_DIR that %s', async (_, DB_TEMP_DIR) => {
    expect(await refusal(await migrated(), { DB_TEMP_DIR })).toMatch(/DB_TEMP_DIR \S+ is no folder: make it/);
  });

  test('without a public key', async () => {
    expect(await refusal(folder(), { AUTH: 'jwt' })).toMatch(/JWT_PUBLIC_KEY is missing: .*'cc-jobs keys'/);
  });

  test('on a file that another program has locked, at once and in one line', async () => {
    const cwd = await migrated();
    const other = openDriver(database(cwd));
    await other.exec('PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE');
    // No look at the files: reading one here would give back the locks this process holds on it (fcntl).
    const { code, stderr } = await run(cwd, ['serve'], OPEN);
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringMatching(/another program has locked the database: try again when it has ended/),
    });
    expect(stderr.trim().split('\n')).toHaveLength(1);
    await other.exec('ROLLBACK');
    other.close();
  });

  test('on a pipe', async () => {
    const cwd = await migrated();
    rmSync(database(cwd));
    execFileSync('mkfifo', [database(cwd)]);
    const { code, stderr } = await run(cwd, ['serve'], OPEN);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(/is no file: correct DB_URL/) });
  });

  test('on a port in use', async () => {
    const cwd = await migrated();
    const other = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void other.close());
    await once(other, 'listening');
    const address = other.address();
    const port = typeof address === 'object' && address !== null ? String(address.port) : '';
    expect(await refusal(cwd, { PORT: port })).toMatch(
      new RegExp(`PORT ${port} is in use: set another PORT, or stop what uses it`),
    );
  });
});

describe('a command that cannot begin ends with 2, one line and no stack', () => {
  const refusals: [string, string[], Environment, RegExp][] = [
    ['migrate below a file', ['migrate'], { DB_URL: 'file:./file/job.db' }, /something else has that name|no folder/],
    ['migrate where nobody may write', ['migrate'], { DB_URL: 'file:./file/var/job.db' }, /file/],
    [
      'generate where nobody may write',
      ['generate', '--jobs', '5'],
      { ARCHIVE_PATH: './file/archive' },
      /archive cannot be made: ENOTDIR/,
    ],
    ['import db of a folder', ['import', 'db', '.'], {}, /is no file: correct the path/],
    ['import sacct of a folder', ['import', 'sacct', '.'], {}, /is no file: correct the path/],
    ['import sacct of nothing', ['import', 'sacct', 'nothing'], {}, /nothing: there is no such file or folder/],
    ['import archive of a file', ['import', 'archive', 'file'], {}, /is no job archive of version 3/],
    ['retention without a database', ['retention', '--older-than', '5d'], {}, /folder of the database does not exist/],
    ['user without a database', ['user', 'list'], {}, /folder of the database does not exist/],
  ];
  test.each(refusals)('%s', async (_, args, env, why) => {
    const cwd = folder();
    writeFileSync(join(cwd, 'file'), '');
    const { code, stdout, stderr } = await run(cwd, args, env);
    expect({ code, stdout, stderr }).toEqual({ code: 2, stdout: '', stderr: expect.stringMatching(why) });
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  test('demo in a folder where something else has the name', async () => {
    const cwd = folder();
    writeFileSync(join(cwd, 'var'), '');
    const { code, stderr } = await run(cwd, ['demo'], { PORT: '0' });
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringMatching(/something else has that name|no folder/),
    });
  });

  test('demo on a port in use, before any job is made', async () => {
    const cwd = folder();
    const other = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void other.close());
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const { code, stderr } = await run(cwd, ['demo'], { PORT: String(port) });
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(/is in use/) });
    expect(readdirSync(cwd)).toEqual([]);
  });
});

test('a load whose disk is full says how far it came, and ends with 1', async () => {
  const cwd = await migrated();
  const db = openDriver(join(cwd, 'var/job.db'));
  await db.exec("CREATE TRIGGER full AFTER INSERT ON job WHEN new.id > 1500 BEGIN SELECT RAISE(FAIL, 'x'); END");
  db.close();
  const { code, stderr } = await run(cwd, ['generate', '--jobs', '3000', '--end', '1764000000', '--archived', '0']);
  expect(code).toBe(1);
  expect(stderr).toMatch(/failed \(run it again with --seed 1 --end 1764000000 to go on\): 1,000 read, 1,000 imported/);
});

/** Every file below a folder with its bytes. */
function snapshot(root: string): [string, string][] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry): [string, string] => {
      const path = join(entry.parentPath, entry.name);
      return [path, readFileSync(path).toString('base64')];
    })
    .sort(([a], [b]) => (a < b ? -1 : 1));
}
