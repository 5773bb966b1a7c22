/**
 * What the processes of connections load costs memory and time at each start: kysely and zod, by one wrong import, 26 MB
 * and 100 ms in the writer.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const SCRIPT = `
  import { registerHooks } from 'node:module';
  const loaded = [];
  registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) });
  await import(process.argv[1]);
  const names = loaded.map((url) => /node_modules\\/((?:@[^/]+\\/)?[^/]+)/.exec(url)?.[1]).filter(Boolean);
  console.log(JSON.stringify([...new Set(names)]));
  process.exit();
`;

test.each(['reader-program.ts', 'writer-program.ts', 'syncer-program.ts'])('%s loads only its driver', async (file) => {
  const program = join(import.meta.dirname, '../../src/connections', file);
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', SCRIPT, program]);
  const packages: string[] = JSON.parse(stdout);
  expect(packages.filter((name) => !/^(@?libsql|@neon-rs|detect-libc)/.test(name))).toEqual([]);
});
