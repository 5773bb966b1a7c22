import { execFile } from 'node:child_process';
import { constants, existsSync } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { checkArchive, readClusterFiles } from '../archive/version-and-clusters.ts';
import { openRemote } from '../db/remote/open-remote.ts';
import { describeError } from '../db/startup-errors.ts';
import { jobsOfFile } from '../db/statements/quick-check.ts';
import { within } from '../deadline.ts';
import type { SettingValues } from '../settings.ts';
import { StartupError } from '../startup-error.ts';
import { type Finding, ok, problem, warning } from './finding.ts';

const MB = 2 ** 20;
/** The log is emptied at 64 MB if no reader or backup prevents it (docs/operations.md). */
const LARGE_LOG_BYTES = 1024 * MB;
const SERVER_LIMIT_MS = 15_000;

/** The program that reads a whole database. It can be ended, and SQLite in this process could not. */
const VERIFY = join(import.meta.dirname, 'verify-program.ts');

/** The archive of ARCHIVE_PATH and its clusters. */
export async function checkArchiveFolder(path: string): Promise<Finding[]> {
  if (!existsSync(path)) return [warning('archive', `${path} does not exist yet: 'cc-jobs migrate' creates it`)];
  return await findings('archive', async () => {
    await checkArchive(path, { mark: false });
    const clusters = await readClusterFiles(path);
    if (clusters.length === 0)
      return warning('archive', `${path} has no clusters: a cluster needs a folder with its cluster.json`);
    return ok('archive', `${path}: ${clusters.map(({ cluster: { name } }) => name).join(', ')}`);
  });
}

/** The file of DB_URL: whether the service can write to it, and for at most `limitSec` whether it is damaged. */
export async function checkDatabaseFile(path: string, limitSec: number): Promise<Finding[]> {
  if (!existsSync(path)) return [warning('database', `${path} does not exist yet: 'cc-jobs migrate' creates it`)];
  return await findings('database', async () => {
    await access(path, constants.R_OK | constants.W_OK);
    await access(dirname(path), constants.W_OK);
    const size = (await stat(path)).size;
    const log = (await stat(`${path}-wal`).catch(() => undefined))?.size ?? 0;
    if (log > LARGE_LOG_BYTES)
      return warning(
        'database',
        `the log of ${path} has ${Math.round(log / MB)} MB: which program reads or copies it for so long?`,
      );
    return await verified(path, size, limitSec);
  });
}

async function verified(path: string, bytes: number, limitSec: number): Promise<Finding> {
  const shown = `${path} (${Math.ceil(bytes / MB)} MB)`;
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [VERIFY, path], { timeout: limitSec * 1000 });
    const found: { jobs?: number; problems?: string[] } = JSON.parse(stdout);
    return found.problems === undefined
      ? ok('database', `${shown}: ${found.jobs?.toLocaleString('en-US')} jobs, no damage found`)
      : problem('database', found.problems.join('; '));
  } catch (error) {
    const { killed, stderr = '' }: { killed?: boolean; stderr?: string } = Object(error);
    if (killed === true) return warning('database', `${shown}: not read to its end within ${limitSec} s (--seconds)`);
    return problem('database', `${shown}: ${stderr.trim().split('\n').at(-1) ?? 'cannot be read'}`);
  }
}

/** The libSQL server of DB_URL or DB_SYNC_URL: whether it answers and has the tables. */
export async function checkServer(url: string, { DB_AUTH_TOKEN: authToken }: SettingValues): Promise<Finding[]> {
  return await findings('database server', async () => {
    const db = openRemote({ url, authToken, mostAtOnce: 1, heartbeat: false });
    try {
      const startedAt = performance.now();
      const [row] = await within(SERVER_LIMIT_MS, (deadline) => db.read(jobsOfFile(), deadline));
      const ms = Math.round(performance.now() - startedAt);
      return ok(
        'database server',
        `${new URL(url).host}: ${row?.jobs.toLocaleString('en-US')} jobs, counted in ${ms} ms`,
      );
    } finally {
      await db.close(SERVER_LIMIT_MS);
    }
  });
}

/** What `look` finds, or the error that the operator can mend. */
async function findings(check: string, look: () => Promise<Finding>): Promise<Finding[]> {
  try {
    return [await look()];
  } catch (error) {
    if (error instanceof StartupError) return error.problems.map((text) => problem(check, text));
    return [problem(check, describeError(error) ?? (error instanceof Error ? error.message : String(error)))];
  }
}
