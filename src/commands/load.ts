import { beginBulkLoad, buildIndexes } from '../db/bulk.ts';
import type { Database } from '../db/port.ts';
import type { ImportSource } from '../import/batch.ts';
import { type ImportSummary, importJobs } from '../import/run.ts';
import type { CommandIo } from './command.ts';
import { Progress, whole } from './progress.ts';

/**
 * Loads the jobs of a source with progress, the indexes of a new file last (also when it was stopped: a second Ctrl-C leaves
 * them to the next start), and ends with a summary line. Returns the exit code: 0 when all is in, 1 when records were bad or
 * it was stopped.
 */
export async function load(
  db: Database,
  source: ImportSource,
  io: CommandIo,
  extra: readonly string[] = [],
): Promise<number> {
  const progress = new Progress(io.stderr, source.total);
  await beginBulkLoad(db);
  const report = {
    progress: progress.update.bind(progress),
    bad: progress.bad.bind(progress),
  };
  const finish = () => buildIndexes(db, (name) => progress.line(`building index ${name}`));
  let summary: ImportSummary;
  try {
    summary = await importJobs(db, source, report, io.signal);
  } catch (error) {
    // The jobs that are in are worth their indexes. If that fails as well, the first error is the one to tell.
    await finish().catch(() => {});
    throw error;
  }
  await finish();
  for (const { type, name, scope } of summary.refusedTags) {
    progress.line(`tag ${type}/${name} exists in another scope than '${scope}': left out`);
  }
  progress.line(summaryOf(summary, progress.elapsedSec, extra));
  return summary.complete && summary.bad === 0 ? 0 : 1;
}

function summaryOf(summary: ImportSummary, seconds: number, extra: readonly string[]): string {
  const parts: [number, string][] = [
    [summary.alreadyThere, 'already there'],
    [summary.neverStarted, 'never started'],
    [summary.steps, 'steps'],
    [summary.bad, 'bad'],
    [summary.repaired, 'with repaired text'],
  ];
  const others = parts.flatMap(([count, what]) => (count === 0 ? [] : [`${whole(count)} ${what}`]));
  const time = `${seconds.toFixed(1)} s, ${whole(summary.imported / Math.max(seconds, 0.001))} jobs/s`;
  const all = [`${whole(summary.read)} read`, `${whole(summary.imported)} imported`, ...others, ...extra, time].join(
    ', ',
  );
  return summary.complete ? all : `stopped (run it again to go on): ${all}`;
}
