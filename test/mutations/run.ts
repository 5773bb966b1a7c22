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
import { type Mutation, occurrences, partsOf } from './mutation.ts';

const ROOT = join(import.meta.dirname, '../..');
const COPIED = ['src', 'routes', 'test', 'bin', 'migrations', 'docs', 'package.json', 'tsconfig.json'];
const CONFIGS = ['vitest.config.ts', 'wrangler.toml'];
/** A test that hangs counts as a detection. Without a mutation, each test must end within the first of these limits. */
const TEST_LIMIT_MS = 60_000;
const RUN_LIMIT_MS = 600_000;

type Outcome = { name: 'caught' | 'SURVIVES' | 'stale'; by?: string };

const [filter = ''] = process.argv.slice(2);
const chosen = MUTATIONS.filter((mutation) => shown(mutation).includes(filter));
const tree = mkdtempSync(join(tmpdir(), 'cc-jobs-mutations-'));
const report = join(tree, 'report.json');
const counts = { caught: 0, SURVIVES: 0, stale: 0 };
const passing = new Set<string>();
const startedAt = performance.now();
try {
  for (const name of [...COPIED, ...CONFIGS]) cpSync(join(ROOT, name), join(tree, name), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(tree, 'node_modules'));
  for (const [nth, mutation] of chosen.entries()) {
    for (const test of mutation.tests) await checkPasses(test);
    const beganAt = performance.now();
    const { name, by = '' } = await outcomeOf(mutation);
    counts[name] += 1;
    print(`${name.padEnd(8)} ${nth + 1}/${chosen.length} ${secondsSince(beganAt)} s ${shown(mutation)} ${by}`);
  }
} finally {
  rmSync(tree, { recursive: true, force: true });
}
print(`${counts.caught} caught, ${counts.SURVIVES} survived, ${counts.stale} stale, ${secondsSince(startedAt)} s`);
process.exit(counts.caught === chosen.length ? 0 : 1);

/** A test that fails anyway detects nothing. */
async function checkPasses(test: string): Promise<void> {
  if (passing.has(test)) return;
  const failure = await firstFailure([test]);
  if (failure !== undefined) throw new Error(`${test} fails without a mutation: ${failure}`);
  passing.add(test);
}

async function outcomeOf({ file, from, to, tests }: Mutation): Promise<Outcome> {
  const path = join(tree, 'src', file);
  const text = readFileSync(path, 'utf8');
  if (occurrences(text, from) !== 1) return { name: 'stale' };
  writeFileSync(
    path,
    text.replace(from, () => to),
  );
  try {
    const by = await firstFailure(tests);
    return by === undefined ? { name: 'SURVIVES' } : { name: 'caught', by: `by ${JSON.stringify(by)}` };
  } finally {
    writeFileSync(path, text);
  }
}

/**
 * Runs tests up to the first one that fails, and returns its name. The process group of its own ensures that all child
 * processes of the tests end with it.
 */
async function firstFailure(tests: readonly string[]): Promise<string | undefined> {
  const parts = tests.map(partsOf);
  const names = parts.flatMap(({ name }) => (name === undefined ? [] : [`--testNamePattern=${RegExp.escape(name)}`]));
  const limits = ['--bail=1', `--testTimeout=${TEST_LIMIT_MS}`, `--hookTimeout=${TEST_LIMIT_MS}`];
  const output = ['--reporter=json', `--outputFile=${report}`];
  rmSync(report, { force: true });
  const child = spawn(
    'bin/node24',
    ['vitest', 'run', ...limits, ...output, ...names, ...parts.map(({ path }) => path)],
    {
      cwd: tree,
      stdio: 'ignore',
      detached: true,
    },
  );
  const limit = setTimeout(() => child.pid !== undefined && process.kill(-child.pid, 'SIGKILL'), RUN_LIMIT_MS);
  const [code] = await once(child, 'exit');
  clearTimeout(limit);
  return code === 0 ? undefined : failureIn(report);
}

interface Report {
  testResults: { message: string; assertionResults: { status: string; fullName: string }[] }[];
}

/** The name of a test that failed, or the message of a file whose tests could not start. */
function failureIn(path: string): string {
  const { testResults } = JSON.parse(readFileSync(path, 'utf8')) as Report;
  const failed = testResults.flatMap(({ assertionResults }) => assertionResults).find((one) => one.status === 'failed');
  const message = testResults.find((one) => one.message !== '')?.message.slice(0, 200);
  return failed?.fullName ?? message ?? 'no report';
}

function secondsSince(beganAt: number): string {
  return ((performance.now() - beganAt) / 1000).toFixed(0);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
