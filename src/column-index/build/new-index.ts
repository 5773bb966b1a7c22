import { renameSync } from 'node:fs';
import { IndexFile, type IndexFileOptions } from '../index-file.ts';
import { Source } from '../read/source.ts';
import { isHeldElsewhere } from '../session.ts';
import { build } from './build.ts';
import { allJobs } from './reader-thread.ts';

export interface NewIndexOptions extends IndexFileOptions {
  /** The libSQL file. */
  readonly databasePath: string;
}

/** Of DuckDB's memory during a build: with all of it a process of 600 MB came to 597 at 20 M jobs. */
const BUILD_PART = 0.6;
/** MB; jobs are read once, in order. */
const SOURCE_CACHE_MB = 4;
/** Of the file until it is complete. */
const UNFINISHED = '.new';

/**
 * An index in the making, in a file of another name that takes the place of the old one when it is complete. It is built at low priority,
 * which a process cannot leave again: another one answers from it.
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
   * Builds it and puts it in its place, which no process may have open; once. Answers its number of jobs. Throws Unsupported and Outdated, and
   * the error of DuckDB where another service builds the same one.
   */
  async build(progress: (rows: number) => void): Promise<number> {
    const path = this.#options.path + UNFINISHED;
    const file = await emptyFile({ ...this.#options, path });
    this.#file = file;
    const jobs = allJobs({ path: this.#options.databasePath, cacheMb: SOURCE_CACHE_MB }, this.#stopped.signal);
    try {
      // What is loaded is written and not looked at again: kept in memory it only takes the room that reading needs.
      const { rows } = await file.withMemory(this.#options.memoryMb * BUILD_PART, () =>
        build({ source: this.#source, jobs, file, progress }),
      );
      this.#close();
      IndexFile.remove(this.#options.path); // its log, too: it must not be taken for one of the new file
      renameSync(path, this.#options.path);
      return rows;
    } finally {
      this.#close();
      this.#source.close();
    }
  }

  /** Ends what runs. */
  interrupt(): void {
    this.#stopped.abort();
    this.#file?.interrupt();
  }

  /** Closed, it is whole without its log. */
  #close(): void {
    this.#file?.close();
    this.#file = undefined;
  }
}

/** A file without anything in it. Deleted is only what could be opened here, or by nobody: another service may be at it. */
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
