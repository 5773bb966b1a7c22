import { resolve } from 'node:path';
import { checkArchive, readClusterFiles } from '../archive/version-and-clusters.ts';
import type { Database } from '../db/port.ts';
import { migrateRemote } from '../db/remote/migrate-remote.ts';
import { openRemote } from '../db/remote/open-remote.ts';
import { migrate } from '../db/schema/migrate.ts';
import type { Migrated } from '../db/schema/migration-files.ts';
import { publish } from '../nodejs/cluster-files.ts';
import { databaseFile, SettingsSchema } from '../settings.ts';
import { StartupError } from '../startup-error.ts';
import { type Command, type CommandIo, noArguments } from './command.ts';
import { reportResult } from './json-output.ts';
import { loadTarget, withDatabase } from './open-database.ts';

const ServerSettings = SettingsSchema.pick({ DB_URL: true, DB_AUTH_TOKEN: true, ARCHIVE_PATH: true });
const CLOSE_LIMIT_MS = 5_000;

export const migrateCommand: Command = {
  usage: `cc-jobs migrate

Creates what does not exist yet: the file of DB_URL, or the tables on the libSQL server of DB_URL, and the directory
ARCHIVE_PATH. In a database of cc-backend (schema 11) it adds only the tables whose names begin with ccjobs_; everything
else, including the indexes, stays as it is. Copies the cluster configuration of the archive into the database, where a
Worker reads it.`,
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
  await checkArchive(archivePath, { create: true });
  const files = await readClusterFiles(archivePath);
  if (files.length === 0) return;
  await publish(files, db).catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new StartupError(`the cluster configuration of ${archivePath} could not be written to the database: ${why}`, {
      cause,
    });
  });
}

function told(io: CommandIo, shown: string, { made, applied }: Migrated): number {
  const what = applied.length === 0 ? 'is up to date' : `${made ? 'created' : 'migrated'} (${applied.join(', ')})`;
  io.stderr.write(`${shown}: ${what}\n`);
  reportResult(io, { database: shown, created: made, applied });
  return 0;
}
