import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { restoreMetadata, verifyMetadata } from '../backup/archive-metadata.ts';
import { metadataOf } from '../backup/make-backup.ts';
import { restoreBackup } from '../backup/restore-backup.ts';
import { timeInName } from '../backup/time-in-name.ts';
import { asStartupError, checkReadable } from '../db/startup-errors.ts';
import { howMany } from '../pages/format.ts';
import { type Command, parsedArguments, UsageError } from './command.ts';
import { loadTarget } from './open-database.ts';
import { Progress, whole } from './progress.ts';

export const restoreCommand: Command = {
  usage: `cc-jobs restore FILE [--archive-metadata]
    FILE  a backup of 'cc-jobs backup', compressed or not, or any other copy of a job database
    --archive-metadata
          also write the meta.json and cluster.json of ARCHIVE_PATH again, from the file that backup --archive-metadata
          has made next to FILE

Checks the backup for damage, and makes it the database of DB_URL. Refuses while a service or another program has that
database open. The database that was there is moved into a folder next to it, with its log and its column index. Files of
the archive that the backup has and that differ are moved into a folder next to the archive; all others stay.`,
  async run(args, io) {
    const { positionals, values } = parseCommandLine(args);
    const [file, ...more] = positionals;
    if (file === undefined || more.length > 0) throw new UsageError('one FILE is needed');
    const backup = resolve(file);
    const { path, archivePath } = loadTarget(io);
    await checkReadable(backup);
    const metadata = values['archive-metadata'] ? metadataOf(backup) : undefined;
    if (metadata !== undefined) {
      await checkReadable(metadata);
      await asStartupError(metadata, () => verifyMetadata(metadata)); // before anything is changed
    }
    const progress = new Progress(io.stderr, statSync(backup).size);
    const { jobs, replaced } = await asStartupError(path, () =>
      restoreBackup(backup, path, io.signal, (bytes) => progress.copied(bytes)),
    );
    progress.ended(`${path} has the ${howMany(jobs, 'job')} of ${backup}`, { path, jobs, replaced });
    if (replaced !== undefined) progress.line(`what was there before is in ${replaced}: delete it when all is well`);
    if (metadata === undefined) return 0;
    const aside = `${archivePath}.replaced-${timeInName(new Date())}`;
    const files = await asStartupError(archivePath, () =>
      restoreMetadata(metadata, archivePath, { aside, signal: io.signal }),
    );
    progress.ended(
      `${archivePath}: ${howMany(files.written, 'file')} of ${metadata} written, ${whole(files.unchanged)} unchanged`,
      { metadata: files },
    );
    if (files.replaced > 0)
      progress.line(
        `${howMany(files.replaced, 'file that differed is', 'files that differed are')} in ${aside}: delete it when all is well`,
      );
    return 0;
  },
};

function parseCommandLine(args: string[]) {
  const options = { 'archive-metadata': { type: 'boolean', default: false } } as const;
  return parsedArguments({ args, options, allowPositionals: true });
}
