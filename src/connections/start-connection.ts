import { dirname, join } from 'node:path';
import type { ConnectionSettings } from '../connection-settings.ts';
import type { Counters } from '../processes/counters.ts';
import { ManagedProcess } from '../processes/managed-process.ts';
import { ProcessGroup } from '../processes/process-group.ts';
import type { ReplacementPermit } from '../processes/replacement-permit.ts';
import type { ReaderProtocol, WriterProtocol } from './connection-protocol.ts';

export interface PoolOptions {
  /** Path of the database file. */
  path: string;
  /** True for a replica, to which only the syncer writes. */
  isReplica?: boolean;
  maxReaders: number;
  queueLimit: number;
  /** Maximum number of requests of one caller, waiting and running, while others wait. */
  callerLimit: number;
  maxIdleMs: number;
  /** Shared with the archive's processes. Without it the pool creates its own. */
  replacementPermit?: ReplacementPermit;
  tempDir: string | undefined;
  /** The settings of each connection. */
  settings: ConnectionSettings;
  /** How far the RSS of a process may grow above its resting level, in MB. */
  growthMb: number;
  log: PoolLog;
  /** Replacement programs, for tests with misbehaving processes. */
  programs?: Partial<Record<'reader' | 'writer', string>>;
}

export interface PoolLog {
  warn(fields: object, message: string): void;
}

/** Time between two rounds of pings, replacements and retirements. */
export const HOUSEKEEPING_MS = 250;
/** Size of V8's heap in a connection process in MB. Answers are bytes outside of it. */
const HEAP_MB = 64;

export const PROGRAMS = {
  reader: join(import.meta.dirname, 'reader-program.ts'),
  writer: join(import.meta.dirname, 'writer-program.ts'),
} as const;

/** A group of connection processes with the same role. */
export function groupOf<P extends ReaderProtocol | WriterProtocol>(
  options: PoolOptions,
  role: 'reader' | 'writer',
  max: number,
  counters: Counters,
  replacementPermit: ReplacementPermit,
): ProcessGroup<P> {
  const { path, tempDir, queueLimit, callerLimit, maxIdleMs, settings, growthMb, log } = options;
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
        open: { path, role, isReplica: options.isReplica === true, settings },
      }),
  });
}
