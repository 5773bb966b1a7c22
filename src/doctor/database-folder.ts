import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { Sqlite } from '../db/driver/node-sqlite.ts';
import { describeError } from '../db/startup-errors.ts';
import { type Finding, ok, problem, warning } from './finding.ts';

const GB = 2 ** 30;
/** With less free space, a new index or a backup may fill the disk. */
const LITTLE_SPACE_BYTES = GB;
const LOCK_LIMIT_MS = 20_000;
/** A file whose time differs by more than this was made by another clock. */
const MOST_SKEW_MS = 60_000;

/** By their numbers in statfs(2). SQLite's log needs memory that all processes share, which these do not have. */
const NETWORK: Readonly<Record<number, string>> = {
  26985: 'NFS',
  4283649346: 'CIFS',
  4266872130: 'SMB',
  198183888: 'Lustre',
  1196443219: 'GPFS',
  428016422: 'BeeGFS',
  12805120: 'Ceph',
  1702057286: 'FUSE',
};
const IN_MEMORY: Readonly<Record<number, string>> = { 16914836: 'tmpfs', 2240043254: 'ramfs' };

/** The program that tries to lock a file in another process. */
const SECOND_PROCESS = join(import.meta.dirname, 'lock-program.ts');
/** The exit codes of that program. */
export const LOCKED = 0;
export const NOT_LOCKED = 3;

/** Whether SQLite can keep a database in a folder that exists. */
export async function checkDatabaseFolder(folder: string): Promise<Finding[]> {
  const check = 'database folder';
  const { type, bavail, bsize } = await statfs(folder);
  const findings: Finding[] = [];
  const [network, memory] = [NETWORK[type], IN_MEMORY[type]];
  if (network !== undefined)
    findings.push(problem(check, `${folder} is on ${network}: a database needs a local file system`));
  if (memory !== undefined) findings.push(warning(check, `${folder} is on ${memory}: its files end with the machine`));
  const freeBytes = bavail * bsize;
  if (freeBytes < LITTLE_SPACE_BYTES)
    findings.push(warning(check, `${folder} has only ${(freeBytes / 2 ** 20).toFixed(0)} MB of free space`));
  findings.push(...(await tryDatabase(folder, check)));
  const free = `${(freeBytes / GB).toFixed(0)} GB free`;
  return findings.length > 0 ? findings : [ok(check, `${folder}: log and locks work, ${free}`)];
}

/** Makes a database in a folder and locks it, as the service would. Returns only what does not work. */
async function tryDatabase(folder: string, check: string): Promise<Finding[]> {
  let own: string | undefined;
  try {
    own = await mkdtemp(join(folder, '.cc-jobs-doctor-'));
    const skewMs = (await stat(own)).mtimeMs - Date.now();
    const path = join(own, 'try.db');
    const findings = await tryLocks(path, folder, check);
    if (Math.abs(skewMs) > MOST_SKEW_MS)
      findings.push(
        warning(check, `the clock of ${folder} differs by ${Math.round(skewMs / 1000)} s from this machine's`),
      );
    return findings;
  } catch (error) {
    const words = describeError(error, folder);
    if (words === undefined) throw error;
    return [problem(check, words)];
  } finally {
    if (own !== undefined) await rm(own, { recursive: true, force: true });
  }
}

async function tryLocks(path: string, folder: string, check: string): Promise<Finding[]> {
  const db = new Sqlite(path);
  try {
    const [mode] = db.all('PRAGMA journal_mode = WAL');
    if (mode?.['journal_mode'] !== 'wal')
      return [problem(check, `${folder}: SQLite cannot keep a write-ahead log there: use a local file system`)];
    db.exec('CREATE TABLE t (a); BEGIN IMMEDIATE; INSERT INTO t VALUES (1)');
    return (await codeOfSecond(path)) === LOCKED
      ? []
      : [
          problem(
            check,
            `${folder}: locks have no effect there, two programs would damage the database: use a local file system`,
          ),
        ];
  } finally {
    db.close();
  }
}

async function codeOfSecond(path: string): Promise<number | undefined> {
  try {
    await promisify(execFile)(process.execPath, [SECOND_PROCESS, path], { timeout: LOCK_LIMIT_MS });
    return LOCKED;
  } catch (error) {
    const { code }: { code?: unknown } = Object(error);
    return typeof code === 'number' ? code : undefined;
  }
}

/** The nearest folder of a path that exists. */
export function existingFolder(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : existingFolder(dirname(path));
}
