import { readOnlyUri, Sqlite } from '../db/driver/node-sqlite.ts';
import { START_BUSY_LIMIT_MS } from '../db/driver/pragmas.ts';
import { SQLITE, sqliteCode } from '../db/driver/sqlite-faults.ts';
import { logBytesOf } from '../db/driver/wal-bytes.ts';
import { startupErrorOf } from '../db/startup-errors.ts';
import { StartupError } from '../startup-error.ts';

/** 4 MB of pages of the usual size: a few milliseconds between two looks at the log and at the signal. */
const PAGES_PER_STEP = 1_000;

export interface CopyOptions {
  /** The copy ends when the log of the database exceeds this size in bytes: nothing can empty it meanwhile. */
  mostLogBytes: number;
  signal: AbortSignal;
  progress: (copiedBytes: number) => void;
}

/**
 * A database as it is at one moment, while other programs write to it. It is one read transaction, for two reasons:
 * without one, a commit of another program would start a copy again from its first page, and a service that writes
 * would never let it finish (measured: no copy of 250 MB within 7 s under 250 commits a second, 1.1 s with it).
 */
export class Snapshot {
  readonly #db: Sqlite;
  readonly #path: string;
  readonly #pageBytes: number;
  /** Size of the database in bytes. */
  readonly bytes: number;

  private constructor(db: Sqlite, path: string) {
    this.#db = db;
    this.#path = path;
    this.#pageBytes = this.#pragma('page_size');
    this.bytes = this.#pragma('page_count') * this.#pageBytes;
  }

  /** Opens a database without the ability to write to it. */
  static open(path: string): Snapshot {
    const db = new Sqlite(readOnlyUri(path), { busyTimeoutMs: START_BUSY_LIMIT_MS, readOnly: true });
    try {
      db.exec('BEGIN');
      db.all('SELECT count(*) FROM sqlite_schema'); // the transaction begins with its first read
      return new Snapshot(db, path);
    } catch (error) {
      db.close();
      throw error;
    }
  }

  /** Copies the database to a new file or an empty one. Throws StartupError if it stops before the end. */
  async copyTo(target: string, { mostLogBytes, signal, progress }: CopyOptions): Promise<void> {
    const copied = this.#db.copyTo(target, PAGES_PER_STEP, (pagesLeft) => {
      if (signal.aborted) throw new StartupError('stopped: nothing was kept');
      if (logBytesOf(this.#path) > mostLogBytes) {
        throw new StartupError(
          `given up: other programs have written ${Math.round(mostLogBytes / 2 ** 20)} MB to ${this.#path}-wal meanwhile, ` +
            'which cannot be emptied during a backup. Try again at a quieter time, or with a larger --log-limit',
        );
      }
      progress(this.bytes - pagesLeft * this.#pageBytes);
    });
    await copied.catch((error: unknown) => {
      const damaged = sqliteCode(error) === SQLITE.CORRUPT;
      throw startupErrorOf(error, damaged ? this.#path : target) ?? error;
    });
  }

  close(): void {
    this.#db.close();
  }

  #pragma(name: 'page_size' | 'page_count'): number {
    return Number(this.#db.all(`PRAGMA ${name}`)[0]?.[name]);
  }
}
