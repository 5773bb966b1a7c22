/**
 * `npm run mutations -- [FILTER]`: applies one mutation at a time to a copy of the tree, and runs the tests that must
 * detect it. FILTER is a part of the text printed for a mutation. Exits with 1 if a mutation is not detected.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MUTATIONS, shown } from './all.ts';
import { type Mutation, occurrences, partsOf } from './mutation.ts';

const ROOT = join(import.meta.dirname, '../..');
const COPIED = ['src', 'routes', 'test', 'bin', 'migrations', 'docs', 'package.json', 'tsconfig.json'];
const CONFIGS = ['vitest.config.ts', 'wrangler.toml'];
/** Limits of one test and of a run without a mutation. A test that hangs with one counts as a detection. */
const TEST_LIMIT_MS = 60_000;
const RUN_LIMIT_MS = 600_000;
/** With a mutation, a test may take as many times as long as the longest of its file did without, and this longer. */
const SLOWER = { times: 10, more: 5_000 };

const EMPTY = '{"testResults":[]}';

/** `untested`: a test fails without the mutation, too, so it detects nothing. */
type Outcome = { name: 'caught' | 'SURVIVES' | 'stale' | 'untested'; by?: string };

const [filter = ''] = process.argv.slice(2);
const chosen = MUTATIONS.filter((mutation) => shown(mutation).includes(filter));
const tree = mkdtempSync(join(tmpdir(), 'cc-jobs-mutations-'));
const report = join(tree, 'report.json');
const counts = { caught: 0, SURVIVES: 0, stale: 0, untested: 0 };
/** The limit of a test with a mutation, by the names of tests that have passed without. */
const limits = new Map<string, number>();
const startedAt = performance.now();
try {
  for (const name of [...COPIED, ...CONFIGS]) cpSync(join(ROOT, name), join(tree, name), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(tree, 'node_modules'));
  for (const [nth, mutation] of chosen.entries()) {
    const beganAt = performance.now();
    const { name, by = '' } = await outcomeOf(mutation);
    counts[name] += 1;
    print(`${name.padEnd(8)} ${nth + 1}/${chosen.length} ${secondsSince(beganAt)} s ${shown(mutation)} ${by}`);
  }
} finally {
  rmSync(tree, { recursive: true, force: true });
}
print(
  `${counts.caught} caught, ${counts.SURVIVES} survived, ${counts.stale} stale, ${counts.untested} untested, ${secondsSince(startedAt)} s`,
);
process.exit(counts.caught === chosen.length ? 0 : 1);

/** Returns the first failure of the tests without a mutation. A test that has passed is not run again. */
async function failureWithout(tests: readonly string[]): Promise<string | undefined> {
  for (const test of tests.filter((name) => !limits.has(name))) {
    const { failure, longestMs } = await run([test], TEST_LIMIT_MS);
    if (failure !== undefined) return failure;
    limits.set(test, Math.min(TEST_LIMIT_MS, SLOWER.times * longestMs + SLOWER.more));
  }
  return undefined;
}

async function outcomeOf({ file, from, to, tests }: Mutation): Promise<Outcome> {
  const path = join(tree, 'src', file);
  const text = readFileSync(path, 'utf8');
  if (occurrences(text, from) !== 1) return { name: 'stale' };
  const anyway = await failureWithout(tests);
  if (anyway !== undefined) return { name: 'untested', by: `fails without it: ${JSON.stringify(anyway)}` };
  writeFileSync(
    path,
    text.replace(from, () => to),
  );
  try {
    const { failure } = await run(tests, Math.max(...tests.map((test) => limits.get(test) ?? TEST_LIMIT_MS)));
    return failure === undefined ? { name: 'SURVIVES' } : { name: 'caught', by: `by ${JSON.stringify(failure)}` };
  } finally {
    writeFileSync(path, text);
  }
}

interface Ran {
  /** The name of the first test that failed, or the message of a file whose tests could not start. */
  failure: string | undefined;
  longestMs: number;
}

/**
 * Runs tests up to the first one that fails. The process group of its own ensures that all child processes of the tests
 * end with it.
 */
async function run(tests: readonly string[], testLimitMs: number): Promise<Ran> {
  const parts = tests.map(partsOf);
  const names = parts.flatMap(({ name }) => (name === undefined ? [] : [`--testNamePattern=${RegExp.escape(name)}`]));
  const options = ['--bail=1', `--testTimeout=${Math.ceil(testLimitMs)}`, `--hookTimeout=${TEST_LIMIT_MS}`];
  const output = ['--reporter=json', `--outputFile=${report}`];
  rmSync(report, { force: true });
  const child = spawn(
    'bin/node24',
    ['vitest', 'run', ...options, ...output, ...names, ...parts.map(({ path }) => path)],
    {
      cwd: tree,
      stdio: 'ignore',
      detached: true,
    },
  );
  const limit = setTimeout(() => child.pid !== undefined && process.kill(-child.pid, 'SIGKILL'), RUN_LIMIT_MS);
  const [code] = await once(child, 'exit');
  clearTimeout(limit);
  const { testResults } = JSON.parse(existsSync(report) ? readFileSync(report, 'utf8') : EMPTY) as Report;
  const results = testResults.flatMap(({ assertionResults }) => assertionResults);
  const longestMs = Math.max(0, ...results.map(({ duration }) => duration ?? 0));
  if (code === 0) return { failure: undefined, longestMs };
  const failed = results.find((one) => one.status === 'failed')?.fullName;
  const message = testResults.find((one) => one.message !== '')?.message.slice(0, 200);
  return { failure: failed ?? message ?? 'no test ended', longestMs };
}

interface Report {
  testResults: {
    message: string;
    assertionResults: { status: string; fullName: string; duration?: number | null }[];
  }[];
}

function secondsSince(beganAt: number): string {
  return ((performance.now() - beganAt) / 1000).toFixed(0);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
