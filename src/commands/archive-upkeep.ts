import { resolve } from 'node:path';
import { archiveUpkeep } from '../archive/upkeep.ts';
import type { Database } from '../db/port.ts';
import { within } from '../deadline.ts';
import { OMIT_TAGGED } from '../jobs/retention-options.ts';
import { howMany } from '../pages/format.ts';
import { StartupError } from '../startup-error.ts';
import { COMPRESS_ARCHIVE, RETAIN_ARCHIVE } from '../timed/archive-tasks.ts';
import { type ArchiveWork, compressEnded, retainEnded, type WorkDone } from '../timed/archive-work.ts';
import { asTimedWork } from '../timed/claim-for-command.ts';
import { type CommandIo, parsedArguments, UsageError } from './command.ts';
import { archiveOf, withEither } from './open-database.ts';
import { Progress, whole } from './progress.ts';

const STEP_LIMIT_MS = 60_000;
const DAY_SEC = 86_400;
const MB = 2 ** 20;

export async function compressArchive(args: string[], io: CommandIo): Promise<number> {
  const values = parsedArguments({ args, options: OPTIONS }).values;
  const part = { before: beforeOf(values), after: undefined };
  return await run(io, { ...values, name: COMPRESS_ARCHIVE, did: 'compressed' }, (work) => compressEnded(work, part));
}

export async function moveArchive(args: string[], io: CommandIo): Promise<number> {
  const { values, positionals } = parsedArguments({ args, options: RETENTION_OPTIONS, allowPositionals: true });
  const [target, ...more] = positionals;
  if (target === undefined || target === '' || more.length > 0) throw new UsageError('one TARGET is needed');
  return await retain(io, values, resolve(target));
}

export async function deleteArchive(args: string[], io: CommandIo): Promise<number> {
  return await retain(io, parsedArguments({ args, options: RETENTION_OPTIONS }).values, undefined);
}

const flag = { type: 'boolean', default: false } as const;
const OPTIONS = { 'older-than': { type: 'string' }, 'dry-run': flag, json: flag } as const;
const RETENTION_OPTIONS = {
  ...OPTIONS,
  'omit-tagged': { type: 'string', default: 'none' },
  'keep-jobs': flag,
} as const;

interface Values {
  'older-than'?: string | undefined;
  'dry-run': boolean;
  json: boolean;
}

async function retain(
  io: CommandIo,
  values: Values & { 'omit-tagged': string; 'keep-jobs': boolean },
  target: string | undefined,
): Promise<number> {
  const omit = OMIT_TAGGED.find((word) => word === values['omit-tagged']);
  if (omit === undefined) throw new UsageError(`--omit-tagged must be one of ${OMIT_TAGGED.join(', ')}`);
  const retention = { before: beforeOf(values), after: undefined, target, omit, keepsJobs: values['keep-jobs'] };
  const did = target === undefined ? 'deleted' : 'moved';
  return await run(io, { ...values, name: RETAIN_ARCHIVE, did }, (work) => retainEnded(work, retention));
}

interface Run extends Values {
  /** The timed work that does the same. */
  name: string;
  did: string;
}

async function run(io: CommandIo, options: Run, work: (work: ArchiveWork) => Promise<WorkDone>): Promise<number> {
  const { 'dry-run': isDryRun, json, name, did } = options;
  const progress = new Progress(io.stderr, undefined);
  const archive = archiveUpkeep(archiveOf(io), { isDryRun });
  const problem = (text: string) => {
    if (json) io.stdout.write(`${JSON.stringify({ problem: text })}\n`);
    else progress.bad({ where: 'left as it is', reason: text });
  };
  const { next, ...done } = await withEither(io, async (db) => {
    const own: ArchiveWork = {
      ...{ db, archive, isDryRun, problem },
      step: (run) => within(STEP_LIMIT_MS, run),
      shouldStop: () => io.signal.aborted,
      progress: ({ files }) => progress.counted(did, files),
    };
    return isDryRun ? await work(own) : await claimed(db, name, () => work(own));
  });
  const isComplete = next === undefined;
  if (json) io.stdout.write(`${JSON.stringify({ ...done, dryRun: isDryRun, complete: isComplete })}\n`);
  const begin = `${isDryRun ? 'dry run, nothing was changed: ' : ''}${isComplete ? '' : 'stopped (run it again to continue): '}`;
  const rows = name === RETAIN_ARCHIVE ? `, ${howMany(done.jobs, 'job')} of the database` : '';
  const failed = done.failed === 0 ? '' : `, ${whole(done.failed)} left as they are`;
  progress.ended(
    `${begin}files of ${howMany(done.files, 'job')} ${did}, ${whole(done.bytes / MB)} MB${rows}${failed}, ${progress.elapsedSec.toFixed(1)} s`,
    { ...done, dryRun: isDryRun, complete: isComplete },
  );
  return isComplete && done.failed === 0 ? 0 : 1;
}

/** Does work that no service and no other command may do at the same time. Throws StartupError if one does it. */
export async function claimed<Result extends object>(
  db: Database,
  name: string,
  work: () => Promise<Result>,
): Promise<Result> {
  const done = await asTimedWork(db, name, work);
  if (done !== undefined) return done;
  throw new StartupError(
    'a service or another command does this work now, or one was killed in the last 2 minutes: try again later',
  );
}

function beforeOf({ 'older-than': olderThan = '' }: Values): number {
  const [, days] = /^(\d{1,6})d$/.exec(olderThan) ?? [];
  if (days === undefined || Number(days) < 1)
    throw new UsageError('--older-than must be a number of days such as 365d');
  return Math.floor(Date.now() / 1000) - Number(days) * DAY_SEC;
}
