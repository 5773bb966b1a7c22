import { FINDINGS } from '../doctor/archive/archive-finding.ts';
import { type Command, type CommandIo, UsageError } from './command.ts';
import { StepLines } from './json-output.ts';

/** The commands below `archive`, each with what it needs of the command line. */
const SUBCOMMANDS: Readonly<Record<string, () => Promise<(args: string[], io: CommandIo) => Promise<number>>>> = {
  compress: async () => (await import('./archive-upkeep.ts')).compressArchive,
  move: async () => (await import('./archive-upkeep.ts')).moveArchive,
  delete: async () => (await import('./archive-upkeep.ts')).deleteArchive,
  check: async () => (await import('./archive-check.ts')).checkArchive,
  repair: async () => (await import('./archive-repair.ts')).repairArchive,
};

export const archiveCommand: Command = {
  usage: `cc-jobs archive compress --older-than DAYSd [--dry-run] [--json]
    replaces data.json by data.json.gz for jobs that ended longer ago than this, such as 30d
cc-jobs archive move TARGET --older-than DAYSd [--omit-tagged none|all|user] [--keep-jobs] [--dry-run] [--json]
    moves the files of old jobs to another job archive, which may be on another file system, and deletes the jobs from
    the database. TARGET must have a version.txt that contains 3
cc-jobs archive delete --older-than DAYSd [--omit-tagged none|all|user] [--keep-jobs] [--dry-run] [--json]
    deletes the files of old jobs, and the jobs from the database
    --omit-tagged   leave tagged jobs: all, or those tagged by a user (default none)
    --keep-jobs     the jobs stay in the database, without metric data
    --dry-run       change nothing, and say for how many jobs and bytes it would do something
    --json          print a JSON object for each job that had to be left as it is, then one with the result; standard
                    error has the steps as JSON lines, and last the result or error (docs/operations.md)
cc-jobs archive check [--no-data] [--json]
    compares the archive with the database, and prints a line for each finding:
${Object.entries(FINDINGS)
  .map(([kind, meaning]) => `      ${kind.padEnd(12)}${meaning}`)
  .join('\n')}
    --no-data       do not read the metric data, only whether it is there
    --json          print a JSON object for each finding, then one with all counts; standard error as above
cc-jobs archive repair [--dry-run] [--orphans import|quarantine] [--mark-missing] [--quarantine DIR] [--json]
    mends what a check finds: finishes interrupted compressions, writes a meta.json again from the database, moves a
    folder to where its meta.json belongs, and moves what cannot be read out of the archive
    --orphans       import jobs that the database does not have, or move them out, too (default: leave them)
    --mark-missing  give jobs without files the monitoring status 2, so that nothing looks for them
    --quarantine    where files are moved to (default: ARCHIVE_PATH.quarantine)
    --dry-run       change nothing, and print what would be done

They work on the files of ARCHIVE_PATH and the jobs of DB_URL, also while they are being served. Jobs that have not ended
are never touched. Nothing is removed through a link, and no folder that has other files than those of a job. Ctrl-C
stops between two jobs; to continue, run it again.

Exit code: 0 if all is done, or nothing was found; 1 if jobs were left, something was found, or it was stopped; 2 if it could
not start, for example because a service does the same work at this moment, or if a check was stopped.`,
  isBackground: true,
  async run([name = '', ...args], io) {
    const load = Object.hasOwn(SUBCOMMANDS, name) ? SUBCOMMANDS[name] : undefined;
    if (load === undefined) throw new UsageError(`give one of ${Object.keys(SUBCOMMANDS).join(', ')}`);
    const run = await load();
    if (!args.includes('--json')) return await run(args, io);
    const steps = new StepLines(io.stderr);
    try {
      const code = await run(args, { ...io, stderr: steps });
      const isDone = code === 0 || (name === 'check' && code === 1); // then it has found something
      steps.ended(isDone ? 0 : code, io.signal.aborted);
      return code;
    } catch (error) {
      return steps.failed(error);
    }
  },
};
