/**
 * `npm run mutations -- [FILTER]`: makes one line after the other wrong in a copy of the tree, and runs the tests that must notice. FILTER
 * is a part of what is printed for a mutation. Ends with 1 when one survives.
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
/** A test that hangs has noticed. */
const LIMIT_MS = 300_000;

const [filter = ''] = process.argv.slice(2);
const chosen = MUTATIONS.filter((mutation) => shown(mutation).includes(filter));
const tree = mkdtempSync(join(tmpdir(), 'cc-jobs-mutations-'));
let survivors = 0;
try {
  for (const name of [...COPIED, ...CONFIGS]) cpSync(join(ROOT, name), join(tree, name), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(tree, 'node_modules'));
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
    return (await vitest(tests.map((test) => `test/${test}.test.ts`))) !== 0;
  } finally {
    writeFileSync(path, text);
  }
}

/** Its exit code; of its own process group, so that what it started ends with it. */
async function vitest(files: readonly string[]): Promise<number> {
  const child = spawn('bin/node24', ['vitest', 'run', '--bail=1', ...files], {
    cwd: tree,
    stdio: 'ignore',
    detached: true,
  });
  const limit = setTimeout(() => child.pid !== undefined && process.kill(-child.pid, 'SIGKILL'), LIMIT_MS);
  const [code] = await once(child, 'exit');
  clearTimeout(limit);
  return code ?? 1;
}
