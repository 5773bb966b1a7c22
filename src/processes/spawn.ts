import { ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';

export interface Program {
  /** The TypeScript file it runs. */
  file: string;
  /** MB of V8's old generation. */
  heapMb: number;
  /** Of Node, for this program alone. */
  flags?: readonly string[];
  env: Readonly<Record<string, string>>;
}

/** MB; V8's young generation. The default lets a process that answers small requests grow by 100 MB (measured). */
const SEMI_SPACE_MB = 1;

/**
 * Where Node keeps what it makes of our TypeScript. With it a process serves after 65 ms instead of 170 (45 instead of 120 of
 * them CPU) and rests at 59 MB instead of 84, since the stripper of types is not loaded. It lies in the installation, which
 * nobody else writes to; where we may not either, Node goes without.
 */
const COMPILE_CACHE = join(import.meta.dirname, '../../node_modules/.cache/cc-jobs');

const SETPRIV = process.platform === 'linux' ? ['/usr/bin/setpriv', '/bin/setpriv'].find(isExecutable) : undefined;

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Starts a process of the service that cannot outlive it (lifeline.ts). It inherits nothing of our environment but
 * what it needs: no key, no token. Its standard error is a pipe to us. Where the system has no process, memory or file for it, the answer
 * has no pid and emits `error`, as after any other failure: a caller in a timer must not end the service.
 */
export function startProgram({ file, heapMb, flags = [], env }: Program): ChildProcess {
  const node = [
    process.execPath,
    `--max-semi-space-size=${SEMI_SPACE_MB}`,
    `--max-old-space-size=${heapMb}`,
    '--disable-warning=ExperimentalWarning',
    ...flags,
    file,
  ];
  const [command = process.execPath, ...args] =
    SETPRIV === undefined ? node : [SETPRIV, '--pdeathsig', 'KILL', '--', ...node];
  try {
    return spawn(command, args, optionsOf(env));
  } catch (error) {
    const none = new ChildProcess();
    process.nextTick(() => none.emit('error', error));
    return none;
  }
}

function optionsOf(env: Program['env']): SpawnOptions {
  return {
    stdio: ['ignore', 'ignore', 'pipe', SETPRIV === undefined ? 'pipe' : 'ignore', 'ipc'],
    serialization: 'advanced', // bytes and 64-bit integers cross as they are
    env: {
      PATH: process.env['PATH'],
      LD_LIBRARY_PATH: process.env['LD_LIBRARY_PATH'],
      // glibc makes up to eight heaps per core, each with its own slack: with two a reader of a long list grew by 15 MB more
      MALLOC_ARENA_MAX: '1',
      NODE_COMPILE_CACHE: COMPILE_CACHE,
      ...env,
      CC_JOBS_PARENT: String(process.pid),
      ...(SETPRIV === undefined ? { CC_JOBS_LIFELINE: 'pipe' } : {}),
    },
  };
}
