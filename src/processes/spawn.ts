import { ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';

export interface Program {
  /** The TypeScript file that it runs. */
  file: string;
  /** Size of V8's old generation in MB. */
  heapMb: number;
  /** Additional Node flags for this program. */
  flags?: readonly string[];
  env: Readonly<Record<string, string>>;
}

/** Size of V8's young generation in MB. With the default, small requests let a process grow by 100 MB (measured). */
const SEMI_SPACE_MB = 1;

/**
 * Node's compile cache for our TypeScript. With it a process serves after 65 ms instead of 170 (45 instead of 120 of
 * them CPU) and takes 59 MB at rest instead of 84, because the type stripper is not loaded. It is that of bin/cc-jobs:
 * part of the installation, where other users cannot write, unless the operator has another folder for it. If the service
 * cannot write there, Node runs without a cache.
 */
const COMPILE_CACHE =
  process.env['NODE_COMPILE_CACHE'] ?? join(import.meta.dirname, '../../node_modules/.cache/cc-jobs');

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
 * Starts a process of the service that cannot outlive it (end-with-parent.ts). The process gets only the environment
 * variables that it needs, so no keys and no tokens. Its standard error is a pipe to the parent. If the system cannot
 * provide a process, memory or a file, the returned process has no pid and emits `error`, as after any other failure. It
 * does not throw, because a caller in a timer must not end the service.
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
    serialization: 'advanced', // passes bytes and 64-bit integers unchanged
    env: {
      PATH: process.env['PATH'],
      LD_LIBRARY_PATH: process.env['LD_LIBRARY_PATH'],
      // glibc creates up to eight heaps per core, each with unused space: with two, a reader of a long list took 15 MB
      // more.
      MALLOC_ARENA_MAX: '1',
      NODE_COMPILE_CACHE: COMPILE_CACHE,
      ...env,
      CC_JOBS_PARENT: String(process.pid),
      ...(SETPRIV === undefined ? { CC_JOBS_LIFELINE: 'pipe' } : {}),
    },
  };
}
