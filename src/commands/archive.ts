import { type Command, type CommandIo, UsageError } from './command.ts';

/** The commands below `archive`, each with what it needs of the command line. */
const SUBCOMMANDS: Readonly<Record<string, () => Promise<(args: string[], io: CommandIo) => Promise<number>>>> = {
  compress: async () => (await import('./archive-upkeep.ts')).compressArchive,
  move: async () => (await import('./archive-upkeep.ts')).moveArchive,
  delete: async () => (await import('./archive-upkeep.ts')).deleteArchive,
};

export const archiveCommand: Command = {
  usage: `cc-jobs archive compress --older-than DAYSd
    replaces data.json by data.json.gz for jobs that ended longer ago than this, such as 30d
cc-jobs archive move TARGET --older-than DAYSd [--omit-tagged none|all|user] [--keep-jobs]
    moves the files of old jobs to another job archive, which may be on another file system, and deletes the jobs from
    the database. TARGET must have a version.txt that contains 3
cc-jobs archive delete --older-than DAYSd [--omit-tagged none|all|user] [--keep-jobs]
    deletes the files of old jobs, and the jobs from the database
    --omit-tagged   leave tagged jobs: all, or those tagged by a user (default none)
    --keep-jobs     the jobs stay in the database, without metric data

--dry-run with any of them changes nothing, and says for how many jobs and bytes it would do something. With --json the
result is a JSON object on standard output, after a line for each job that had to be left as it is.

They work on the files of ARCHIVE_PATH and the jobs of DB_URL, also while they are being served. Jobs that have not ended
are never touched. Nothing is removed through a link, and no folder that has other files than those of a job. Ctrl-C
stops between two jobs; to continue, run it again. Exit code: 0 if all is done; 1 if jobs were left or it was stopped; 2 if
it could not start, for example because a service does the same work at this moment.`,
  isBackground: true,
  async run([name = '', ...args], io) {
    const load = Object.hasOwn(SUBCOMMANDS, name) ? SUBCOMMANDS[name] : undefined;
    if (load === undefined) throw new UsageError(`give one of ${Object.keys(SUBCOMMANDS).join(', ')}`);
    return await (await load())(args, io);
  },
};
