import { dirname } from 'node:path';
import type { ConnectionOptions } from '../db/driver/pragmas.ts';
import type { Counters } from '../processes/counters.ts';
import { ManagedProcess } from '../processes/managed-process.ts';
import type { ReplacementPermit } from '../processes/replacement-permit.ts';
import { CONNECTION_PROGRAM } from '../processes/spawn.ts';
import type { Sizing } from '../system-state.ts';

export interface PoolOptions {
  /** The database file, as a path. */
  path: string;
  /** The file of a replica, which nobody here writes to. */
  isReplica?: boolean;
  maxReaders: number;
  queueLimit: number;
  /** Requests of one caller, waiting and at work, while others wait. */
  callerLimit: number;
  maxIdleMs: number;
  /** Shared with the archive's process; without it the pool has one of its own. */
  replacementPermit?: ReplacementPermit;
  tempDir: string | undefined;
  connection: Sizing['connection'];
  log: PoolLog;
  /** Another program for the processes: tests bring their misbehaving ones. */
  program?: string;
}

export interface PoolLog {
  warn(fields: object, message: string): void;
}

/** Between two rounds of heartbeats, replacements and retirements. */
export const HOUSEKEEPING_MS = 250;
/** MB of V8's heap in a connection process: answers are bytes outside of it. */
const HEAP_MB = 64;

/** Starts a connection process. */
export function startConnection(
  options: PoolOptions,
  role: ConnectionOptions['role'],
  counters: Counters,
  onState: (process: ManagedProcess) => void,
): ManagedProcess {
  const { cacheMb, softHeapMb, hardHeapMb, growthMb } = options.connection;
  return new ManagedProcess({
    role,
    growthMb,
    counters,
    log: (fields, message) => options.log.warn(fields, message),
    onState,
    program: {
      file: options.program ?? CONNECTION_PROGRAM,
      heapMb: HEAP_MB,
      env: { SQLITE_TMPDIR: options.tempDir ?? dirname(options.path) },
    },
    open: {
      kind: 'open',
      id: 0,
      options: {
        path: options.path,
        role,
        isReplica: options.isReplica === true,
        cacheKib: cacheMb * 1024,
        softHeapLimitBytes: softHeapMb * 2 ** 20,
        hardHeapLimitBytes: hardHeapMb * 2 ** 20,
      },
    },
  });
}
