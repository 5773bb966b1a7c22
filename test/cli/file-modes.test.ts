import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { writeFileAtomically } from '../../src/archive/file-access.ts';
import { copyJobFiles } from '../../src/archive/write-job.ts';
import { BIN, OPEN, start } from '../support/command-line.ts';
import { testFolder } from '../support/folder.ts';

const octal = (mode: number) => (mode & 0o777).toString(8);
const modeOf = (path: string) => octal(statSync(path).mode);

/** The modes of all files and folders below a folder, without files that are removed meanwhile. */
function modesIn(root: string): [name: string, isFolder: boolean, mode: string][] {
  return readdirSync(root, { recursive: true, withFileTypes: true }).flatMap((entry) => {
    const path = join(entry.parentPath, entry.name);
    const found = statSync(path, { throwIfNoEntry: false });
    return found ? [[path.slice(root.length), entry.isDirectory(), octal(found.mode)]] : [];
  });
}

async function run(umask: string, cwd: string, args: readonly string[], env = {}) {
  const running = start(cwd, args, env, 'pipe', `umask ${umask}`);
  expect(await running.ended, running.stderr()).toBe(0);
}

async function serveIn(umask: string, cwd: string, env = {}) {
  const service = start(cwd, ['serve'], { ...OPEN, ...env }, 'pipe', `umask ${umask}`);
  const [, url = ''] = await service.says(/"url":"([^"]+)"/);
  return { service, url };
}

async function startJob(url: string) {
  const job = { jobId: 1, cluster: 'fern', user: 'ada', startTime: 1_700_000_000, numNodes: 1 };
  const body = JSON.stringify({ ...job, resources: [{ hostname: 'f0001' }] });
  const answer = await fetch(`${url}/api/jobs/start_job/`, { method: 'POST', body });
  expect(answer.status, await answer.text()).toBe(201);
}

test.each(['000', '022'])('what the commands make is not for others, with umask %s', async (umask) => {
  const cwd = testFolder();
  await run(umask, cwd, ['generate', '--jobs', '3000', '--archived', '5', '--seed', '1']);
  const { service, url } = await serveIn(umask, cwd, { COLUMN_INDEX: 'on' });
  await startJob(url);
  await vi.waitUntil(() => existsSync(join(cwd, 'var/job.db.columns')), { timeout: 60_000, interval: 20 });
  const served = modesIn(cwd); // with the log and the index. The service removes files of the build meanwhile
  service.child.kill('SIGTERM');
  await service.ended;
  const exported = ['retention', '--older-than', '1d', '--export', 'old.ndjson.gz'];
  await run(umask, cwd, exported);
  const all = [...served, ...modesIn(cwd)];
  const names = all.map(([name]) => name);
  for (const name of ['/var/job.db', '/var/job.db-wal', '/var/job.db-shm', '/var/job.db.columns', '/old.ndjson.gz']) {
    expect(names).toContain(name);
  }
  expect(names.some((name) => name.endsWith('/meta.json'))).toBe(true);
  const open = all.filter(([, isFolder, mode]) => !(isFolder ? /^7[05]0$/ : /^6[04]0$/).test(mode));
  expect(open).toEqual([]);
});

test('a database whose group may write keeps that, and its log has it too', async () => {
  const cwd = testFolder();
  await run('022', cwd, ['migrate']);
  await run('022', cwd, ['generate', '--jobs', '10', '--archived', '0']);
  const path = join(cwd, 'var/job.db');
  chmodSync(path, 0o660);
  const { service, url } = await serveIn('022', cwd);
  await startJob(url);
  expect(['', '-wal', '-shm'].map((suffix) => modeOf(path + suffix))).toEqual(['660', '660', '660']);
  service.child.kill('SIGTERM');
  await service.ended;
  expect(modeOf(path)).toBe('660');
  expect(service.stderr()).not.toContain('every account of this machine can read');
  chmodSync(path, 0o664);
  expect((await serveIn('022', cwd)).service.stderr()).toContain('every account of this machine can read the database');
});

test('a file of the archive that is replaced keeps its mode, and a copy has that of a new file', async () => {
  const root = testFolder();
  const meta = join(root, 'from/meta.json');
  await writeFileAtomically(meta, '{}');
  const made = modeOf(meta);
  chmodSync(meta, 0o664);
  await writeFileAtomically(meta, '{"a":1}');
  expect([modeOf(meta), readFileSync(meta, 'utf8')]).toEqual(['664', '{"a":1}']);
  chmodSync(meta, 0o777);
  expect(await copyJobFiles(join(root, 'from'), join(root, 'to'))).toBe(true);
  expect([modeOf(join(root, 'to/meta.json')), readFileSync(join(root, 'to/meta.json'), 'utf8')]).toEqual([
    made,
    '{"a":1}',
  ]);
});

test.each(['000', '022'])('keys of which the shell makes a file are for its owner alone, with umask %s', (umask) => {
  const cwd = testFolder();
  const keys = () =>
    execFileSync('/bin/sh', ['-c', `umask ${umask}; "$0" keys >> .env 2> said`, BIN], { cwd, stdio: 'pipe' });
  keys();
  const env = join(cwd, '.env');
  expect(modeOf(env)).toBe('600');
  expect(readFileSync(env, 'utf8')).toMatch(/^JWT_PUBLIC_KEY=.+\nJWT_PRIVATE_KEY=.+\n$/);
  // A file that the service's group may read stays readable for the group.
  writeFileSync(env, 'PORT=0\n');
  chmodSync(env, 0o644);
  keys();
  expect(modeOf(env)).toBe('640');
  expect(readFileSync(join(cwd, 'said'), 'utf8')).toContain(`other accounts could read ${env}: its mode was changed`);
  expect(readFileSync(env, 'utf8')).toMatch(/^PORT=0\nJWT_PUBLIC_KEY=/);
  execFileSync('/bin/sh', ['-c', `umask ${umask}; "$0" token --user ada --roles api > t`, BIN], { cwd, stdio: 'pipe' });
  expect(modeOf(join(cwd, 't'))).toBe('600');
});
