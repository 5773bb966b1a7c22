import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { readPublished } from '../db/published.ts';
import { startDeadline } from '../deadline.ts';
import { checkText } from '../jobs/filter.ts';
import { type Month, monthOf } from '../jobs/month.ts';
import { nodePeaksOf } from '../jobs/node-peaks.ts';
import { PUBLIC_SCOPES } from '../jobs/roles.ts';
import { zoneOf } from '../jobs/times.ts';
import { reportFile } from '../pages/report/content.ts';
import { reportText } from '../pages/report/plain-text.ts';
import { reportTables } from '../pages/report/report-tables.ts';
import { JobQuestions } from '../questions/ask.ts';
import { REPORT_SUBJECTS, type ReportOptions, readMonthlyReport } from '../questions/report/monthly-report.ts';
import { type Command, ofOption, UsageError } from './command.ts';
import { withEither } from './open-database.ts';
import { writeNewFile } from './output-file.ts';

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
    const { month, about, nowSec, isHtml, output } = readOptions(args);
    const report = await withEither(io, async (db) => {
      const deadline = startDeadline(LIMIT_MS, io.signal);
      try {
        const nodePeaks = nodePeaksOf(await readPublished(db, deadline));
        const every = { tagScopes: PUBLIC_SCOPES, nodePeaks };
        const options = { month, about, nowSec };
        return await readMonthlyReport(
          new JobQuestions(db),
          (conditions) => ({ ...every, conditions }),
          options,
          deadline,
        );
      } finally {
        deadline.clear();
      }
    });
    const tables = reportTables(report, false);
    const text = isHtml ? reportFile(tables).toString() : reportText(tables);
    if (output === undefined) io.stdout.write(text);
    else
      await writeNewFile(
        output,
        (async function* () {
          yield text;
        })(),
      );
    return 0;
  },
};

function readOptions(
  args: string[],
): ReportOptions & { readonly month: Month; readonly isHtml: boolean; readonly output: string | undefined } {
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
  try {
    return parseArgs({ args, options }).values;
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}
