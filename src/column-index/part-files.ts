import { rmSync } from 'node:fs';
import { mkdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Fault } from '../faults.ts';
import type { DuckDbQuery } from '../questions/duckdb-query.ts';
import type { IndexConnection } from './connection.ts';

/** A typical part has 1 MB. */
const MOST_BYTES = 16 * 1024 * 1024;
/** More rows than a part usually has. */
const ROW_GROUP_ROWS = 122_880;

/** Writes the rows of a query as a small Parquet file. DuckDB can only write to a path. */
export class PartFiles {
  readonly #folder: string;
  #written = 0;

  /** `folder` is of this process alone. */
  constructor(folder: string) {
    this.#folder = folder;
    rmSync(folder, { recursive: true, force: true }); // left by a killed process
  }

  /** Returns undefined if the file is too large. */
  async write(reader: IndexConnection, { sql, parameters }: DuckDbQuery): Promise<Uint8Array | undefined> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    this.#written += 1;
    const path = join(this.#folder, `${this.#written}.parquet`);
    const to = `'${path.replaceAll("'", "''")}'`;
    try {
      await reader
        .run(
          `COPY (${sql}) TO ${to} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE ${ROW_GROUP_ROWS}, USE_TMP_FILE false)`,
          parameters,
        )
        .catch((error: unknown) => {
          throw isAbout(path, error) ? new Fault('internal', 'a part could not be written', { cause: error }) : error;
        });
      return (await stat(path)).size > MOST_BYTES ? undefined : await readFile(path);
    } finally {
      await rm(path, { recursive: true, force: true });
    }
  }
}

/** Other IO errors mean that the index is damaged. A full disk has its own message. */
function isAbout(path: string, error: unknown): boolean {
  return error instanceof Error && error.message.includes(path) && !/no space left/i.test(error.message);
}
