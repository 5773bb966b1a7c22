import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { blocksOf, readDocument } from '../support/documents.ts';
import { makeFolder, removeFolder } from '../support/folder.ts';

const ROOT = join(import.meta.dirname, '../..');
const run = promisify(execFile);

const folder = makeFolder();
const [first, second] = [join(folder, 'first'), join(folder, 'second')];
afterAll(() => removeFolder(folder));

beforeAll(async () => {
  // Another umask, language and time must not matter.
  await Promise.all([make(first, 'umask 077'), make(second, 'umask 022; export LC_ALL=C TZ=Asia/Tokyo')]);
});

async function make(out: string, before: string): Promise<void> {
  const command = `${before}; exec ${process.execPath} packaging/bundle.ts --trial --out '${out}'`;
  await run('/bin/sh', ['-c', command], { cwd: ROOT });
}

const named = (ending: string) => readdirSync(first).find((name) => name.endsWith(ending)) ?? '';

test('two builds of the same sources are the same bytes', async () => {
  const sums = readFileSync(join(first, named('.sha256')), 'utf8');
  expect(sums.trim().split('\n')).toHaveLength(3);
  expect(readFileSync(join(second, named('.sha256')), 'utf8')).toBe(sums);
  await run('sha256sum', ['--check', '--strict', named('.sha256')], { cwd: first });
  expect(readdirSync(first)).toHaveLength(4);
});

test('the bill of materials has every package of the bundle, and no other', async () => {
  const bom: { components: { name: string; version: string }[] } = JSON.parse(
    readFileSync(join(first, named('.cdx.json')), 'utf8'),
  );
  const { stdout } = await run('tar', ['-tzf', join(first, named('.tar.gz'))], { maxBuffer: 2 ** 26 });
  const inside = stdout
    .split('\n')
    .filter((path) => /node_modules\/(@[^/]+\/)?[^/]+\/package\.json$/.test(path))
    .map((path) => /node_modules\/((@[^/]+\/)?[^/]+)\/package\.json$/.exec(path)?.[1]);
  expect(bom.components.map(({ name }) => name).sort()).toEqual(inside.sort());
  expect(inside).toContain('hono');
  expect(inside).not.toContain('vitest');
});

test('the commands of docs/install.md serve the demo without Node or npm, and write nothing into the bundle', async () => {
  const block = blocksOf(readDocument('docs/install.md')).find(({ needs }) => needs.includes('bundle'));
  const lines = (block?.text ?? '').trim().split('\n');
  expect(lines).toHaveLength(4);
  const home = join(folder, 'home');
  mkdirSync(home);
  const env = { PATH: '/usr/bin:/bin', HOME: home, PORT: '0' };
  // The last command serves, until it gets the signal.
  await run('/bin/sh', ['-ec', lines.slice(0, -1).join('\n')], { cwd: first, env });
  const bundle = join(first, 'cc-jobs/');
  const before = await listing(bundle);
  const service = spawn('/bin/sh', ['-c', `exec ${lines.at(-1)}`], {
    cwd: first,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void service.kill('SIGKILL'));
  let said = '';
  while (!said.includes('Press Ctrl-C')) said += await once(service.stdout, 'data');
  const [, url = ''] = /(http:\/\/127\.0\.0\.1:\d+)\/jwt-login/.exec(said) ?? [];
  const [, token = ''] = /TOKEN=(\S+)/.exec(said) ?? [];
  const count = await fetch(`${url}/api/jobs/count`, { headers: { 'X-Auth-Token': token } });
  expect(await count.json()).toMatchObject({ count: 100_000 });
  service.kill('SIGTERM');
  expect(await once(service, 'exit')).toEqual([0, null]);
  expect(await listing(bundle)).toBe(before);
  expect(existsSync(join(home, '.cache/cc-jobs'))).toBe(true);
});

/** Every path with its size and time. */
async function listing(of: string): Promise<string> {
  const { stdout } = await run('find', [of, '-printf', '%p %s %T@\n'], { maxBuffer: 2 ** 26 });
  return stdout.split('\n').sort().join('\n');
}
