/** bin/node24 takes no Node whose SQLite loses commits when two programs use one file. */
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { testFolder } from '../support/folder.ts';

const BIN = join(import.meta.dirname, '../../bin/node24');

/** Runs a command with bin/node24 of an installation without a bundled Node, where `node` has these versions. */
async function withNode(versions: { node: string; sqlite?: string }) {
  const root = testFolder();
  mkdirSync(join(root, 'bin'));
  mkdirSync(join(root, 'path'));
  cpSync(BIN, join(root, 'bin/node24'));
  const program = `exec '${process.execPath}' -e "$(printf '%s' "$2" | sed 's/process.versions/${JSON.stringify(versions)}/')"`;
  writeFileSync(join(root, 'path/node'), `#!/bin/sh\n${program}\n`, { mode: 0o755 });
  const started = promisify(execFile)(join(root, 'bin/node24'), ['echo', 'it runs'], {
    env: { PATH: `${join(root, 'path')}:/usr/bin:/bin` },
  });
  return await started.then(
    ({ stdout }) => stdout,
    ({ code, stderr }) => `${code}: ${stderr}`,
  );
}

test.each([
  { node: '24.21.0', sqlite: '3.51.3' },
  { node: '25.0.0', sqlite: '3.53.4' },
  { node: '24.21.0', sqlite: '4.0' },
])('takes %o', async (versions) => {
  expect(await withNode(versions)).toBe('it runs\n');
});

test.each([
  { node: '24.3.0', sqlite: '3.51.2' },
  { node: '24.3.0', sqlite: '3.50.9' },
  { node: '22.22.0', sqlite: '3.51.3' },
  { node: '20.19.0' },
])('refuses %o, and says which to install', async (versions) => {
  expect(await withNode(versions)).toMatch(/^2: cc-jobs needs Node >= 24 with SQLite >= 3\.51\.3: .*install Node/);
});
