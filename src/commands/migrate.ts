import { resolve } from 'node:path';
import { openArchive, readClusterFiles } from '../archive/open.ts';
import { BadStart } from '../bad-start.ts';
import { migrate } from '../db/migrate.ts';
import type { Migrated } from '../db/migrations.ts';
import type { Database } from '../db/port.ts';
import { migrateRemote } from '../db/remote/migrate.ts';
import { openRemote } from '../db/remote/open.ts';
import { publish } from '../node/clusters.ts';
import { databaseFile, SettingsSchema } from '../settings.ts';
import { type Command, type CommandIo, noArguments } from './command.ts';
import { loadTarget, withDatabase } from './open-database.ts';

const ServerSettings = SettingsSchema.pick({ DB_URL: true, DB_AUTH_TOKEN: true, ARCHIVE_PATH: true });
const CLOSE_LIMIT_MS = 5_000;

export const migrateCommand: Command = {
  name: 'migrate',
  summary: 'make a new database, or bring one up to date',
  usage: `cc-jobs migrate

Makes the file of DB_URL, or the tables of the libSQL server it names, and the folder of ARCHIVE_PATH where there are none. A
database of cc-backend (schema 11) stays as it is, indexes included, but for tables of ours (their names begin with ccjobs_). The
clusters of the archive are put into the database, where a Worker finds them.`,
  async run(args, io) {
    noArguments(args);
    const server = ServerSettings.safeParse(io.env);
    if (server.success && databaseFile(server.data) === undefined) {
      const { DB_URL: url, DB_AUTH_TOKEN: authToken, ARCHIVE_PATH: archivePath } = server.data;
      const done = await migrateRemote({ url, authToken });
      const db = openRemote({ url, authToken, mostAtOnce: 1, heartbeat: false });
      await publishFrom(resolve(archivePath), db);
      await db.close(CLOSE_LIMIT_MS);
      return told(io, new URL(url).host, done);
    }
    const target = loadTarget(io);
    const done = await migrate(target.path);
    await withDatabase(target, (db) => publishFrom(target.archivePath, db));
    return told(io, target.path, done);
  },
};

async function publishFrom(archivePath: string, db: Database): Promise<void> {
  await openArchive(archivePath, { create: true });
  const files = await readClusterFiles(archivePath);
  if (files.length === 0) return;
  await publish(files, db).catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new BadStart(`the clusters of ${archivePath} could not be put into the database: ${why}`, { cause });
  });
}

function told({ stderr }: CommandIo, shown: string, { made, applied }: Migrated): number {
  const what = applied.length === 0 ? 'is up to date' : `${made ? 'made' : 'migrated'} (${applied.join(', ')})`;
  stderr.write(`${shown}: ${what}\n`);
  return 0;
}
