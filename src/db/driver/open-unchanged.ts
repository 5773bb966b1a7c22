import { existsSync } from 'node:fs';
import { checkFile } from '../schema/schema-check.ts';
import type { Statement } from '../statement.ts';
import { answerRows } from './answer-rows.ts';
import { bytesOf } from './driver-values.ts';
import { readOnlyUri, Sqlite } from './node-sqlite.ts';
import { START_BUSY_LIMIT_MS } from './pragmas.ts';

/**
 * A job database that is read without changing it: unlike a connection of the pool, it adds no tables of ours. If they
 * are missing, statements see empty ones. Statements run on the JS thread.
 */
export class UnchangedFile {
  readonly #db: Sqlite;

  private constructor(db: Sqlite) {
    this.#db = db;
  }

  /** Throws StartupError if a service would refuse the file. */
  static async open(path: string): Promise<UnchangedFile> {
    await checkFile(path);
    // Without a log no program has the file open, and SQLite would create one.
    const uri = readOnlyUri(path, existsSync(`${path}-wal`) ? '' : '&immutable=1');
    const db = new Sqlite(uri, { busyTimeoutMs: START_BUSY_LIMIT_MS, readOnly: true });
    const own = db.all("SELECT 1 FROM sqlite_schema WHERE name = 'ccjobs_assumed_ends'");
    if (own.length === 0) db.exec('CREATE TEMP TABLE ccjobs_assumed_ends (job_id INTEGER PRIMARY KEY)');
    return new UnchangedFile(db);
  }

  read<Row>({ sql, parameters, row }: Statement<Row>): Row[] {
    return answerRows({ json: bytesOf(this.#db.all(sql, parameters)[0]?.['json']) }, row);
  }

  close(): void {
    this.#db.close();
  }
}
