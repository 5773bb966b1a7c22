/** Runs the real bin/cc-jobs in processes of a test. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished } from 'vitest';
import { testFolder } from './folder.ts';

export const BIN = join(import.meta.dirname, '../../bin/cc-jobs');

/** Saves one process per service. Tests of the index turn it on. */
const WITHOUT = { COLUMN_INDEX: 'off' };

export type Environment = Record<string, string>;

/** Does nothing in a benchmark, which stops its own processes. */
function atEndOfTest(release: () => void | Promise<void>): void {
  if (process.env['VITEST'] !== undefined) onTestFinished(release);
}

export interface Running {
  child: ChildProcess;
  stdout(): string;
  stderr(): string;
  /** The exit code, or the signal that ended the process. */
  ended: Promise<number | string>;
  /** Waits until standard error matches. */
  says(text: RegExp): Promise<RegExpExecArray>;
}

/**
 * Starts a command, optionally in a shell that first runs `first`. It is killed if it still runs at the end of the
 * test.
 */
export function start(
  cwd: string,
  args: readonly string[],
  env: Environment = {},
  stderrTo: number | 'pipe' = 'pipe',
  first = 'umask 022',
): Running {
  const { PATH = '' } = process.env;
  const child = spawn('/bin/sh', ['-c', `${first}; exec "$0" "$@"`, BIN, ...args], {
    cwd,
    env: { PATH, ...WITHOUT, ...env },
    stdio: ['ignore', 'pipe', stderrTo],
  });
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr?.on('data', (chunk) => {
    stderr += chunk;
  });
  const ended = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | string);
  atEndOfTest(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return {
    child,
    stdout: () => stdout,
    stderr: () => stderr,
    ended,
    async says(text) {
      for (;;) {
        const found = text.exec(stderr);
        if (found !== null) return found;
        if (child.stderr === null) throw new Error('its standard error is not ours');
        const over = await Promise.race([once(child.stderr, 'data').then(() => false), ended.then(() => true)]);
        if (over && !text.test(stderr)) throw new Error(`it ended without ${text}: ${stderr}`);
      }
    },
  };
}

export async function run(cwd: string, args: readonly string[], env?: Environment) {
  const running = start(cwd, args, env);
  const code = await running.ended;
  return { code, stdout: running.stdout(), stderr: running.stderr() };
}

/** What the first `migrate` of a test file created: bytes by path. */
const created = new Map<string, Buffer>();

/** A new database in `var`, where the default settings expect it, and an empty archive. */
export async function migrated(): Promise<string> {
  const cwd = testFolder();
  if (created.size === 0) {
    const { code, stderr } = await run(cwd, ['migrate']);
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining('created (0001_schema_11.sql') });
    for (const path of ['var/job.db', 'var/job-archive/version.txt']) created.set(path, readFileSync(join(cwd, path)));
  } else {
    mkdirSync(join(cwd, 'var/job-archive'), { recursive: true, mode: 0o750 });
    for (const [path, bytes] of created) writeFileSync(join(cwd, path), bytes, { mode: 0o640 });
  }
  return cwd;
}

/** Settings for a service without authentication on a free port. */
export const OPEN = { AUTH: 'none', PORT: '0' };

/** Starts a service on the database in `var`. Also returns its address. */
export async function serve(cwd: string, env: Environment = {}) {
  const service = start(cwd, ['serve'], { ...OPEN, ...env });
  const [, url = ''] = await service.says(/"url":"([^"]+)"/);
  return { service, url };
}

/** Waits until a service responds. */
export async function answers(port: number): Promise<void> {
  for (;;) {
    const up = await fetch(`http://127.0.0.1:${port}/healthz`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (up) return;
    await sleep(20);
  }
}

/** Waits until nothing listens on a port. */
export async function refused(port: number): Promise<void> {
  for (;;) {
    const open = await fetch(`http://127.0.0.1:${port}/healthz`).then(
      () => true,
      () => false,
    );
    if (!open) return;
  }
}
