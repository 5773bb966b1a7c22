/** The library of GraphQL takes 0.2 s to load, and memory. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

/** How many modules of GraphQL these files load. */
async function loadedBy(...files: string[]): Promise<number> {
  const program = `import { registerHooks } from 'node:module';
    let loaded = 0;
    registerHooks({ load(url, context, next) {
      if (/node_modules.graphql|src.graphql/.test(url)) loaded += 1;
      return next(url, context);
    } });
    for (const file of ${JSON.stringify(files)}) await import(file);
    console.log(loaded);
    process.exit();`;
  const cwd = join(import.meta.dirname, '../..');
  const args = ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', program];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd });
  return Number(stdout);
}

test('a service without GraphQL does not load it', async () => {
  expect(await loadedBy('./src/app.ts', './src/commands/serve.ts')).toBe(0);
  expect(await loadedBy('./src/graphql/answer.ts')).toBeGreaterThan(100);
});
