import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { constants, copyFile, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

export interface BenchOptions {
  /** A job database to read. If it is missing, one is generated. */
  db: string | undefined;
  /** Its archive. The default is `archive` next to the file. */
  archive: string | undefined;
  /** Jobs of the generated database. */
  jobs: number;
  /** Measures the column index that an earlier run has built, without its build. */
  keep: boolean;
  /** Duration of a soak. */
  minutes: number;
}

/** A job database and its archive. */
export interface Files {
  db: string;
  archive: string;
}

/** The benchmarks write only below this folder. Commands run in it, so that no .env is read. */
export const VAR = join(import.meta.dirname, '../var');
export const COMMAND = join(import.meta.dirname, '../../bin/cc-jobs');
/** Start of the newest generated job. It is fixed, so that the same number of jobs gives the same file. */
export const END_SEC = 1_764_000_000;

/** The database of the options, or a generated one that is kept for the next run. */
export async function databaseFor({ db, archive, jobs }: BenchOptions): Promise<Files> {
  if (db !== undefined) return { db: resolve(db), archive: resolve(archive ?? join(dirname(db), 'archive')) };
  return await generated(jobs, 0);
}

/** `jobs` generated jobs, `archived` of them with metric data. Generated only once. */
export async function generated(jobs: number, archived: number): Promise<Files> {
  const folder = join(VAR, `jobs-${jobs}-${archived}`);
  if (!existsSync(folder)) {
    const unfinished = `${folder}.unfinished`;
    await rm(unfinished, { recursive: true, force: true });
    await mkdir(unfinished, { recursive: true });
    const args = ['generate', '--jobs', String(jobs), '--archived', String(archived), '--end', String(END_SEC)];
    await command(args, filesIn(unfinished));
    await rename(unfinished, folder);
  }
  return filesIn(folder);
}

export function filesIn(folder: string): Files {
  return { db: join(folder, 'job.db'), archive: join(folder, 'archive') };
}

/**
 * Runs a command to its end, with `input` on standard input and our standard error. Throws if its exit code is not 0.
 */
export async function command(args: string[], files: Files, input = ''): Promise<void> {
  const child = spawn(COMMAND, args, { env: environment(files), stdio: ['pipe', 'ignore', 'inherit'], cwd: VAR });
  child.stdin?.on('error', () => {}); // a command that reads nothing has closed it
  child.stdin?.end(input);
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`cc-jobs ${args.join(' ')} ended with ${code}`);
}

/** The environment of a command or server. It contains no settings of the caller. */
export function environment({ db, archive }: Files, more: Record<string, string> = {}): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], DB_URL: `file:${db}`, ARCHIVE_PATH: archive, ...more };
}

/** A folder for one run, below bench/var, which is not on a memory file system. Deleted after `use`. */
export async function withFolder<Result>(use: (folder: string) => Promise<Result>): Promise<Result> {
  await mkdir(VAR, { recursive: true });
  const folder = await mkdtemp(join(VAR, 'run-'));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A writable copy. The original must not be written during the copy, because its log is not copied. */
export async function copyOf({ db, archive }: Files, folder: string): Promise<Files> {
  const copy = join(folder, 'job.db');
  await copyFile(db, copy, constants.COPYFILE_FICLONE);
  return { db: copy, archive };
}
