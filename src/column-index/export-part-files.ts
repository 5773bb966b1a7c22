import { rmSync } from 'node:fs';
import { lstat, mkdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '../faults.ts';
import type { DuckDbQuery } from '../questions/duckdb-query.ts';
import { parquetFormat } from '../questions/parquet-format.ts';
import type { IndexConnection } from './duckdb-connection.ts';

/** A typical part has 1 MB. */
const MOST_BYTES = 16 * 1024 * 1024;
/** More rows than a part usually has. */
const ROW_GROUP_ROWS = 122_880;

/** The type and the rights of a file, and those of a folder of its owner alone. A link has another type. */
const [ALL_MODE_BITS, PRIVATE_FOLDER] = [0o170777, 0o040700];

/** Writes the rows of a query as a small Parquet file. DuckDB can only write to a path. */
export class PartFiles {
  readonly #folder: string;
  #written = 0;

  /** `folder` is of this process alone. */
  constructor(folder: string) {
    this.#folder = folder;
    try {
      rmSync(folder, { recursive: true, force: true }); // left by a killed process
    } catch {
      // It belongs to another account: `write` does not use it.
    }
  }

  /** Returns undefined if the file is too large, or if the folder is that of another account. */
  async write(reader: IndexConnection, { sql, parameters }: DuckDbQuery): Promise<Uint8Array | undefined> {
    if (!(await this.#hasOwnFolder())) return undefined;
    this.#written += 1;
    const path = join(this.#folder, `${this.#written}.parquet`);
    const to = `'${path.replaceAll("'", "''")}'`;
    try {
      await reader
        .run(`COPY (${sql}) TO ${to} ${parquetFormat(ROW_GROUP_ROWS)}`, parameters)
        .catch((error: unknown) => {
          throw isAbout(path, error) ? new Fault('internal', 'a part could not be written', { cause: error }) : error;
        });
      return (await stat(path)).size > MOST_BYTES ? undefined : await readFile(path);
    } finally {
      await rm(path, { recursive: true, force: true });
    }
  }

  /**
   * Makes the folder. Where other accounts may write, such as in /tmp, one of them may have made it, or a link of its
   * name: it could read the jobs, or have other files of this account overwritten.
   */
  async #hasOwnFolder(): Promise<boolean> {
    try {
      await mkdir(this.#folder, { mode: 0o700 });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const { uid, mode } = await lstat(this.#folder);
    return (mode & ALL_MODE_BITS) === PRIVATE_FOLDER && uid === process.geteuid?.();
  }
}

/** Other IO errors mean that the index is damaged. A full disk has its own message. */
function isAbout(path: string, error: unknown): boolean {
  return error instanceof Error && error.message.includes(path) && !/no space left/i.test(error.message);
}
