import type { ConnectionSettings } from '../../connection-settings.ts';

type Role = 'reader' | 'writer';

/** What a connection is opened with. Plain data, because it is sent to the connection process. */
export interface ConnectionOptions {
  /** Path of the database file. */
  path: string;
  role: Role;
  /** True for the file of a replica. It is opened read-only and not checked first: all of it may be in its log. */
  isReplica?: boolean;
  settings: ConnectionSettings;
}

/** A pragma. Pragmas are set in order before a connection is used, and each is read back. */
interface Pragma {
  name: string;
  /** The value to set, in the form in which SQLite reports it. */
  value(settings: ConnectionSettings, role: Role): string | number;
  roles: readonly Role[];
}

const KIB_PER_MB = 1024;
const BYTES_PER_MB = 2 ** 20;
const BOTH = ['reader', 'writer'] as const;

/** https://www.sqlite.org/pragma.html#pragma_temp_store */
export const TEMP_STORE = { file: 1, memory: 2 } as const;
/** A wait for a lock cannot be interrupted (measured: it lasts for the whole timeout), so it must be short. */
export const BUSY_TIMEOUT_MS = 50;
/**
 * During a start no request waits yet. The last program that closes the file locks it while it empties the log, and a
 * program that was killed leaves a log that the next one must recover.
 */
export const START_BUSY_LIMIT_MS = 5_000;
/** Size of the log after a checkpoint. Overlapping slow reads let it grow to 102 MB (measured). */
const JOURNAL_SIZE_LIMIT_BYTES = 16 * 1024 * 1024;

/**
 * https://www.sqlite.org/pragma.html describes the pragmas. The comments say why they have these values. The writer has
 * no heap limits: the SQLite of Node keeps no memory statistics, so both pragmas read back as set and have no effect
 * (measured). The memory watch bounds its process.
 */
export const PRAGMAS: readonly Pragma[] = [
  { name: 'busy_timeout', value: () => BUSY_TIMEOUT_MS, roles: BOTH }, // first: the next pragmas may find a lock
  { name: 'journal_mode', value: () => 'wal', roles: ['writer'] }, // readers and the writer do not wait for each other
  { name: 'synchronous', value: () => 2, roles: ['writer'] }, // FULL: safe against power cuts (0.1-0.3 ms per commit)
  { name: 'foreign_keys', value: () => 1, roles: BOTH }, // deleting a job deletes its tags
  { name: 'cache_size', value: (s) => -s.DB_CACHE_SIZE_MB * KIB_PER_MB, roles: BOTH }, // negative: KiB, not pages
  // File: sorts of readers spill. Memory: a rollback needs no file (60 KB per start) and no space in DB_TEMP_DIR.
  { name: 'temp_store', value: (_, role) => (role === 'writer' ? TEMP_STORE.memory : TEMP_STORE.file), roles: BOTH },
  // Above the first the page cache shrinks. Above the second a query fails cleanly.
  { name: 'soft_heap_limit', value: (s) => s.DB_SOFT_HEAP_LIMIT_MB * BYTES_PER_MB, roles: ['reader'] },
  { name: 'hard_heap_limit', value: (s) => s.DB_HARD_HEAP_LIMIT_MB * BYTES_PER_MB, roles: ['reader'] },
  { name: 'journal_size_limit', value: () => JOURNAL_SIZE_LIMIT_BYTES, roles: ['writer'] },
  { name: 'trusted_schema', value: () => 0, roles: BOTH }, // blocks dangerous functions in foreign views and triggers
  { name: 'query_only', value: () => 1, roles: ['reader'] }, // last, so that it does not block the pragmas above
];
