import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../db/port.ts';
import { within } from '../deadline.ts';
import {
  DEFAULT_OMIT_TAGGED,
  DELETE_BATCH_JOBS,
  type DeleteCursor,
  OMIT_TAGGED,
  type OmitTagged,
} from '../jobs/retention-options.ts';
import { countOldJobs, oldJobs } from '../questions/retention/sqlite.ts';
import { StartupError } from '../startup-error.ts';
import { type Command, type CommandIo, parsedArguments, UsageError } from './command.ts';
import { reportResult } from './json-output.ts';
import { loadTarget, withExisting } from './open-database.ts';
import { Progress, whole } from './progress.ts';
import { ExportFile } from './retention-file.ts';

/** The pause between two transactions, in which others get the lock. A service that waits for it retries every 5 ms. */
const PAUSE_MS = 20;
/** The time limit of one small transaction, including the wait for the lock. */
const STEP_LIMIT_MS = 60_000;
const COUNT_LIMIT_MS = 600_000;
const DAY_SEC = 86_400;

export const retentionCommand: Command = {
  usage: `cc-jobs retention --older-than DAYSd [--omit-tagged none|all|user] [--export FILE.ndjson.gz] [--dry-run]
    --older-than 365d   delete jobs that started longer ago than this
    --omit-tagged       keep tagged jobs: all, or those tagged by a user (default none)
    --export FILE       write the jobs to a new file first: gzip, one JSON object per line
    --dry-run           only print the number of jobs

Works on the file of DB_URL, also while it is being served: it deletes in small transactions, and other writes run in
between. Ctrl-C stops it between two transactions; to continue, run it again with the same --export. Files of the archive
are not deleted. In a file created by cc-jobs the freed space returns to the file system; in a file created by cc-backend
it is reused for new jobs (docs/operations.md).`,
  isBackground: true,
  async run(args, io) {
    const { beforeSec, omit, exportTo, dryRun } = readOptions(args, Math.floor(Date.now() / 1000));
    return await withExisting(loadTarget(io), async (db) => {
      const [counted] = await within(COUNT_LIMIT_MS, (deadline) => db.read(countOldJobs(beforeSec, omit), deadline));
      const total = counted?.count ?? 0;
      if (dryRun) {
        io.stdout.write(`${total}\n`);
        reportResult(io, { found: total });
        return 0;
      }
      const file = exportTo === undefined ? undefined : await ExportFile.open(resolve(exportTo), db);
      try {
        return await deleteAll(db, io, { beforeSec, omit, total, file });
      } finally {
        await file?.close();
      }
    });
  },
};

interface Work {
  beforeSec: number;
  omit: OmitTagged;
  total: number;
  file: ExportFile | undefined;
}

async function deleteAll(db: Database, io: CommandIo, { beforeSec, omit, total, file }: Work): Promise<number> {
  const progress = new Progress(io.stderr, total);
  let deleted = 0;
  let after: DeleteCursor | undefined;
  while (!io.signal.aborted) {
    const batch = { omit, after, limit: DELETE_BATCH_JOBS };
    const gone =
      file === undefined
        ? await within(STEP_LIMIT_MS, (deadline) =>
            db.write('deleteJobsBefore', { before: beforeSec, ...batch }, deadline),
          )
        : await exported(db, file, beforeSec, batch);
    deleted += gone.deleted;
    after = gone.last;
    progress.counted('deleted', deleted);
    if (after === undefined) break;
    await sleep(PAUSE_MS);
  }
  const complete = after === undefined && !io.signal.aborted;
  if (complete) await file?.ended();
  const freedMb = await giveBack(db, io.signal);
  const seconds = progress.elapsedSec;
  const begin = complete ? '' : 'stopped (run it again to continue): ';
  progress.ended(
    `${begin}${whole(deleted)} deleted${file === undefined ? '' : ' and exported'}, ${freedMb} MB freed, ${seconds.toFixed(1)} s`,
    { found: total, deleted, freedMb, exportedTo: file?.path },
  );
  return complete ? 0 : 1;
}

/** Exports a batch: writes it to the file and to disk, then deletes its jobs and records the length of the file. */
async function exported(
  db: Database,
  file: ExportFile,
  beforeSec: number,
  batch: { omit: OmitTagged; after: DeleteCursor | undefined; limit: number },
): Promise<{ deleted: number; last: DeleteCursor | undefined }> {
  const rows = await within(STEP_LIMIT_MS, (deadline) => db.read(oldJobs(beforeSec, batch), deadline));
  if (rows.length === 0) return { deleted: 0, last: undefined };
  const bytes = await file.append(rows.map(({ job }) => job));
  const input = { ids: rows.map(({ id }) => id), file: { path: file.path, bytes } };
  const { deleted } = await within(STEP_LIMIT_MS, (deadline) => db.write('deleteExported', input, deadline));
  return { deleted, last: rows.length < batch.limit ? undefined : rows.at(-1) };
}

/** Returns free pages to the file system in steps. Returns the MB. */
async function giveBack(db: Database, signal: AbortSignal): Promise<number> {
  let freed = 0;
  for (;;) {
    const { freedBytes = 0, leftPages = 0 } = await within(STEP_LIMIT_MS, (deadline) =>
      db.maintain('giveBack', deadline),
    );
    freed += freedBytes;
    if (freedBytes === 0 || leftPages === 0 || signal.aborted) break;
    await sleep(PAUSE_MS);
  }
  await within(STEP_LIMIT_MS, (deadline) => db.maintain('checkpoint', deadline));
  return Math.round(freed / 2 ** 20);
}

function readOptions(args: string[], nowSec: number) {
  const values = parseCommandLine(args);
  const [, days] = /^(\d{1,6})d$/.exec(values['older-than'] ?? '') ?? [];
  if (days === undefined || Number(days) < 1)
    throw new UsageError('--older-than must be a number of days such as 365d');
  const omit = OMIT_TAGGED.find((word) => word === (values['omit-tagged'] ?? DEFAULT_OMIT_TAGGED));
  if (omit === undefined) throw new UsageError(`--omit-tagged must be one of ${OMIT_TAGGED.join(', ')}`);
  const exportTo = values.export;
  if (exportTo !== undefined && !exportTo.endsWith('.ndjson.gz'))
    throw new StartupError('--export must name a file that ends in .ndjson.gz');
  return { beforeSec: nowSec - Number(days) * DAY_SEC, omit, exportTo, dryRun: values['dry-run'] === true };
}

function parseCommandLine(args: string[]) {
  const text = { type: 'string' } as const;
  const options = { 'older-than': text, 'omit-tagged': text, export: text, 'dry-run': { type: 'boolean' } } as const;
  return parsedArguments({ args, options }).values;
}
