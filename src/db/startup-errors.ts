import { constants, existsSync } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { StartupError, type StartupFault } from '../startup-error.ts';
import { sqliteCode } from './driver/sqlite-faults.ts';

/** A file system error, and what to do about it. */
const OF_FILE_SYSTEM: Readonly<Record<string, string>> = {
  EACCES: 'permission denied: correct the permissions, or use another path',
  EPERM: 'permission denied: correct the permissions, or use another path',
  EROFS: 'the file system is read-only: use another path',
  ENOENT: 'no such file or directory: correct the path',
  ENOTDIR: 'a part of the path is not a directory: correct the path',
  EEXIST: 'the name is already in use: correct the path',
  EISDIR: 'is a directory, not a file: correct the path',
  ENOSPC: 'no space left on the file system: free some space',
  EDQUOT: 'the disk quota is exceeded: free some space',
  EFBIG: 'the file would be larger than the system permits: raise its limit (ulimit -f)',
  ENAMETOOLONG: 'the name is too long',
};

/** Advice for SQLite's primary result codes (https://www.sqlite.org/rescode.html). */
const OF_SQLITE: Readonly<Record<number, string>> = {
  5: 'another program has locked the database: try again when that program has finished',
  8: 'not writable: make the file and its directory writable',
  10: 'I/O error: check the disk',
  11: 'the database is damaged: restore a backup',
  13: 'no space left on the file system: free some space',
  14: 'cannot be opened: correct the path, or the permissions of the file and its directory',
  26: 'not an SQLite database: correct the path',
};

/**
 * Describes an error of the file system or of SQLite in one sentence for the operator. Undefined for other errors.
 * `path` is the subject if the error does not name one.
 */
export function describeError(error: unknown, path?: string): string | undefined {
  const sqlite = sqliteCode(error);
  if (sqlite !== undefined) {
    const what = OF_SQLITE[sqlite] ?? (error instanceof Error ? error.message : 'the database returned an error');
    return path === undefined ? what : `${path}: ${what}`;
  }
  if (!(error instanceof Error) || !('syscall' in error) || !('code' in error)) return undefined;
  const about = 'path' in error && typeof error.path === 'string' ? error.path : path;
  if (error.code === 'ENOENT' && about !== undefined && !existsSync(dirname(about)))
    return `the folder ${dirname(about)} does not exist: correct the path, or create it`;
  const what = OF_FILE_SYSTEM[String(error.code)] ?? `${error.syscall} failed (${error.code})`;
  return about === undefined ? what : `${about}: ${what}`;
}

/** Checks that a path is a readable regular file. A pipe could only be read once. Throws StartupError. */
export async function checkReadable(path: string): Promise<{ size: number }> {
  return await asStartupError(path, async () => {
    const info = await stat(path);
    if (!info.isFile()) throw new StartupError(`${path}: not a regular file: correct the path`);
    await access(path, constants.R_OK);
    return info;
  });
}

const FAULT_OF: Readonly<Record<string, StartupFault>> = {
  EACCES: 'read_only',
  EPERM: 'read_only',
  EROFS: 'read_only',
  ENOSPC: 'disk_full',
  EDQUOT: 'disk_full',
};
const FAULT_OF_SQLITE: Readonly<Record<number, StartupFault>> = {
  5: 'database_busy',
  8: 'read_only',
  11: 'database_damaged',
  13: 'disk_full',
  26: 'database_damaged',
};

/** Converts the error to a StartupError. Undefined for other errors. */
export function startupErrorOf(error: unknown, path: string): StartupError | undefined {
  const words = describeError(error, path);
  if (words === undefined) return undefined;
  const byFile = error instanceof Error && 'code' in error ? FAULT_OF[String(error.code)] : undefined;
  return new StartupError(words, {
    cause: error,
    fault: FAULT_OF_SQLITE[sqliteCode(error) ?? 0] ?? byFile ?? 'connection_lost',
  });
}

/** Runs the first step of a start. Throws StartupError for errors of the file system and of SQLite. */
export async function asStartupError<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof StartupError ? error : (startupErrorOf(error, path) ?? error);
  }
}
