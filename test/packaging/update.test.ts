/** `cc-jobs update` from a bundle to others, which differ in one file and share the packages of the first one. */
import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { get } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { lockUpdates } from '../../src/update/bundle-link.ts';
import { makeFolder, removeFolder } from '../support/folder.ts';

const ROOT = join(import.meta.dirname, '../..');
const PARTS = ['bin', 'src', 'routes', 'migrations', 'package.json'];
const PLATFORM = `${process.platform}-${process.arch}`;
const PATH = '/usr/bin:/bin';

/** The folder of the installation, the one that has bundles to install, and the working directory of the service. */
const folder = makeFolder();
const [home, copied, work] = [join(folder, 'home'), join(folder, 'copied'), join(folder, 'work')];
afterAll(() => removeFolder(folder));
beforeAll(() => {
  for (const made of [home, copied, work]) mkdirSync(made);
  makeBundle(home, '1.0.0');
  symlinkSync(nameOf('1.0.0'), join(home, 'cc-jobs'));
});

const nameOf = (version: string) => `cc-jobs-${version}-${PLATFORM}`;

/** The sources as a bundle of another version. `changed` are files with other texts. */
function makeBundle(at: string, version: string, { platform = PLATFORM, changed = {} }: Variant = {}): void {
  const bundle = join(at, nameOf(version));
  for (const part of PARTS) cpSync(join(ROOT, part), join(bundle, part), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(bundle, 'node_modules'));
  const manifest = { ...JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')), version };
  const files = {
    'package.json': JSON.stringify(manifest),
    'bundle.json': JSON.stringify({ version, commit: 'f00', platform, node: process.versions.node }),
    ...changed,
  };
  for (const [path, text] of Object.entries(files)) writeFileSync(join(bundle, path), text);
}

interface Variant {
  platform?: string;
  changed?: Record<string, string>;
}

/** A tarball of such a bundle, with its checksum. */
async function tarball(version: string, variant?: Variant): Promise<string> {
  makeBundle(copied, version, variant);
  const file = join(copied, `${nameOf(version)}.tar.gz`);
  await run('tar', ['-C', copied, '-czf', file, nameOf(version)]);
  rmSync(join(copied, nameOf(version)), { recursive: true });
  sign(file);
  return file;
}

function sign(file: string): void {
  const sum = createHash('sha256').update(readFileSync(file)).digest('hex');
  writeFileSync(file.replace('.tar.gz', '.sha256'), `${sum}  ${file.slice(copied.length + 1)}\n`);
}

function run(program: string, args: readonly string[], env: Record<string, string> = {}) {
  return new Promise<{ code: unknown; stderr: string }>((done) => {
    execFile(program, args, { cwd: work, env: { PATH, ...env } }, (error, _stdout, stderr) =>
      done({ code: error === null ? 0 : error.code, stderr }),
    );
  });
}

const SETTINGS = { AUTH: 'none', COLUMN_INDEX: 'off', DB_URL: 'file:job.db', ARCHIVE_PATH: 'archive' };
const update = (args: readonly string[], env = {}) =>
  run(join(home, 'cc-jobs/bin/cc-jobs'), ['update', ...args], { ...SETTINGS, ...env });

/** What is installed. */
const state = () => ({
  link: readlinkSync(join(home, 'cc-jobs')),
  folders: readdirSync(home)
    .filter((name) => !name.startsWith('.'))
    .sort(),
});

test.each<{ what: string; file: () => Promise<string> | string; args?: string[]; code?: number; says: RegExp }>([
  {
    what: 'a bundle for another machine',
    file: () => tarball('2.0.0', { platform: 'linux-vax' }),
    code: 2,
    says: /is for linux-vax/,
  },
  {
    what: 'a bundle that was damaged on its way',
    async file() {
      const file = await tarball('2.0.1');
      const bytes = readFileSync(file);
      bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
      writeFileSync(file, bytes);
      return file;
    },
    says: /its checksum is not that of/,
  },
  {
    what: 'a bundle that was cut',
    async file() {
      const file = await tarball('2.0.2');
      writeFileSync(file, readFileSync(file).subarray(0, 100_000));
      sign(file);
      return file;
    },
    says: /damaged or incomplete/,
  },
  {
    what: 'a tarball of something else',
    async file() {
      const file = join(copied, 'other-2.0.3.tar.gz');
      await run('tar', ['-C', ROOT, '-czf', file, 'LICENSE']);
      sign(file);
      return file;
    },
    says: /is not a bundle of cc-jobs/,
  },
  {
    what: 'a bundle without a checksum',
    async file() {
      const file = await tarball('2.0.4');
      rmSync(file.replace('.tar.gz', '.sha256'));
      return file;
    },
    says: /--no-checksum/,
  },
  {
    what: 'a bundle that does not start',
    file: () => tarball('2.0.5', { changed: { 'src/cli.ts': "throw new Error('no cpu');" } }),
    says: /does not run on this machine: .*/,
  },
  {
    what: 'a bundle whose doctor finds a problem',
    file: () => tarball('2.0.6'),
    args: ['--health', 'http://127.0.0.1:1/healthz'],
    code: 1,
    says: /PROBLEM +archive (.|\n)*\nnothing was changed: 2\.0\.6 was removed again/,
  },
  { what: 'the bundle that is in use', file: () => tarball('1.0.0'), says: /cc-jobs 1\.0\.0 is in use already/ },
  {
    what: 'a file that is not there',
    file: () => join(copied, 'none.tar.gz'),
    args: ['--no-checksum'],
    says: /none\.tar\.gz/,
  },
])('refuses $what and changes nothing', async ({ file, args = [], code = 2, says }) => {
  const before = state();
  const broken = { ARCHIVE_PATH: 'job.db' }; // not a folder
  writeFileSync(join(work, 'job.db'), '');
  const done = await update([await file(), ...args], code === 1 ? broken : {});
  expect(done).toEqual({ code, stderr: expect.stringMatching(says) });
  expect(state()).toEqual(before);
  expect(readdirSync(home).filter((name) => name.startsWith('.cc-jobs-update-'))).toEqual([]);
});

test('refuses to run beside another update, and without a link', async () => {
  const file = await tarball('2.1.0');
  const release = lockUpdates(home);
  expect(await update([file])).toEqual({ code: 2, stderr: expect.stringContaining('another update runs') });
  release();
  const direct = await run(join(ROOT, 'bin/cc-jobs'), ['update', file], SETTINGS);
  expect(direct).toEqual({ code: 2, stderr: expect.stringContaining('this is not a bundle') });
});

/** A service with the socket of a service manager. `load` asks it until it is called, and returns what was answered. */
async function service() {
  const socket = createServer().listen(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address() as AddressInfo;
  // The socket is the script's from here on. This process must not accept connections.
  const { fd }: { fd: number } = Object(Reflect.get(socket, '_handle'));
  const script = spawn(join(ROOT, 'test/fixtures/socket-service.sh'), [join(home, 'cc-jobs/bin/cc-jobs')], {
    cwd: work,
    env: { PATH, ...SETTINGS },
    stdio: ['ignore', 'inherit', 'inherit', fd],
  });
  socket.close();
  onTestFinished(async () => {
    script.kill('SIGTERM');
    await once(script, 'exit');
  });
  const url = `http://127.0.0.1:${port}`;
  await expect.poll(async () => (await ask(`${url}/healthz`)).status).toBe(200);
  return { url };
}

/** A request on a connection of its own, as through a proxy. */
function ask(url: string): Promise<{ status: number; retryAfter: boolean }> {
  return new Promise((done) => {
    const request = get(url, { agent: false }, (response) => {
      response.resume();
      response.once('close', () =>
        done({ status: response.statusCode ?? 0, retryAfter: 'retry-after' in response.headers }),
      );
    });
    request.once('error', () => done({ status: 0, retryAfter: false }));
  });
}

const RESTART = 'n=$(cat starts); kill -USR1 $(cat pid); while [ "$(cat starts)" = "$n" ]; do sleep 0.05; done';

test('changes a service under load without losing a request, and back if the new one is not healthy', async () => {
  rmSync(join(work, 'job.db'), { force: true });
  await run(join(home, 'cc-jobs/bin/cc-jobs'), ['generate', '--jobs', '200', '--archived', '0'], SETTINGS);
  const { url } = await service();
  const answers = new Map<string, number>();
  let isOver = false;
  const load = Promise.all(
    Array.from({ length: 4 }, async () => {
      while (!isOver) {
        const { status, retryAfter } = await ask(`${url}/api/jobs/count`);
        const kind = retryAfter ? `${status} with Retry-After` : String(status);
        answers.set(kind, (answers.get(kind) ?? 0) + 1);
        await sleep(20);
      }
    }),
  );
  const args = ['--restart', RESTART, '--health', `${url}/healthz`, '--wait', '60'];

  const good = await update([await tarball('3.0.0'), ...args]);
  expect(good).toEqual({ code: 0, stderr: expect.stringContaining('cc-jobs 3.0.0 serves') });
  expect(state()).toEqual({ link: nameOf('3.0.0'), folders: ['cc-jobs', nameOf('1.0.0'), nameOf('3.0.0')] });

  // It starts and answers, and says that it is not well.
  const changed = {
    'routes/healthz.ts': readFileSync(join(ROOT, 'routes/healthz.ts'), 'utf8')
      .replaceAll("'ok'", "'down'")
      .replaceAll("'degraded'", "'down'"),
  };
  const bad = await update([
    await tarball('4.0.0', { changed }),
    '--restart',
    RESTART,
    '--health',
    `${url}/healthz`,
    '--wait',
    '2',
  ]);
  expect(bad).toEqual({
    code: 1,
    stderr: expect.stringMatching(/4\.0\.0 is not healthy .*\n.*cc-jobs 3\.0\.0 serves/),
  });
  expect(state()).toMatchObject({ link: nameOf('3.0.0') });
  isOver = true;
  await load;
  expect(answers.get('200')).toBeGreaterThan(20);
  expect([...answers.keys()].filter((kind) => kind !== '200' && !kind.endsWith('with Retry-After'))).toEqual([]);
});

test('goes back to a bundle whose folder is still there, if it has not been changed', async () => {
  const file = await tarball('1.0.0');
  const index = join(home, nameOf('1.0.0'), 'src/version.ts');
  const text = readFileSync(index, 'utf8');
  writeFileSync(index, `${text}//\n`);
  const before = state();
  expect(await update([file])).toEqual({ code: 2, stderr: expect.stringContaining('differs from the bundle') });
  writeFileSync(index, text);
  expect(await update([file], { ARCHIVE_PATH: 'job.db' })).toEqual({
    code: 1,
    stderr: expect.stringMatching(/PROBLEM +archive (.|\n)*\nnothing was changed\n$/),
  });
  expect(state()).toEqual(before);
  expect(await update([file])).toEqual({ code: 0, stderr: expect.stringContaining('restart the service to use it') });
  expect(state()).toEqual({ ...before, link: nameOf('1.0.0') });
});
