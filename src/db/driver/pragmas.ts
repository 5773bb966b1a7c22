/** What one connection is told at its start. Plain data: it crosses to the connection process. */
export interface ConnectionOptions {
  /** The file, as a path. */
  path: string;
  role: 'reader' | 'writer';
  /** A replica's file: opened read-only, and not judged before, since it may have everything in its log. */
  isReplica?: boolean;
  cacheKib: number;
  softHeapLimitBytes: number;
  hardHeapLimitBytes: number;
}

/** One line of the bootstrap: applied in order before a connection serves anything, and read back. */
interface Pragma {
  name: string;
  /** The value to set, in the form in which SQLite reports it. */
  value(options: ConnectionOptions): string | number;
  roles: readonly ConnectionOptions['role'][];
}

const BOTH = ['reader', 'writer'] as const;

/** https://www.sqlite.org/pragma.html#pragma_temp_store */
export const TEMP_STORE = { file: 1, memory: 2 } as const;
/** A wait for a lock cannot be interrupted (measured: it lasts the whole time-out), so it has to be short. */
export const BUSY_TIMEOUT_MS = 50;
/**
 * At a start nobody waits for an answer yet. The last program that closes the file holds it while it empties the log, and one that
 * was killed leaves a log that the next has to recover.
 */
export const START_BUSY_LIMIT_MS = 5_000;
/** The log is cut back to this after a checkpoint; overlapping slow reads let it grow to 102 MB (measured). */
const JOURNAL_SIZE_LIMIT_BYTES = 16 * 1024 * 1024;

/**
 * https://www.sqlite.org/pragma.html has them all; the comments say why we want this value. The writer has no heap limits: the SQLite of
 * Node counts no memory, so they read back as set and do nothing (measured). Its process is bounded by the memory watch.
 */
export const PRAGMAS: readonly Pragma[] = [
  { name: 'busy_timeout', value: () => BUSY_TIMEOUT_MS, roles: BOTH }, // first: the next ones may meet a lock
  { name: 'journal_mode', value: () => 'wal', roles: ['writer'] }, // readers and the writer do not wait for each other
  { name: 'synchronous', value: () => 2, roles: ['writer'] }, // FULL: a power cut loses nothing acknowledged (0.1-0.3 ms)
  { name: 'foreign_keys', value: () => 1, roles: BOTH }, // deleting a job deletes its tags
  { name: 'cache_size', value: (o) => -o.cacheKib, roles: BOTH }, // negative: KiB, not pages
  // File: sorts of readers spill. Memory: a write that has to be undone needs no file (60 KB a start), nor room in DB_TEMP_DIR.
  { name: 'temp_store', value: (o) => (o.role === 'writer' ? TEMP_STORE.memory : TEMP_STORE.file), roles: BOTH },
  { name: 'soft_heap_limit', value: (o) => o.softHeapLimitBytes, roles: ['reader'] }, // the page cache shrinks from here
  { name: 'hard_heap_limit', value: (o) => o.hardHeapLimitBytes, roles: ['reader'] }, // a query that needs more fails cleanly
  { name: 'journal_size_limit', value: () => JOURNAL_SIZE_LIMIT_BYTES, roles: ['writer'] },
  { name: 'trusted_schema', value: () => 0, roles: BOTH }, // a foreign file's views and triggers get no dangerous functions
  { name: 'query_only', value: () => 1, roles: ['reader'] }, // last: nothing above may be refused by it
];
