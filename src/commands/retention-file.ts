import { type FileHandle, open, stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Database } from '../db/port.ts';
import { within } from '../deadline.ts';
import { exportOf } from '../questions/retention/sqlite.ts';
import { StartupError } from '../startup-error.ts';

const zip = promisify(gzip);
const STEP_LIMIT_MS = 60_000;

/**
 * A gzip file with one job per line. Each batch is a gzip member of its own (RFC 1952 allows concatenation) and is on
 * disk before its jobs are deleted. The database records up to which length the file is valid, so an interrupted run
 * neither duplicates nor loses a job.
 */
export class ExportFile {
  readonly path: string;
  readonly #file: FileHandle;
  readonly #db: Database;
  #bytes: number;

  private constructor(path: string, file: FileHandle, db: Database, bytes: number) {
    this.path = path;
    this.#file = file;
    this.#db = db;
    this.#bytes = bytes;
  }

  /** Opens a new file, or continues the file of an interrupted run. Throws StartupError for any other existing file. */
  static async open(path: string, db: Database): Promise<ExportFile> {
    const [known] = await within(STEP_LIMIT_MS, (deadline) => db.read(exportOf(path), deadline));
    const length = await stat(path).then(
      ({ size }) => size,
      () => undefined,
    );
    if (known === undefined && length !== undefined)
      throw new StartupError(`${path} already exists: choose a new file`);
    if (known !== undefined && (length === undefined || length < known.bytes)) {
      throw new StartupError(
        `${path} is missing jobs that were exported to it and then deleted: restore the file, or choose a new file`,
      );
    }
    const file = await open(path, known === undefined ? 'wx' : 'r+').catch((cause: unknown) => {
      throw new StartupError(`${path} cannot be written: ${cause instanceof Error ? cause.message : cause}`, { cause });
    });
    const bytes = known?.bytes ?? 0;
    await file.truncate(bytes); // jobs after this length were not deleted and are exported again
    return new ExportFile(path, file, db, bytes);
  }

  /** Appends lines and waits until they are on disk. Returns the length of the file. */
  async append(lines: readonly string[]): Promise<number> {
    const packed = await zip(`${lines.join('\n')}\n`);
    await this.#file.write(packed, 0, packed.length, this.#bytes);
    await this.#file.sync();
    this.#bytes += packed.length;
    return this.#bytes;
  }

  /** Records that the file is complete. */
  async ended(): Promise<void> {
    await within(STEP_LIMIT_MS, (deadline) => this.#db.write('exportEnded', { path: this.path }, deadline));
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}
