import { resolve } from 'node:path';
import { openArchive } from '../archive/open.ts';
import { migrate } from '../db/migrate.ts';
import { type Command, noArguments } from './command.ts';
import { loadTarget } from './open-database.ts';

export const migrateCommand: Command = {
  name: 'migrate',
  summary: 'make a new database, or bring one up to date',
  usage: `cc-jobs migrate

Makes the file of DB_URL and the folder of ARCHIVE_PATH where there are none. A database of cc-backend (schema 11) stays as
it is, indexes included, but for the table ccjobs_migrations.`,
  async run(args, io) {
    noArguments(args);
    const { path, archivePath } = loadTarget(io);
    const { made, applied } = await migrate(path);
    await openArchive(archivePath, { create: true });
    const what = applied.length === 0 ? 'is up to date' : `${made ? 'made' : 'migrated'} (${applied.join(', ')})`;
    io.stderr.write(`${resolve(path)}: ${what}\n`);
    return 0;
  },
};
