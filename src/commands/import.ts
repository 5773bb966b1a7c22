import { existsSync } from 'node:fs';
import { readClusters } from '../archive/version-and-clusters.ts';
import { type Clusters, NO_CLUSTERS } from '../clusters/clusters.ts';
import { UnchangedFile } from '../db/driver/open-unchanged.ts';
import { asStartupError, checkReadable } from '../db/startup-errors.ts';
import { archiveSource } from '../import/archive/archive-source.ts';
import type { ImportSource } from '../import/batch.ts';
import { copyTables } from '../import/copy-tables.ts';
import { COPIED_TABLES, COPIES, type CopiedTable } from '../import/db/copied-tables.ts';
import { databaseSource } from '../import/db/foreign-source.ts';
import { NOTHING_STORED } from '../import/dry-run.ts';
import { openInput, STANDARD_INPUT } from '../import/open-input.ts';
import { type LocalClock, localClock } from '../import/sacct/local-clock.ts';
import { columnsOfOrder, ORDER_NAMES } from '../import/sacct/sacct-columns.ts';
import { sacctSource } from '../import/sacct/sacct-source.ts';
import { swfSource } from '../import/swf/swf-source.ts';
import { howMany } from '../pages/format.ts';
import { StartupError } from '../startup-error.ts';
import { type Command, type CommandIo, parsedArguments, UsageError } from './command.ts';
import { load, loadNothing } from './load-jobs.ts';
import { type LoadTarget, loadTarget, withDatabase } from './open-database.ts';

export const importCommand: Command = {
  usage: `cc-jobs import archive DIR
    every job of a job archive (version 3); also copies cluster.json and job files to ARCHIVE_PATH, unless DIR is
    ARCHIVE_PATH
cc-jobs import db FILE
    jobs, tags, users, settings, nodes and node states of a cc-backend database (schema 10 or 11); FILE is not changed
cc-jobs import swf FILE [--cluster NAME]
    a log in the Standard Workload Format 2.2; may be packed with gzip or zstd; '-' is standard input
    --cluster NAME    cluster of its jobs (default: the name of the file)
cc-jobs import sacct FILE... [--timezone ZONE] [--cluster NAME] [--columns ORDER]
    the output of 'sacct -P' with its header line, the output that Open XDMoD makes, which has none, or the JSON output
    of sacct (Slurm 23.11 to 25.11); may be packed with gzip or zstd; '-' is standard input
    --timezone ZONE   time zone of times without an offset, such as Europe/Berlin (default UTC)
    --cluster NAME    cluster of records that name none
    --columns ORDER   columns of a file without header: ${ORDER_NAMES.join(', ')} (the order of Open XDMoD since
                      that release; default xdmod10), or names of sacct, such as JobID,User,...

--dry-run with any of them writes nothing, and says what would be imported.

Loads the jobs into DB_URL, which is created if it does not exist. A job that already exists is not changed, unless the
source has its end and it is stored as running or suspended, or was ended at its walltime because no end was reported
(WALLTIME_GRACE_S). So an import can be stopped with Ctrl-C and repeated.

Exit code: 0 if everything was imported; 1 if there were bad records (each is reported) or the import was stopped; 2 if it
could not start.`,
  isBackground: true,
  async run(args, io) {
    const { positionals, values } = parseCommandLine(args);
    const [kind, from, ...more] = positionals;
    if (kind === undefined || from === undefined || (more.length > 0 && kind !== 'sacct'))
      throw new UsageError('give the kind of import and its source');
    const importFrom = Object.hasOwn(IMPORTS, kind) ? IMPORTS[kind] : undefined;
    if (importFrom === undefined)
      throw new UsageError(`unknown kind of import '${kind}': use archive, db, sacct or swf`);
    const { timezone, cluster, columns } = values;
    if (kind !== 'sacct' && (timezone !== undefined || columns !== undefined)) {
      throw new UsageError('--timezone and --columns are options of import sacct');
    }
    if (kind !== 'sacct' && kind !== 'swf' && cluster !== undefined) {
      throw new UsageError('--cluster is an option of import sacct and import swf');
    }
    return await importFrom({ from, more, values, target: loadTarget(io), io });
  },
};

