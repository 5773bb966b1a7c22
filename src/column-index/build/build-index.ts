import { renameSync } from 'node:fs';
import { IndexFile, type IndexFileOptions } from '../duckdb-file.ts';
import { isHeldElsewhere } from '../index-session.ts';
import { Source } from '../source/indexed-database.ts';
import { fillIndex } from './fill-index.ts';
import { allJobs } from './reader-thread.ts';

export interface NewIndexOptions extends IndexFileOptions {
  /** Path of the libSQL file. */
  readonly databasePath: string;
}

/** Fraction of DuckDB's memory used during a build. With all of it, a process of 600 MB reached 597 MB at 20 M jobs. */
const BUILD_PART = 0.6;
/** MB. Jobs are read once, in order. */
const SOURCE_CACHE_MB = 4;
/** Suffix of the file until it is complete. */
const UNFINISHED = '.new';

/**
 * An index under construction. Its file has another name and replaces the old file when it is complete. The build runs
 * at low priority, which a process cannot leave again. Therefore another process answers from the index.
 */
export class NewIndex {
  readonly #source: Source;
  readonly #options: NewIndexOptions;
  readonly #stopped = new AbortController();
  #file: IndexFile | undefined;

  private constructor(source: Source, options: NewIndexOptions) {
    this.#source = source;
    this.#options = options;
  }

  static async open(options: NewIndexOptions): Promise<NewIndex> {
    return new NewIndex(new Source(options.databasePath, SOURCE_CACHE_MB), options);
  }

  /**
   * Builds the index and moves it into place. Call it once, while no process has the old file open. Returns the number
   * of jobs. Throws Unsupported, Outdated, or the error of DuckDB if another service builds the same index.
   */
  async build(progress: (rows: number) => void): Promise<number> {
    const path = this.#options.path + UNFINISHED;
    const file = await emptyFile({ ...this.#options, path });
    this.#file = file;
    const jobs = allJobs({ path: this.#options.databasePath, cacheMb: SOURCE_CACHE_MB }, this.#stopped.signal);
    try {
      // Loaded data is written and not read again. To cache it would only take memory that reading needs.
      const { rows } = await file.withMemory(this.#options.memoryMb * BUILD_PART, () =>
        fillIndex({ source: this.#source, jobs, file, shortJobSec: this.#options.shortJobSec, progress }),
      );
      this.#close();
      IndexFile.remove(this.#options.path); // with its log, which must not be applied to the new file
      renameSync(path, this.#options.path);
      return rows;
    } finally {
      this.#close();
      this.#source.close();
    }
  }

  /** Stops the current work. */
  interrupt(): void {
    this.#stopped.abort();
    this.#file?.interrupt();
  }

  /** A closed file is complete without its log. */
  #close(): void {
    this.#file?.close();
    this.#file = undefined;
  }
}

/** Creates an empty file. It deletes an old file only if no other service has it open. */
async function emptyFile(options: IndexFileOptions): Promise<IndexFile> {
  await IndexFile.open(options).then(
    (unfinished) => unfinished.close(),
    (error: unknown) => {
      if (isHeldElsewhere(error)) throw error;
    },
  );
  IndexFile.remove(options.path);
  return await IndexFile.open(options);
}
