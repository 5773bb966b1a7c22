/** The built front end of cc-backend: which folder is one, and how its files are served. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FILE_TYPES } from '../../src/cc-frontend/files.ts';
import { readFrontend } from '../../src/nodejs/cc-frontend-folder.ts';
import { StartupError } from '../../src/startup-error.ts';
import { makeFolder, removeFolder, testFolder } from '../support/folder.ts';
import { writeFrontend } from '../support/frontend.ts';
import { type TestApp, testApp } from '../support/test-app.ts';

const folder = makeFolder();
let service: TestApp;
beforeAll(async () => {
  writeFrontend(folder);
  writeFileSync(join(folder, 'build/header.js'), `// ${'x'.repeat(5000)}`);
  writeFileSync(join(folder, 'secret.txt'), 'secret');
  const frontend = await readFrontend(folder);
  service = await testApp({ service: () => ({ frontend }) });
});
afterAll(async () => {
  await service.close();
  removeFolder(folder);
});

const get = (path: string, headers: Record<string, string> = {}) => service.app.request(path, { headers });

test.each([...FILE_TYPES])('/%s is served as %s to anyone', async (path, type) => {
  const answer = await get(`/${path}`);
  expect([answer.status, answer.headers.get('Content-Type')]).toEqual([200, type]);
  expect(answer.headers.get('Cache-Control')).toBe('no-cache');
  expect(await answer.text()).toContain(
    path === 'build/header.js' ? '// xx' : path.replace(/^build\/(\w+)\.js$/, '$1'),
  );
});

test.each([
  '/secret.txt',
  '/build/',
  '/build/other.js',
  '/build/..%2fsecret.txt',
  '/build/%2e%2e/secret.txt',
  '/fonts/',
  '/bootstrap.min.css.map',
])('%s is not', async (path) => {
  expect((await get(path)).status).toBe(404);
});

test('a browser that has a file gets 304, until it changes', async () => {
  const tag = (await get('/build/header.js')).headers.get('ETag') ?? '';
  const again = await get('/build/header.js', { 'If-None-Match': `"other", ${tag}` });
  expect([again.status, await again.text(), again.headers.get('ETag')]).toEqual([304, '', tag]);
  expect((await get('/build/header.js', { 'If-None-Match': '"other"' })).status).toBe(200);
  const changed = testFolder();
  writeFrontend(changed);
  expect((await readFrontend(changed)).get('build/header.js')?.tag).not.toBe(tag);
});

test('a file is compressed, and has the same tag', async () => {
  const plain = await get('/build/header.js');
  const small = await get('/build/header.js', { 'Accept-Encoding': 'gzip' });
  expect([plain.headers.get('Content-Length'), small.headers.get('Content-Encoding')]).toEqual(['5003', 'gzip']);
  expect(small.headers.get('ETag')).toBe(plain.headers.get('ETag'));
});

test.each<[string, readonly string[], string]>([
  ['an empty folder', [...FILE_TYPES.keys()], 'is not a built front end of cc-backend'],
  ['sources that were not built', [...FILE_TYPES.keys()].filter((path) => path.startsWith('build/')), 'npm run build'],
  [
    'a version without a page',
    ['build/dashpublic.js', 'build/logs.css'],
    'build/dashpublic.js, build/logs.css missing',
  ],
])('%s is refused', async (_, removed, reason) => {
  const other = testFolder();
  writeFrontend(other);
  for (const path of removed) rmSync(join(other, path));
  const refusal = await readFrontend(other).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(StartupError);
  expect(String(refusal)).toContain(`FRONTEND_PATH ${other}`);
  expect(String(refusal)).toContain(reason);
});

test('a path that is no folder is refused', async () => {
  const other = testFolder();
  await expect(readFrontend(join(other, 'nothing'))).rejects.toThrow('is not a built front end');
  writeFrontend(other);
  rmSync(join(other, 'build/job.js'));
  await expect(readFrontend(join(other, 'favicon.png'))).rejects.toThrow('is not a built front end');
});
