import { createApp } from '../app.ts';
import { readSettings } from '../check-settings.ts';
import type { Database } from '../db/port.ts';
import { readPublished } from '../db/published-clusters.ts';
import { within } from '../deadline.ts';
import { Fault } from '../faults.ts';
import { ROWS_HEADER } from '../http/exports/export-answer.ts';
import type { Service } from '../http/service.ts';
import type { ExportFormat } from '../jobs/export-format.ts';
import type { Log } from '../log.ts';
import { readAssets } from '../nodejs/asset-files.ts';
import { openParquetFiles } from '../parquet/parquet-files.ts';
import { type CommandIo, UsageError } from './command.ts';
import { writeOutput } from './output-file.ts';

/** The limit for the answer. Without an index, SQLite may read all jobs several times. */
const LIMIT_MS = 3_600_000;

export interface TableExport {
  /** The path of its route, such as `statistics/jobs`. */
  readonly table: string;
  readonly format: ExportFormat;
  readonly parameters: readonly (readonly [string, string])[];
  readonly output: string | undefined;
  readonly tempDir: string;
}

/**
 * Exports what GET /api/TABLE.FORMAT answers an administrator. The app of the service answers, so that both have the same
 * parameters and rows. Returns the status and the number of rows. Throws UsageError for a bad parameter.
 */
export async function exportTable(
  io: CommandIo,
  db: Database,
  { table, format, parameters, output, tempDir }: TableExport,
): Promise<{ status: number; rows: number }> {
  const log = quietLog(io.stderr);
  const parquet = openParquetFiles({ tempDir, queueLimit: 1, callerLimit: 1, log });
  const { SHORT_JOB_S } = io.env;
  const values = readSettings({ AUTH: 'none', ...(SHORT_JOB_S === undefined ? {} : { SHORT_JOB_S }) });
  const service: Service = {
    settings: { ...values, REQUEST_TIMEOUT_MS: LIMIT_MS },
    db,
    archive: undefined,
    clusters: await within(LIMIT_MS, (deadline) => readPublished(db, deadline), io.signal),
    clock: () => Date.now() / 1000,
    log,
    assets: readAssets(),
    sessionKey: undefined,
    parquet: parquet.files,
    system() {
      throw new Fault('not_found', 'a command is no service');
    },
    compresses: false,
    hasSharedLimits: true,
    clientAddress: () => '',
  };
  const query = new URLSearchParams(parameters.map(([name, value]): [string, string] => [name, value]));
  try {
    const answer = await createApp(service).request(`/api/${table}.${format}?${query}`, { signal: io.signal });
    if (answer.status !== 200 || answer.body === null) throw await problemOf(answer);
    return {
      status: await writeOutput(io, output, answer.body),
      rows: Number(answer.headers.get(ROWS_HEADER)),
    };
  } finally {
    parquet.close();
  }
}

async function problemOf(answer: Response): Promise<Error> {
  const { error }: { error?: unknown } = Object(await answer.json());
  return answer.status === 400 ? new UsageError(String(error)) : new Error(String(error));
}

/** Says what a person must know, without the lines of each request. */
function quietLog(stderr: CommandIo['stderr']): Log {
  const say = (_fields: object, message: string) => void stderr.write(`${message}\n`);
  const log: Log = { debug() {}, info() {}, warn: say, error: say, child: () => log };
  return log;
}
