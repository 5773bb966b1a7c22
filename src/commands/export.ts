import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { TABLES } from '../../routes/pages/exports.ts';
import { NO_CLUSTERS } from '../clusters/clusters.ts';
import type { Database } from '../db/port.ts';
import { readPublished } from '../db/published-clusters.ts';
import { startDeadline, within } from '../deadline.ts';
import { parseFilter } from '../http/query/job-filter-query.ts';
import {
  columnType,
  DEFAULT_COLUMNS,
  type ExportColumn,
  exportColumns,
  footprintKeys,
  KNOWN_COLUMNS,
} from '../jobs/export-columns.ts';
import { EXPORT_FORMATS, EXPORT_WRITERS, type TableRow, type TextFormat } from '../jobs/export-format.ts';
import { METRIC } from '../jobs/fields.ts';
import type { JobFilter } from '../jobs/filter.ts';
import { nodePeaksOf } from '../jobs/node-peaks.ts';
import { PUBLIC_SCOPES } from '../jobs/roles.ts';
import { jsonWithNumberTexts } from '../lossless-json.ts';
import { hasDuckDb, NO_DUCKDB } from '../nodejs/start-column-index.ts';
import { howMany } from '../pages/format.ts';
import { parquetFile } from '../parquet/parquet-writer.ts';
import { JobQuestions } from '../questions/ask.ts';
import { StartupError } from '../startup-error.ts';
import { type Command, ofOption, parsedArguments, UsageError } from './command.ts';
import { exportTable } from './export-table.ts';
import { withEither } from './open-database.ts';
import { writeOutput } from './output-file.ts';
import { Progress } from './progress.ts';
import { pseudonymizer, pseudonymKey } from './pseudonyms.ts';

/** The limit for one batch. Without an index of SQLite for the filter, the first one reads all jobs. */
const BATCH_LIMIT_MS = 3_600_000;

const OTHER_TABLES = Object.keys(TABLES).filter((table) => table !== 'jobs');

export const exportCommand: Command = {
  usage: `cc-jobs export jobs [FILTER]... --format csv|ndjson|parquet [--columns LIST] [--output FILE]
                    [--pseudonyms [--key FILE]]
cc-jobs export TABLE [PARAMETER]... --format csv|ndjson|parquet [--columns LIST] [--output FILE]
    FILTER          a parameter of the API, such as user=ada or start-time=2026-10-01..2026-10-31; all must match
    TABLE           ${OTHER_TABLES.join(', ')}
    PARAMETER       a parameter of its route in the API, such as group-by=user
    --format        csv, ndjson or parquet
    --columns LIST  columns, separated by commas; of jobs: ${KNOWN_COLUMNS.join(', ')},
                    or ${METRIC} and the key of a footprint
    --output FILE   write to FILE, which only its owner may read; it gets this name when it is complete
    --pseudonyms    replace the names of users, projects, jobs and hosts, and tags
    --key FILE      the key of the pseudonyms, at least 32 bytes; the same key gives the same pseudonyms (default: a new
                    random key)

Writes all jobs of DB_URL that match, newest start first, or a table of statistics, to standard output or FILE. DB_URL may
be a libSQL server, and services may write meanwhile. docs/exports.md has the columns, the formats, and what pseudonyms do not hide.`,
  isBackground: true,
  async run(args, io) {
    const { table, parameters, format, columnList, output, pseudonyms, key } = readOptions(args);
    if (format === 'parquet' && !hasDuckDb()) throw new StartupError(`--format parquet: ${NO_DUCKDB}`);
    if (table !== 'jobs') {
      const chosen = columnList === undefined ? [] : [['columns', columnList] as const];
      const asked = { table, format, parameters: [...parameters, ...chosen], output, tempDir: tmpdir() };
      const progress = new Progress(io.stderr, undefined);
      const { status, rows } = await withEither(io, (db) => exportTable(io, db, asked));
      const words = `${howMany(rows, 'row')} exported, ${progress.elapsedSec.toFixed(1)} s`;
      if (status === 0) progress.ended(words, { rows, path: output });
      return status;
    }
    const filter = ofOption('FILTER:', () => parseFilter(parameters));
    const columns = columnList === undefined ? DEFAULT_COLUMNS : ofOption('--columns', () => exportColumns(columnList));
    const replaced = pseudonyms ? pseudonymizer(await pseudonymKey(key)) : undefined;
    return await withEither(io, async (db) => {
      const progress = new Progress(io.stderr, undefined);
      const textFormat = format === 'parquet' ? 'ndjson' : format;
      const { head, row, tail } = EXPORT_WRITERS[textFormat];
      let jobs = 0;
      async function* rows() {
        const table = { format: replaced === undefined ? textFormat : 'ndjson', columns } as const;
        for await (const batch of exported(db, filter, table, io.signal)) {
          jobs += batch.rows;
          if (replaced === undefined) yield batch.bytes;
          else {
            const lines = Buffer.from(batch.bytes).toString().trimEnd().split('\n');
            const texts = lines.map((line) => row(columns, replaced(jsonWithNumberTexts(line) as TableRow)));
            yield Buffer.from(texts.join(''));
          }
          progress.counted('jobs exported', jobs);
        }
      }
      async function* text() {
        yield head(columns);
        yield* rows();
        yield tail(jobs);
      }
      const types = columns.map((name) => ({ name, type: columnType(name) }));
      const log = { warn: (_fields: object, message: string) => progress.line(message) };
      const file = format === 'parquet' ? parquetFile(rows(), types, { tempDir: tmpdir(), log }, io.signal) : text();
      try {
        const status = await writeOutput(io, output, file);
        const words = `${howMany(jobs, 'job')} exported, ${progress.elapsedSec.toFixed(1)} s`;
        if (status === 0) progress.ended(words, { jobs, path: output });
        return status;
      } catch (error) {
        if (!io.signal.aborted) throw error;
        progress.line('stopped: the export is not complete');
        return 1;
      }
    });
  },
};

