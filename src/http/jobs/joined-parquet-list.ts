import type { Context } from 'hono';
import type { Deadline } from '../../deadline.ts';
import type { TableColumn } from '../../jobs/export-format.ts';
import type { VisibleJobs } from '../../jobs/visibility.ts';
import type { JoinedFile, ParquetFile, ParquetPart } from '../../parquet/parquet-port.ts';
import type { ExportedPart } from '../../questions/exported-jobs/parts.ts';
import type { JobsListOptions } from '../../questions/list/batches.ts';
import { beginParquet } from '../exports/export-answer.ts';
import { ResponseBytes } from '../limits/unsent-bytes.ts';
import type { AppEnv } from '../service.ts';
import { type Batches, JobsList } from './jobs-list.ts';

/**
 * All jobs of a list as a Parquet file that is joined from small ones. The column index writes them, each as a question
 * of its own, so that a client that does not read keeps nothing busy. SQLite reads the jobs of a part that the index
 * does not write.
 */
export class JoinedList implements Batches {
  readonly #c: Context<AppEnv>;
  readonly #options: JobsListOptions;
  readonly #file: ParquetFile;
  readonly #joined: JoinedFile;
  readonly #bytes: AsyncGenerator<Uint8Array, void, void>;
  readonly #unsent: ResponseBytes;
  readonly #closed = new AbortController();
  #deadline: () => Deadline;

  private constructor(c: Context<AppEnv>, options: JobsListOptions, parts: readonly ExportedPart[], file: ParquetFile) {
    const deadline = c.get('deadline');
    this.#c = c;
    this.#options = options;
    this.#file = file;
    this.#joined = file.joined();
    this.#unsent = new ResponseBytes(c.get('held'), deadline.caller);
    this.#deadline = () => ({ ...deadline, clear() {} }); // the middleware of the request clears it
    this.#bytes = this.#joined.bytes(this.#parts(parts));
  }

  /** Waits until a file may be written. Returns undefined if the index cannot write all jobs as these columns. */
  static async open(
    c: Context<AppEnv>,
    jobs: VisibleJobs,
    options: JobsListOptions,
    columns: readonly TableColumn[],
  ): Promise<JoinedList | undefined> {
    const { table, page, itemsPerPage, nowSec } = options;
    if (table === undefined || page !== 1 || itemsPerPage !== Number.MAX_SAFE_INTEGER) return undefined;
    const deadline = c.get('deadline');
    const parts = await c.get('jobs').exportedParts(jobs, { columns: table.columns, nowSec }, deadline);
    if (parts === undefined) return undefined;
    deadline.signal.throwIfAborted(); // the caller has received a 504, and nothing would end a new stream
    c.get('held').checkRoom(deadline.caller);
    const file = await beginParquet(c, columns);
    return new JoinedList(c, options, parts, file);
  }

  get rows(): number {
    return this.#joined.rows;
  }

  goOnWithin(deadline: () => Deadline): void {
    this.#deadline = deadline;
  }

  async next(): Promise<{ bytes: Uint8Array } | undefined> {
    const { value } = await this.#bytes.next();
    return value === undefined ? undefined : { bytes: value };
  }

  close(): void {
    this.#closed.abort();
    void this.#bytes.return().catch(() => {}); // runs its finally blocks even if no more bytes are requested
    this.#unsent.close();
    this.#file.close();
  }

  /** The next part is written while the client takes one. */
  async *#parts(parts: readonly ExportedPart[]): AsyncGenerator<ParquetPart, void, void> {
    const { signal } = this.#closed;
    const held = this.#c.get('held');
    const { caller } = this.#c.get('deadline');
    let ahead: Promise<Uint8Array | undefined> | undefined;
    for (const [at, part] of parts.entries()) {
      const bytes = await (ahead ?? this.#written(part));
      const following = parts[at + 1];
      ahead = following !== undefined && held.hasSpareRoom(caller) ? this.#written(following) : undefined;
      ahead?.catch(() => {}); // thrown by its await, unless the client has left
      if (bytes === undefined) {
        yield this.#file.bytes(this.#rows(part), signal);
      } else {
        yield [bytes];
        this.#unsent.give(bytes.byteLength);
      }
    }
  }

  async #written(part: ExportedPart): Promise<Uint8Array | undefined> {
    const deadline = this.#deadline();
    try {
      const bytes = await part.file(deadline);
      this.#unsent.add(bytes?.byteLength ?? 0);
      return bytes;
    } finally {
      deadline.clear();
    }
  }

  async *#rows(part: ExportedPart): AsyncGenerator<Uint8Array, void, void> {
    const list = new JobsList(this.#c, part.jobs, this.#options);
    list.goOnWithin(() => this.#deadline());
    try {
      for (let batch = await list.next(); batch !== undefined; batch = await list.next()) yield batch.bytes;
    } finally {
      list.close();
    }
  }
}