interface Import {
  from: string;
  /** More files of sacct. */
  more: readonly string[];
  values: ReturnType<typeof parseCommandLine>['values'];
  target: LoadTarget;
  io: CommandIo;
}

/** The imports by their kind. Each opens its source first, so that an invalid file does not create a database. */
const IMPORTS: Readonly<Record<string, (job: Import) => Promise<number>>> = {
  async archive({ from, values, target, io }) {
    const copyTo = values['dry-run'] ? undefined : target.archivePath;
    const source = await asStartupError(from, () => archiveSource(from, copyTo));
    for (const note of source.notes) io.stderr.write(`${note}\n`);
    return await loadInto(target, source, io, values);
  },
  async db({ from, values, target, io }) {
    await checkReadable(from);
    const source = await asStartupError(from, () => databaseSource(from, target.temporaryRoot));
    try {
      if (values['dry-run']) return await loadInto(target, source, io, values);
      return await withDatabase(target, async (db) => {
        const counts = await copyTables(db, source, io.signal);
        const others = COPIES.flatMap((copy) => {
          const { one }: CopiedTable = COPIED_TABLES[copy];
          return one === undefined ? [] : [howMany(counts[copy], one)];
        });
        const code = await load(db, source, io, { extra: others });
        await source.checkUnchanged();
        return code;
      });
    } finally {
      await source.close();
    }
  },
  async sacct({ from, more, values, target, io }) {
    const zone = values.timezone ?? 'UTC';
    const options = {
      clock: clockOf(zone),
      assumedZone: values.timezone === undefined ? zone : undefined,
      cluster: values.cluster,
      order: orderOf(values.columns),
      clusters: await configuredClusters(target.archivePath),
    };
    const paths = [from, ...more];
    if (paths.length > 1 && paths.includes(STANDARD_INPUT)) {
      throw new UsageError(`'${STANDARD_INPUT}' is read alone, not together with files`);
    }
    const inputs = await Promise.all(paths.map((path) => openInput(path, io.stdin)));
    const source = await asStartupError(from, () => sacctSource(inputs, options));
    return await loadInto(target, source, io, values);
  },
  async swf({ from, values, target, io }) {
    const input = await openInput(from, io.stdin);
    const source = await asStartupError(from, () => swfSource(input, values.cluster));
    return await loadInto(target, source, io, values);
  },
};

async function loadInto(
  target: LoadTarget,
  source: ImportSource,
  io: CommandIo,
  { 'dry-run': isDryRun }: Import['values'],
): Promise<number> {
  if (isDryRun !== true) return await withDatabase(target, (db) => load(db, source, io));
  if (!existsSync(target.path)) return await loadNothing(NOTHING_STORED, source, io);
  const file = await asStartupError(target.path, () => UnchangedFile.open(target.path));
  try {
    return await loadNothing(file, source, io);
  } finally {
    file.close();
  }
}

/** Returns the clusters of the archive, if there is one. They define the subclusters. */
async function configuredClusters(archivePath: string): Promise<Clusters> {
  return await readClusters(archivePath).catch((error: unknown) => {
    if (error instanceof StartupError) throw error;
    return NO_CLUSTERS; // no such folder
  });
}

function clockOf(zone: string): LocalClock {
  try {
    return localClock(zone);
  } catch {
    throw new UsageError(`'${zone}' is not a time zone: use one such as UTC or Europe/Berlin`);
  }
}

function orderOf(columns: string | undefined): string[] | undefined {
  const names = columns === undefined ? undefined : columnsOfOrder(columns);
  if (columns === undefined || names !== undefined) return names;
  throw new UsageError(`--columns must be one of ${ORDER_NAMES.join(', ')} or columns of sacct separated by commas`);
}

function parseCommandLine(args: string[]) {
  return parsedArguments({
    args,
    allowPositionals: true,
    options: {
      timezone: { type: 'string' },
      cluster: { type: 'string' },
      columns: { type: 'string' },
      'dry-run': { type: 'boolean' },
    },
  });
}