/** Yields the batches of all jobs that match, with the public tags. */
async function* exported(
  db: Database,
  filter: JobFilter,
  table: { format: TextFormat; columns: readonly ExportColumn[] },
  stop: AbortSignal,
) {
  const needsPeaks = footprintKeys(table.columns).length > 0 || filter.some(({ kind }) => kind === 'decimal');
  const clusters = needsPeaks
    ? await within(BATCH_LIMIT_MS, (deadline) => readPublished(db, deadline), stop)
    : NO_CLUSTERS;
  const jobs = { conditions: filter, tagScopes: PUBLIC_SCOPES, nodePeaks: nodePeaksOf(clusters) };
  const all = { page: 1, itemsPerPage: Number.MAX_SAFE_INTEGER, withMetadata: false };
  const nowSec = Math.floor(Date.now() / 1000);
  const batches = new JobQuestions(db).list(
    jobs,
    { ...all, nowSec, table },
    {
      deadline: () => startDeadline(BATCH_LIMIT_MS, stop),
      complete: async (page) => page,
      mayReadAhead: () => true,
    },
  );
  for await (const batch of batches) if (batch.rows > 0) yield batch;
}

function readOptions(args: string[]) {
  const { positionals, values } = parseCommandLine(args);
  const [what, ...given] = positionals;
  const { format, columns, output, key, pseudonyms = false } = values;
  const table = Object.keys(TABLES).find((each) => each === what);
  if (table === undefined) throw new UsageError(`use: export and one of jobs, ${OTHER_TABLES.join(', ')}`);
  const known = EXPORT_FORMATS.find((each) => each === format);
  if (known === undefined) throw new UsageError('--format must be csv, ndjson or parquet');
  if (key !== undefined && !pseudonyms) throw new UsageError('--key needs --pseudonyms');
  if (pseudonyms && table !== 'jobs') throw new UsageError('--pseudonyms is for jobs');
  return {
    table,
    parameters: given.map(parameter),
    format: known,
    columnList: columns,
    output: output === undefined ? undefined : resolve(output),
    pseudonyms,
    key,
  };
}

function parameter(text: string): [name: string, value: string] {
  const at = text.indexOf('=');
  if (at < 1) throw new UsageError(`a FILTER is NAME=VALUE: '${text}'`);
  return [text.slice(0, at), text.slice(at + 1)];
}

function parseCommandLine(args: string[]) {
  const text = { type: 'string' } as const;
  const options = { format: text, columns: text, output: text, key: text, pseudonyms: { type: 'boolean' } } as const;
  return parsedArguments({ args, options, allowPositionals: true });
}
