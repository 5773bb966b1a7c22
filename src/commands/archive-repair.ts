import { resolve, sep } from 'node:path';
import { readClusters } from '../archive/version-and-clusters.ts';
import { timeInName } from '../backup/time-in-name.ts';
import { NO_CLUSTERS } from '../clusters/clusters.ts';
import { type CheckCounts, checkArchiveJobs } from '../doctor/archive/check.ts';
import { type Mended, mend, type Repair } from '../doctor/archive/repair.ts';
import { ORPHANS } from '../doctor/archive/repair-plan.ts';
import { StartupError } from '../startup-error.ts';
import { printable } from './archive-check.ts';
import { claimed } from './archive-upkeep.ts';
import { type CommandIo, parsedArguments, UsageError } from './command.ts';
import { archiveOf, withEither } from './open-database.ts';
import { writeOutput } from './output-file.ts';
import { Progress, whole } from './progress.ts';

/** The name under which one repair at a time works. */
const REPAIR_ARCHIVE = 'repairArchive';

/** Mends what a check finds. The status is 0 if nothing is left. */
export async function repairArchive(args: string[], io: CommandIo): Promise<number> {
  const { root, json, ...options } = readOptions(args, io);
  const progress = new Progress(io.stderr, undefined);
  const counts: Record<string, number> = {};
  let checked: CheckCounts = { folders: 0, jobs: 0 };
  async function* lines(repair: Repair): AsyncGenerator<string, void, void> {
    const check = checkArchiveJobs({
      ...{ root, db: repair.db, readsData: true, signal: io.signal },
      progress(now) {
        checked = { ...now };
        progress.counted('folders checked', now.folders);
      },
    });
    for await (const found of check) {
      for (const mended of await mend(repair, found)) {
        counts[mended.action] = (counts[mended.action] ?? 0) + 1;
        yield json ? `${JSON.stringify(mendedJson(mended))}\n` : mendedLine(mended);
      }
    }
    const summary = { ...checked, actions: counts, dryRun: options.isDryRun, complete: !io.signal.aborted };
    if (json) yield `${JSON.stringify(summary)}\n`;
  }
  const { status } = await withEither(io, async (db) => {
    const clusters = options.orphans === 'import' ? await readClusters(root) : NO_CLUSTERS;
    const texts = lines({ ...options, root, db, clusters });
    const write = async () => ({ status: await writeOutput(io, undefined, texts), actions: counts });
    return options.isDryRun ? await write() : await claimed(db, REPAIR_ARCHIVE, write);
  });
  if (status !== 0) return status; // the reader of the output has ended, and so has the repair
  const isComplete = !io.signal.aborted;
  const { leave: left = 0, ...made } = counts;
  const begin = `${options.isDryRun ? 'dry run, nothing was changed: ' : ''}${isComplete ? '' : 'stopped (run it again to continue): '}`;
  const words = Object.entries(made).map(([action, count]) => `${whole(count)} × ${action}`);
  progress.ended(
    `${begin}${words.length === 0 ? 'nothing to mend' : words.join(', ')}, ${whole(left)} left as they are, ${progress.elapsedSec.toFixed(1)} s`,
    { ...checked, actions: counts, dryRun: options.isDryRun, complete: isComplete },
  );
  return isComplete && left === 0 ? 0 : 1;
}

function readOptions(args: string[], io: CommandIo) {
  const flag = { type: 'boolean', default: false } as const;
  const text = { type: 'string' } as const;
  const { values } = parsedArguments({
    args,
    options: { json: flag, 'dry-run': flag, 'mark-missing': flag, orphans: text, quarantine: text },
  });
  const orphans = ORPHANS.find((word) => word === (values.orphans ?? 'leave'));
  if (orphans === undefined) throw new UsageError(`--orphans must be one of ${ORPHANS.join(', ')}`);
  const root = archiveOf(io);
  const quarantine = resolve(values.quarantine ?? `${root}.quarantine`);
  // cc-backend takes every folder in an archive for a cluster.
  if (`${quarantine}${sep}`.startsWith(`${root}${sep}`))
    throw new StartupError('--quarantine must not be in ARCHIVE_PATH');
  return {
    ...{ root, orphans, json: values.json },
    quarantine: resolve(quarantine, timeInName(new Date())),
    marksMissing: values['mark-missing'],
    isDryRun: values['dry-run'],
  };
}

function mendedLine({ action, path, text }: Mended): string {
  return `${action.padEnd(22)}${printable(path)}: ${printable(text)}\n`;
}

function mendedJson({ action, path, text, job }: Mended): object {
  const key = job === undefined ? {} : { cluster: job.cluster, jobId: String(job.jobId), startTime: job.startTime };
  return { action, ...key, path, text };
}
