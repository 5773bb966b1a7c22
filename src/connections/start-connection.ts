import { dirname, join } from 'node:path';
import type { Counters } from '../processes/counters.ts';
import { ManagedProcess } from '../processes/managed-process.ts';
import { ProcessGroup } from '../processes/process-group.ts';
import type { ReplacementPermit } from '../processes/replacement-permit.ts';
import type { Sizing } from '../system-state.ts';
import type { ReaderProtocol, WriterProtocol } from './connection-protocol.ts';

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
  /** Other programs for the processes: tests have misbehaving ones. */
  programs?: Partial<Record<'reader' | 'writer', string>>;
}

export interface PoolLog {
  warn(fields: object, message: string): void;
}

/** Between two rounds of heartbeats, replacements and retirements. */
export const HOUSEKEEPING_MS = 250;
/** MB of V8's heap in a connection process: answers are bytes outside of it. */
const HEAP_MB = 64;

export const PROGRAMS = {
  reader: join(import.meta.dirname, 'reader-program.ts'),
  writer: join(import.meta.dirname, 'writer-program.ts'),
} as const;

/** Connection processes of one role. */
export function groupOf<P extends ReaderProtocol | WriterProtocol>(
  options: PoolOptions,
  role: 'reader' | 'writer',
  max: number,
  counters: Counters,
  replacementPermit: ReplacementPermit,
): ProcessGroup<P> {
  const { path, tempDir, queueLimit, callerLimit, maxIdleMs, log } = options;
  const { cacheMb, softHeapMb, hardHeapMb, growthMb } = options.connection;
  return new ProcessGroup<P>({
    max,
    queueLimit,
    callerLimit,
    maxIdleMs,
    replacementPermit,
    counters,
    log: (message, error) => log.warn({ err: error }, message),
    start: (onState) =>
      new ManagedProcess<P>({
        role,
        growthMb,
        counters,
        log: (fields, message) => log.warn(fields, message),
        onState,
        program: {
          file: options.programs?.[role] ?? PROGRAMS[role],
          heapMb: HEAP_MB,
          env: { SQLITE_TMPDIR: tempDir ?? dirname(path) },
        },
        open: {
          path,
          role,
          isReplica: options.isReplica === true,
          cacheKib: cacheMb * 1024,
          softHeapLimitBytes: softHeapMb * 2 ** 20,
          hardHeapLimitBytes: hardHeapMb * 2 ** 20,
        },
      }),
  });
}
