import { resolve } from 'node:path';
import { Readable } from 'node:stream';
import type { Clusters } from '../clusters/clusters.ts';
import type { Database } from '../db/port.ts';
import { readPublished } from '../db/published-clusters.ts';
import { type Deadline, within } from '../deadline.ts';
import { checkText, type JobFilter } from '../jobs/filter.ts';
import { monthOf } from '../jobs/month.ts';
import { nodePeaksOf } from '../jobs/node-peaks.ts';
import { PUBLIC_SCOPES } from '../jobs/roles.ts';
import { zoneOf } from '../jobs/time-grammar.ts';
import { reportFile } from '../pages/report/content.ts';
import { reportText } from '../pages/report/plain-text.ts';
import { reportTables } from '../pages/report/report-tables.ts';
import { JobQuestions } from '../questions/ask.ts';
import {
  type MonthlyReport,
  REPORT_SUBJECTS,
  type ReportOptions,
  readMonthlyReport,
} from '../questions/report/monthly-report.ts';
import { type Command, ofOption, parsedArguments, UsageError } from './command.ts';
import { reportResult } from './json-output.ts';
import { withEither } from './open-database.ts';
import { writeOutput } from './output-file.ts';

/** The limit for the whole report. Without an index of SQLite for the filter, it reads all jobs a few times. */
const LIMIT_MS = 3_600_000;

export const reportCommand: Command = {
  usage: `cc-jobs report --month YYYY-MM [--cluster NAME] [--project NAME] [--user NAME] [--zone ZONE]
               [--text | --html] [--output FILE]
    --month YYYY-MM  a month that has begun
    --cluster NAME, --project NAME, --user NAME
                     only jobs of it; all must match (default: all jobs)
    --zone ZONE      the time zone in which the month begins and ends, such as Europe/Berlin (default: UTC)
    --text           plain text (default)
    --html           a page to print, in one file without scripts
    --output FILE    write to FILE, which only its owner may read, instead of standard output

Reports what the jobs of DB_URL used in a month, counting only their time inside it: by cluster, project, user and day,
with states, waits, and what they asked for and did not use. The report of a month that has ended is the same, byte for
byte, until jobs change. DB_URL may be a libSQL server. docs/exports.md says what the numbers count.`,
  isBackground: true,
  async run(args, io) {
    const { isHtml, output, ...options } = readOptions(args);
    try {
      const { report, clusters } = await withEither(io, (db) => read(db, options, io.signal));
      const hint = emptyBecause(report, clusters);
      if (hint !== undefined) io.stderr.write(`${hint}\n`);
      const tables = reportTables(report, false);
      const text = isHtml ? reportFile(tables).toString() : reportText(tables);
      const status = await writeOutput(io, output, Readable.from([text]));
      if (status === 0) reportResult(io, { path: output, bytes: Buffer.byteLength(text) });
      return status;
    } catch (error) {
      if (!io.signal.aborted) throw error;
      io.stderr.write('stopped: there is no report\n');
      return 1;
    }
  },
};

/** Says that no job matches the names, which may be misspelt. Undefined if one does, or all jobs were asked for. */
function emptyBecause({ totals, about, month }: MonthlyReport, clusters: Clusters): string | undefined {
  const names = REPORT_SUBJECTS.flatMap((by) => (about[by] === undefined ? [] : [`${by} ${about[by]}`]));
  if (names.length === 0 || Number(totals?.totalJobs ?? 0) > 0) return undefined;
  const known = clusters.list.map(({ name }) => name);
  const isUnknown = about.cluster !== undefined && known.length > 0 && !known.includes(about.cluster);
  const configured = isUnknown ? `: cluster ${about.cluster} is not configured, only ${known.join(', ')}` : '';
  return `no job of ${names.join(' and ')} ran in ${month.name}${configured}`;
}

async function read(db: Database, options: ReportOptions, stop: AbortSignal) {
  const work = async (deadline: Deadline) => {
    const clusters = await readPublished(db, deadline);
    const nodePeaks = nodePeaksOf(clusters);
    const visible = (conditions: JobFilter) => ({ conditions, tagScopes: PUBLIC_SCOPES, nodePeaks });
    return { clusters, report: await readMonthlyReport(new JobQuestions(db), visible, options, deadline) };
  };
  return await within(LIMIT_MS, work, stop);
}

function readOptions(
  args: string[],
): ReportOptions & { readonly isHtml: boolean; readonly output: string | undefined } {
  const { month, zone = 'UTC', html: isHtml = false, text: isText = false, output, ...names } = parseCommandLine(args);
  if (month === undefined) throw new UsageError('--month is required, such as --month 2026-10');
  if (isHtml && isText) throw new UsageError('use either --text or --html');
  const nowSec = Math.floor(Date.now() / 1000);
  const inZone = ofOption('--zone', () => zoneOf(zone));
  for (const name of REPORT_SUBJECTS) ofOption('NAME:', () => checkText(`--${name}`, names[name] ?? ''));
  return {
    month: ofOption('--month', () => monthOf(month, inZone, nowSec)),
    about: names,
    nowSec,
    isHtml,
    output: output === undefined ? undefined : resolve(output),
  };
}

function parseCommandLine(args: string[]) {
  const [text, flag] = [{ type: 'string' }, { type: 'boolean' }] as const;
  const options = {
    ...{ month: text, cluster: text, project: text, user: text, zone: text },
    ...{ html: flag, text: flag, output: text },
  } as const;
  return parsedArguments({ args, options }).values;
}
