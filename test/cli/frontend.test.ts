import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { migrated, OPEN, run, serve } from '../support/command-line.ts';
import { writeFrontend } from '../support/frontend.ts';

test('serve has the pages of the front end in FRONTEND_PATH, and its own log', async () => {
  const cwd = await migrated();
  writeFrontend(join(cwd, 'public'));
  const { url } = await serve(cwd, { FRONTEND_PATH: './public' });
  expect(await (await fetch(`${url}/build/job.js`)).text()).toContain('page job');
  expect(await (await fetch(`${url}/monitoring/job/1`)).text()).toContain(
    'const jobInfos = JSON.parse("{\\"id\\":\\"1\\"}");',
  );
  const log = (await (await fetch(`${url}/frontend/logs/`)).json()) as { message: string }[];
  expect(log.map(({ message }) => message)).toContainEqual(expect.stringMatching(/^listening .*"url"/));
  expect(log.at(-1)?.message).toMatch(/^request .*"path":"\/monitoring\/job\/1"/);
});

test.each([
  ['a folder without a build', (folder: string) => rmSync(join(folder, 'build'), { recursive: true }), /not a built/],
  ['another version', (folder: string) => rmSync(join(folder, 'build/logs.js')), /another version .*: build\/logs\.js/],
  [
    'a file that is a folder',
    (folder: string) => {
      rmSync(join(folder, 'favicon.png'));
      mkdirSync(join(folder, 'favicon.png'));
    },
    /FRONTEND_PATH: .*favicon\.png is not a regular file/,
  ],
])('serve refuses to start with %s in FRONTEND_PATH', async (_, spoil, reason) => {
  const cwd = await migrated();
  const folder = join(cwd, 'public');
  writeFrontend(folder);
  spoil(folder);
  const { code, stderr } = await run(cwd, ['serve'], { ...OPEN, FRONTEND_PATH: folder });
  expect([code, stderr]).toEqual([2, expect.stringMatching(reason)]);
});
