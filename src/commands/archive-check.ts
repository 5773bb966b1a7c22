import type { Database } from '../db/port.ts';
import { type ArchiveFinding, FINDINGS, type FindingKind } from '../doctor/archive/archive-finding.ts';
import { type CheckCounts, checkArchiveJobs } from '../doctor/archive/check.ts';
import { howMany } from '../pages/format.ts';
import { type CommandIo, parsedArguments } from './command.ts';
import { archiveOf, withEither } from './open-database.ts';
import { writeOutput } from './output-file.ts';
import { Progress, whole } from './progress.ts';

/**
 * Compares the archive with the database. The status is 0 if nothing was found, and 2 if it was not read to its end.
 */
export async function checkArchive(args: string[], io: CommandIo): Promise<number> {
  const flag = { type: 'boolean', default: false } as const;
  const { json, 'no-data': withoutData } = parsedArguments({ args, options: { json: flag, 'no-data': flag } }).values;
  const progress = new Progress(io.stderr, undefined);
  const found = countsOfKinds();
  let counts: CheckCounts = { folders: 0, jobs: 0 };
  async function* lines(db: Database): AsyncGenerator<string, void, void> {
    const check = checkArchiveJobs({
      ...{ root: archiveOf(io), db, readsData: !withoutData, signal: io.signal },
      progress(now) {
        counts = { ...now };
        progress.counted(`checked: ${words(counts)}`, now.folders + now.jobs);
      },
    });
    for await (const findings of check) {
      for (const finding of findings) {
        found[finding.kind] += 1;
        yield json ? `${JSON.stringify(findingJson(finding))}\n` : findingLine(finding);
      }
    }
    if (json) yield `${JSON.stringify({ ...counts, findings: found, complete: !io.signal.aborted })}\n`;
  }
  const status = await withEither(io, (db) => writeOutput(io, undefined, lines(db)));
  if (status !== 0) return status; // the reader of the output has ended
  const isComplete = !io.signal.aborted;
  const all = Object.entries(found).flatMap(([kind, count]) => (count === 0 ? [] : [`${whole(count)} ${kind}`]));
  progress.ended(
    `${isComplete ? '' : 'stopped: '}${words(counts)} checked, ${all.length === 0 ? 'nothing found' : all.join(', ')}, ${progress.elapsedSec.toFixed(1)} s`,
    { ...counts, findings: found, complete: isComplete },
  );
  if (!isComplete) return 2;
  return all.length === 0 ? 0 : 1;
}

function words({ folders, jobs }: CheckCounts): string {
  return `${howMany(folders, 'folder')}, ${howMany(jobs, 'job')} of the database`;
}

function countsOfKinds(): Record<FindingKind, number> {
  return Object.fromEntries(Object.keys(FINDINGS).map((kind) => [kind, 0])) as Record<FindingKind, number>;
}

const KIND_WIDTH = Math.max(...Object.keys(FINDINGS).map((kind) => kind.length)) + 2;

function findingLine({ kind, path, text }: ArchiveFinding): string {
  return `${kind.padEnd(KIND_WIDTH)}${printable(path)}: ${printable(text)}\n`;
}

/** Ids are decimal text, because they may exceed 2^53. */
function findingJson({ kind, path, text, job }: ArchiveFinding): object {
  const key = job === undefined ? {} : { cluster: job.cluster, jobId: String(job.jobId), startTime: job.startTime };
  return { finding: kind, ...key, path, text };
}

/** A text in which no name of a file can end the line or change a terminal. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is replaced
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, '\uFFFD');
}
