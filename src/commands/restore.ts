import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { restoreBackup } from '../backup/restore-backup.ts';
import { asStartupError, checkReadable } from '../db/startup-errors.ts';
import { type Command, UsageError } from './command.ts';
import { loadTarget } from './open-database.ts';
import { Progress, whole } from './progress.ts';

export const restoreCommand: Command = {
  usage: `cc-jobs restore FILE
    FILE  a backup of 'cc-jobs backup', compressed or not, or any other copy of a job database

Checks the backup for damage, and makes it the database of DB_URL. Refuses while a service or another program has that
database open. The database that was there is moved into a folder next to it, with its log and its column index. The
archive stays as it is.`,
  async run(args, io) {
    const [file, ...more] = args;
    if (file === undefined || file.startsWith('-') || more.length > 0) throw new UsageError('one FILE is needed');
    const backup = resolve(file);
    const { path } = loadTarget(io);
    await checkReadable(backup);
    const progress = new Progress(io.stderr, statSync(backup).size);
    const { jobs, replaced } = await asStartupError(path, () =>
      restoreBackup(backup, path, io.signal, (bytes) => progress.copied(bytes)),
    );
    progress.ended(`${path}: has the ${whole(jobs)} jobs of ${backup}`, { path, jobs, replaced });
    if (replaced !== undefined) progress.line(`what was there before is in ${replaced}: delete it when all is well`);
    return 0;
  },
};
