import type { Archive } from '../../archive/port.ts';
import type { Page } from '../../db/port.ts';
import type { Deadline } from '../../deadline.ts';
import { Fault } from '../../faults.ts';
import { type HiddenMetrics, hiddenIn } from '../../jobs/hidden-metrics.ts';
import type { ArchivedJob, JobsBatch } from '../../questions/list/sqlite.ts';

const NO_STATISTICS = '"statistics":null}';

/**
 * Returns the bytes of a batch of jobs, with the statistics of those in the archive. A job whose statistics are
 * unreadable keeps its null.
 */
export async function withStatistics(
  page: Page<JobsBatch>,
  archive: Archive | undefined,
  deadline: Deadline,
  hidden?: HiddenMetrics,
): Promise<Uint8Array> {
  const { archived } = page.more;
  if (archive === undefined || archived.length === 0) return page.bytes;
  const texts = await archive.statistics(archived.map(archiveJob), deadline).catch(orNone(deadline));
  const lines = new TextDecoder().decode(page.bytes).split('\n'); // a row is one line
  for (const [nth, { index, cluster }] of archived.entries()) {
    const line = lines[index];
    const statistics = texts[nth] ?? null;
    if (line !== undefined && statistics !== null)
      lines[index] = spliced(line, without(statistics, hiddenIn(hidden, cluster)));
  }
  return new TextEncoder().encode(lines.join('\n'));
}

/**
 * Handles a failure of the archive: the list continues and its jobs have no statistics. Only the end of the deadline
 * and a bug also end the list.
 */
function orNone(deadline: Deadline) {
  return (error: unknown): (string | null)[] => {
    if (deadline.signal.aborted || !(error instanceof Fault) || error.code === 'internal') throw error;
    return [];
  };
}

function archiveJob({ cluster, jobId, startTime }: ArchivedJob) {
  return { cluster, jobId, startTime: Number(startTime) };
}

/** Returns the statistics of a job without some metrics. */
function without(statistics: string, metrics: readonly string[]): string {
  if (metrics.length === 0) return statistics;
  const all = JSON.parse(statistics) as Record<string, unknown>;
  return JSON.stringify(Object.fromEntries(Object.entries(all).filter(([name]) => !metrics.includes(name))));
}

/** Inserts statistics into a row. A comma and a line feed separate the rows, so all but the last end in a comma. */
function spliced(line: string, statistics: string): string {
  const comma = line.endsWith(',') ? ',' : '';
  const row = comma === '' ? line : line.slice(0, -1);
  if (!row.endsWith(NO_STATISTICS)) return line;
  return `${row.slice(0, -NO_STATISTICS.length)}"statistics":${statistics}}${comma}`;
}
