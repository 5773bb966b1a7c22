import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { backUpMetadata } from '../backup/archive-metadata.ts';
import { backupName, deleteOldBackups, makeBackup, metadataOf } from '../backup/make-backup.ts';
import { asStartupError } from '../db/startup-errors.ts';
import { howMany } from '../pages/format.ts';
import { type Command, type CommandIo, parsedArguments, UsageError } from './command.ts';
import { reportResult } from './json-output.ts';
import { loadTarget } from './open-database.ts';
import { Progress, whole } from './progress.ts';

const DEFAULT_LOG_LIMIT_MB = 1_024;
const MOST_LOG_LIMIT_MB = 1_048_576;
const MOST_KEPT = 10_000;
const MB = 2 ** 20;

export const backupCommand: Command = {
  usage: `cc-jobs backup TARGET [--keep N] [--compress] [--archive-metadata] [--log-limit MB]
    TARGET          a new file, or a folder: there the file is named after the time, such as job-20261129T031500Z.db
    --keep N        afterwards, delete the oldest backups in the folder except for the N newest
    --compress      compress it with Zstandard (.zst), which needs the space of the uncompressed copy meanwhile
    --archive-metadata
                    also write all meta.json and cluster.json of ARCHIVE_PATH to a file next to it, whose name ends in
                    .meta.ndjson.zst; the metric data is not in it
    --log-limit MB  give up when other programs have written this much to the log meanwhile (default ${DEFAULT_LOG_LIMIT_MB})

Copies the file of DB_URL as it is at one moment, checks the copy for damage, and prints its path. Services and other
programs may write meanwhile. What fails leaves no file behind and deletes no other backup. The archive's metric
data, .env and the column index are not in it. 'cc-jobs restore' puts a backup in the place of the database.`,
  isBackground: true,
  async run(args, io) {
    const { target, keep, compressed, withMetadata, mostLogBytes } = readOptions(args);
    const { path, archivePath } = loadTarget(io);
    const folder = statSync(target, { throwIfNoEntry: false })?.isDirectory() ? target : undefined;
    if (keep !== undefined && folder === undefined) throw new UsageError('--keep needs a folder as TARGET');
    const file = folder === undefined ? target : await freeName(folder, path, compressed);
    const progress = new Progress(io.stderr, statSync(path, { throwIfNoEntry: false })?.size);
    const backup = await asStartupError(path, () =>
      makeBackup(path, file, {
        compressed,
        mostLogBytes,
        signal: io.signal,
        progress: (bytes) => progress.copied(bytes),
      }),
    );
    const size = `${whole(backup.bytes / MB)} MB`;
    const words = `${howMany(backup.jobs, 'job')}, ${size}, no damage found, ${progress.elapsedSec.toFixed(1)} s`;
    progress.ended(words, { ...backup });
    io.stdout.write(`${backup.path}\n`);
    if (withMetadata) io.stdout.write(`${await metadata(archivePath, backup.path, io)}\n`);
    if (folder === undefined || keep === undefined) return 0;
    const deleted = await deleteOldBackups(path, folder, keep);
    for (const old of deleted) progress.line(`deleted ${old}`);
    reportResult(io, { deleted });
    return 0;
  },
};

/** The name has the second of the backup. Another backup of this second is waited out. */
async function freeName(folder: string, database: string, compressed: boolean): Promise<string> {
  const now = () => join(folder, backupName(database, new Date(), compressed));
  if (existsSync(now())) await sleep(1_000);
  return now();
}

/** Returns the path of the backup of the metadata. The one of the database stays if this fails. */
async function metadata(root: string, backup: string, io: CommandIo): Promise<string> {
  const progress = new Progress(io.stderr, undefined);
  const target = metadataOf(backup);
  const { files, unread } = await asStartupError(target, () =>
    backUpMetadata(root, target, {
      signal: io.signal,
      progress: (count) => progress.counted('files of metadata', count),
      unread: (path, reason) => progress.bad({ where: path, reason }),
    }),
  );
  const bad = unread === 0 ? '' : `, ${whole(unread)} could not be read ('cc-jobs archive check' says which)`;
  const words = `${howMany(files, 'file')} of metadata${bad}, ${progress.elapsedSec.toFixed(1)} s`;
  progress.ended(words, { metadata: { path: target, files, unread } });
  return target;
}

function readOptions(args: string[]) {
  const { positionals, values } = parseCommandLine(args);
  const [target, ...more] = positionals;
  if (target === undefined || target === '' || more.length > 0) throw new UsageError('one TARGET is needed');
  const { keep, 'log-limit': logLimit = String(DEFAULT_LOG_LIMIT_MB) } = values;
  return {
    target: resolve(target),
    keep: keep === undefined ? undefined : wholeOption('--keep', keep, MOST_KEPT),
    compressed: values.compress === true,
    withMetadata: values['archive-metadata'] === true,
    mostLogBytes: wholeOption('--log-limit', logLimit, MOST_LOG_LIMIT_MB) * MB,
  };
}

function wholeOption(name: string, text: string, most: number): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (value < 1 || value > most) throw new UsageError(`${name} must be a whole number from 1 to ${whole(most)}`);
  return value;
}

function parseCommandLine(args: string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const options = { keep: text, 'log-limit': text, compress: flag, 'archive-metadata': flag } as const;
  return parsedArguments({ args, options, allowPositionals: true });
}
