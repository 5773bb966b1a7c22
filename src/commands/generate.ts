import { asStartupError } from '../db/startup-errors.ts';
import { GENERATED_CLUSTERS } from '../dev/generated-clusters.ts';
import { generatedSource } from '../dev/generated-source.ts';
import { Fault } from '../faults.ts';
import { timeOf } from '../jobs/time-grammar.ts';
import { howMany } from '../pages/format.ts';
import { type Command, parsedArguments, UsageError } from './command.ts';
import { load } from './load-jobs.ts';
import { loadTarget, withDatabase } from './open-database.ts';

const MAX_JOBS = 100_000_000;
const MAX_SEED = 2 ** 31 - 1;
const MAX_TIME = 2 ** 31 - 1;
const ARCHIVED_BY_DEFAULT = 100;
const CLUSTERS = new Intl.ListFormat('en-GB').format(GENERATED_CLUSTERS.map(({ name }) => name));

export const generateCommand: Command = {
  usage: `cc-jobs generate --jobs N [--seed S] [--end TIME] [--archived N]
    --jobs N        number of jobs, up to ${MAX_JOBS}
    --seed S        0 to ${MAX_SEED} (default 1)
    --end TIME      start of the newest job, Unix seconds or a date such as 2026-10-01 or 2026-10-01T12:00+02:00 (UTC if
                    it does not say the time zone); jobs that would end later are running (default now)
    --archived N    number of finished jobs, the newest ones, that get metric data in ARCHIVE_PATH (default ${ARCHIVED_BY_DEFAULT})

Loads the jobs into DB_URL, which is created if it does not exist, and writes the clusters ${CLUSTERS} to
ARCHIVE_PATH. The same --seed, --jobs and --end give the same jobs: to resume a run that was stopped with Ctrl-C, repeat
it with the same --end.`,
  isBackground: true,
  async run(args, io) {
    const values = parseCommandLine(args);
    const jobs = numberOf('--jobs', values.jobs, 1, MAX_JOBS);
    const now = Math.floor(Date.now() / 1000);
    const options = {
      jobs,
      seed: values.seed === undefined ? 1 : numberOf('--seed', values.seed, 0, MAX_SEED),
      endTime: values.end === undefined ? now : timeAt('--end', values.end),
      archived:
        values.archived === undefined ? ARCHIVED_BY_DEFAULT : numberOf('--archived', values.archived, 0, MAX_JOBS),
    };
    const target = loadTarget(io);
    io.stderr.write(
      `generating ${howMany(jobs, 'job')} into ${target.path}: --seed ${options.seed} --end ${options.endTime}\n`,
    );
    const source = await asStartupError(target.archivePath, () =>
      generatedSource({ ...options, archivePath: target.archivePath }),
    );
    const again = `with --seed ${options.seed} --end ${options.endTime}`;
    return await withDatabase(target, (db) => load(db, source, io, { again }));
  },
};

function numberOf(name: string, text: string | undefined, min: number, max: number): number {
  if (text === undefined) throw new UsageError(`${name} is missing`);
  const value = /^\d{1,12}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= min && value <= max)) throw new UsageError(`${name} must be a whole number from ${min} to ${max}`);
  return value;
}

function timeAt(name: string, text: string): number {
  try {
    return numberOf(name, String(timeOf(text)), 1, MAX_TIME);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    throw new UsageError(`${name} ${error.message}`);
  }
}

function parseCommandLine(args: string[]) {
  const text = { type: 'string' } as const;
  return parsedArguments({ args, options: { jobs: text, seed: text, end: text, archived: text } }).values;
}
