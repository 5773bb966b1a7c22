/**
 * `npm run mutations -- [FILTER]`: applies one mutation at a time to a copy of the tree, and runs the tests that must
 * detect it. FILTER is a part of the text printed for a mutation. Exits with 1 if a mutation is not detected.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MUTATIONS, shown } from './all.ts';
import type { Mutation } from './mutation.ts';

const ROOT = join(import.meta.dirname, '../..');
const COPIED = ['src', 'routes', 'test', 'bin', 'migrations', 'docs', 'package.json', 'tsconfig.json'];
const CONFIGS = ['vitest.config.ts', 'wrangler.toml'];
/** A test that hangs counts as a detection. */
const LIMIT_MS = 300_000;
const BASELINE_LIMIT_MS = 1_800_000;

const [filter = ''] = process.argv.slice(2);
const chosen = MUTATIONS.filter((mutation) => shown(mutation).includes(filter));
const tree = mkdtempSync(join(tmpdir(), 'cc-jobs-mutations-'));
let survivors = 0;
try {
  for (const name of [...COPIED, ...CONFIGS]) cpSync(join(ROOT, name), join(tree, name), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(tree, 'node_modules'));
  const all = [...new Set(chosen.flatMap(({ tests }) => tests))];
  if ((await vitest(all, 0)) !== 0) throw new Error(`these tests fail without a mutation: ${all.join(', ')}`);
  for (const [nth, mutation] of chosen.entries()) {
    const isCaught = await caught(mutation);
    if (!isCaught) survivors += 1;
    const outcome = isCaught ? 'caught  ' : 'SURVIVES';
    process.stdout.write(`${outcome} ${nth + 1}/${chosen.length} ${shown(mutation)}\n`);
  }
} finally {
  rmSync(tree, { recursive: true, force: true });
}
process.stdout.write(`${chosen.length - survivors} of ${chosen.length} caught\n`);
process.exit(survivors === 0 ? 0 : 1);

async function caught({ file, from, to, tests }: Mutation): Promise<boolean> {
  const path = join(tree, 'src', file);
  const text = readFileSync(path, 'utf8');
  writeFileSync(
    path,
    text.replace(from, () => to),
  );
  try {
    return (await vitest(tests, 1)) !== 0;
  } finally {
    writeFileSync(path, text);
  }
}

/**
 * Returns the exit code. `bail` is the number of failures after which vitest stops. The process group of its own
 * ensures that all of its child processes end with it.
 */
async function vitest(tests: readonly string[], bail: 0 | 1): Promise<number> {
  const files = tests.map((test) => `test/${test}.test.ts`);
  const child = spawn('bin/node24', ['vitest', 'run', `--bail=${bail}`, ...files], {
    cwd: tree,
    stdio: 'ignore',
    detached: true,
  });
  const limit = setTimeout(
    () => child.pid !== undefined && process.kill(-child.pid, 'SIGKILL'),
    bail === 1 ? LIMIT_MS : BASELINE_LIMIT_MS,
  );
  const [code] = await once(child, 'exit');
  clearTimeout(limit);
  return code ?? 1;
}
