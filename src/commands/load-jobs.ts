import type { Database } from '../db/port.ts';
import { beginBulkLoad, buildIndexes } from '../db/schema/bulk-load.ts';
import type { ImportSource } from '../import/batch.ts';
import { dryRun, type StoredJobsReader } from '../import/dry-run.ts';
import { type ImportCounts, type ImportSummary, importJobs } from '../import/import-jobs.ts';
import type { CommandIo } from './command.ts';
import { Progress, whole } from './progress.ts';

export interface LoadWords {
  /** Additional parts of the summary line. */
  extra?: readonly string[];
  /** The command line with which to continue, if it differs from the present one. */
  again?: string;
}

/** Counts what `load` would do with the jobs of a source, writes nothing, and ends with the same summary line. */
export async function loadNothing(stored: StoredJobsReader, source: ImportSource, io: CommandIo): Promise<number> {
  const progress = new Progress(io.stderr, source.total);
  const report = { progress: progress.update.bind(progress), bad: progress.bad.bind(progress) };
  const summary = await importJobs(dryRun(stored), source, report, io.signal);
  const words = [countsOf(summary), ...(source.remarks?.() ?? [])].join(', ');
  const { refusedTags: _, ...counts } = summary;
  progress.ended(`dry run, nothing was written: ${summary.complete ? '' : 'stopped: '}${words}`, counts);
  return summary.complete && summary.bad === 0 ? 0 : 1;
}

/**
 * Loads jobs from a source and shows progress. The indexes of a new file are built at the end, also after a stop; after
 * a second Ctrl-C the next start builds them. Ends with a summary line. Returns the exit code: 0 if all jobs were
 * loaded, 1 if there were bad records or the load was stopped.
 */
export async function load(
  db: Database,
  source: ImportSource,
  io: CommandIo,
  { extra = [], again = '' }: LoadWords = {},
): Promise<number> {
  const progress = new Progress(io.stderr, source.total);
  const stopped = (why: string) => `${why} (run it again${again === '' ? '' : ` ${again}`} to continue): `;
  let counts: ImportCounts | undefined;
  const report = {
    progress(now: ImportCounts, position: number) {
      counts = now;
      progress.update(now, position);
    },
    bad: progress.bad.bind(progress),
  };
  await beginBulkLoad(db);
  const finish = () => buildIndexes(db, (name) => progress.line(`building index ${name}`));
  let summary: ImportSummary;
  try {
    summary = await importJobs(db, source, report, io.signal);
  } catch (error) {
    // Index the jobs loaded so far. If this fails too, report the first error.
    await finish().catch(() => {});
    progress.line(stopped('failed') + (counts === undefined ? 'nothing imported' : countsOf(counts)));
    throw error;
  }
  await finish();
  const { refusedTags, ...result } = summary;
  for (const { type, name, scope } of refusedTags) {
    progress.line(`tag ${type}/${name} exists in another scope than '${scope}': skipped`);
  }
  const seconds = progress.elapsedSec;
  const rate = `${seconds.toFixed(1)} s, ${whole(summary.imported / Math.max(seconds, 0.001))} jobs/s`;
  const all = [countsOf(summary), ...extra, ...(source.remarks?.() ?? []), rate].join(', ');
  progress.ended(summary.complete ? all : stopped('stopped') + all, { ...result, refusedTags: refusedTags.length });
  const added = source.addedClusters ?? [];
  if (added.length > 0) progress.line(addedWords(added));
  return summary.complete && summary.bad === 0 ? 0 : 1;
}

function addedWords(clusters: readonly string[]): string {
  const [cluster, was] = clusters.length === 1 ? ['cluster', 'was'] : ['clusters', 'were'];
  return `${cluster} ${clusters.join(', ')} ${was} added: if the service runs, reload it (systemctl reload cc-jobs, or SIGHUP)`;
}

function countsOf(counts: ImportCounts): string {
  const parts: [number, string][] = [
    [counts.ended, 'ended'],
    [counts.alreadyThere, 'already there'],
    [counts.running, 'running'],
    [counts.neverStarted, 'never started'],
    [counts.steps, counts.steps === 1 ? 'step' : 'steps'],
    [counts.bad, 'bad'],
    [counts.repaired, 'with repaired text'],
  ];
  const others = parts.flatMap(([count, what]) => (count === 0 ? [] : [`${whole(count)} ${what}`]));
  return [`${whole(counts.read)} read`, `${whole(counts.imported)} imported`, ...others].join(', ');
}
