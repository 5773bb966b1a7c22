import { existsSync } from 'node:fs';
import { pageIdsOf } from '../questions/list/deep-slice.ts';
import type { Question } from '../questions/question.ts';
import { groupColumns } from '../questions/statistics/duckdb.ts';
import type { Summaries, SummaryName } from '../questions/summaries/summary-tables.ts';
import { groupsJson, rowsJson } from './answer-json.ts';
import { follow, isChurned } from './follow.ts';
import { Outdated } from './index-errors.ts';
import { IndexFile, type IndexFileOptions, type IndexMeta } from './index-file.ts';
import { queryFor } from './query-for.ts';
import type { OddJob } from './read/job-reader.ts';
import { Source } from './read/source.ts';
import { checkedSummaries, repairedSummaries } from './summaries.ts';

export interface IndexSessionOptions extends IndexFileOptions {
  /** Path of the libSQL file. */
  readonly databasePath: string;
  /** True after a process died before it served: the file may be the cause, so it is deleted without being opened. */
  readonly fresh: boolean;
}

/** MB. Changed jobs are read only once, so a small cache is enough. */
const SOURCE_CACHE_MB = 4;

const CHECK_MS = 86_400_000;

/** The index of one process, and the database file that it follows. It runs one call at a time. */
export class IndexSession {
  readonly #source: Source;
  #file: IndexFile | undefined;
  /** Undefined while there is no valid index. */
  #meta: IndexMeta | undefined;
  readonly #shortJobSec: number;
  #summariesCheckedAt = 0;
  #repaired: readonly SummaryName[] = [];
  /** Aborts the latest read of changed jobs. */
  #following: AbortController | undefined;

  private constructor(source: Source, shortJobSec: number) {
    this.#source = source;
    this.#shortJobSec = shortJobSec;
  }

  /**
   * Opens the existing index. It is valid if it is complete and of this version, and the change record goes back to it.
   */
  static async open(options: IndexSessionOptions): Promise<IndexSession> {
    const held = new IndexSession(new Source(options.databasePath, SOURCE_CACHE_MB), options.shortJobSec);
    if (options.fresh) IndexFile.remove(options.path);
    try {
      if (!existsSync(options.path)) return held; // only a build creates an index
      held.#file = await IndexFile.open(options);
      const meta = await held.#file.meta();
      if (meta !== undefined && held.#source.has(meta.upTo)) held.#meta = meta;
    } catch (error) {
      if (isHeldElsewhere(error)) throw error;
      held.#meta = undefined; // it is not a valid index
    }
    return held;
  }

  /**
   * Brings the index up to date, repairs its summaries, and returns its number of jobs. Throws Unsupported, or Outdated
   * if a build is due.
   */
  async follow(): Promise<number> {
    this.#checkUse();
    await this.#followed(() => {});
    await this.#repairSummaries();
    return this.#meta?.rows ?? 0;
  }

  /** The jobs that the index does not hold, as of the last call. */
  get odd(): readonly OddJob[] {
    return this.#meta?.odd ?? [];
  }

  /** The summaries, as of the last call. */
  get summaries(): Summaries | undefined {
    return this.#meta?.summaries;
  }

  /** The summaries that `follow` has built again. */
  get repaired(): readonly SummaryName[] {
    return this.#repaired;
  }

  /**
   * Returns the answer as JSON (answer-json.ts), for the state of the database at the time of the call or later.
   * Returns undefined if the question matches a job that the index does not hold. After Outdated or Unsupported is
   * thrown, the index cannot answer until the next build.
   */
  async ask(question: Question): Promise<string | undefined> {
    this.#checkUse();
    const asksTags = question.jobs.conditions.some(({ kind }) => kind === 'tag');
    const { readableTags, meetsOdd } = await this.#followed(() => ({
      readableTags: asksTags ? this.#source.tagsOf(question.jobs.tagScopes) : new Set<bigint>(),
      meetsOdd: this.#source.anyMatches(
        question.jobs,
        this.odd.map(({ id }) => id),
      ),
    }));
    if (meetsOdd) return undefined;
    if (this.#file === undefined || this.#meta === undefined) throw new Outdated('there is no index');
    await this.#checkSummaries();
    const { footprintKeys, summaries } = this.#meta;
    const index = { footprintKeys, readableTags, summaries };
    if (question.kind === 'page ids') return rowsJson(await pageIdsOf(this.#file, question, index));
    const rows = await this.#file.rows(queryFor(question, index));
    if (question.kind !== 'statistics') return rowsJson(rows);
    const { json, ids } = rows[0] ?? {};
    const names = question.groupBy === 'user' ? this.#source.namesOf(String(ids)) : undefined;
    return groupsJson(groupColumns(question), String(json), names);
  }

  /** The effective settings of DuckDB. */
  async settings(): Promise<Record<string, string>> {
    const names = [
      'memory_limit',
      'threads',
      'temp_directory',
      'max_temp_directory_size',
      'autoinstall_known_extensions',
    ];
    const columns = names.map((name) => `CAST(current_setting('${name}') AS VARCHAR) AS ${name}`);
    const [row = {}] = (await this.#file?.rows({ sql: `SELECT ${columns.join(', ')}`, parameters: [] })) ?? [];
    return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, String(value)]));
  }

  /** Stops the current work: a statement of the index, or the reading of changed jobs after the current chunk. */
  interrupt(): void {
    this.#following?.abort();
    this.#file?.interrupt();
  }

  /** No call may be running, and no call may follow. */
  close(): void {
    this.#file?.close();
    this.#source.close();
  }

  #checkUse(): void {
    if (!this.#source.isInPlace) throw new Outdated('another file has taken the place of the database');
    if (this.#meta !== undefined && isChurned(this.#meta))
      throw new Outdated('so much was replaced that scans are slow');
  }

  /** Takes seconds if summaries must be built again, because SHORT_JOB_S has changed or they do not add up. */
  async #repairSummaries(): Promise<void> {
    const [file, meta] = [this.#file, this.#meta];
    if (file === undefined || meta === undefined) return;
    const kept = { ...meta.summaries, shortJobSec: this.#shortJobSec };
    const { summaries, built } = await repairedSummaries(file, kept);
    this.#meta = { ...meta, summaries };
    this.#repaired = built;
    await file.writeMeta(this.#meta);
    this.#summariesCheckedAt = Date.now();
  }

  /** Checks once a day, which takes as long as a question about all jobs. */
  async #checkSummaries(): Promise<void> {
    const [file, meta] = [this.#file, this.#meta];
    if (file === undefined || meta === undefined || Date.now() - this.#summariesCheckedAt < CHECK_MS) return;
    this.#meta = { ...meta, summaries: await checkedSummaries(file, meta.summaries) };
    await file.writeMeta(this.#meta);
    this.#summariesCheckedAt = Date.now();
  }

  /** Brings the index up to date and runs `also` on the same state of the database. */
  async #followed<Result>(also: () => Result): Promise<Result> {
    const [file, meta] = [this.#file, this.#meta];
    if (file === undefined || meta === undefined) throw new Outdated('there is no index');
    const following = new AbortController();
    this.#following = following;
    return await this.#source.snapshot(async () => {
      this.#meta = await follow(this.#source, file, meta, following.signal);
      return also();
    });
  }
}

/** Another service has the index of the same database open. It must not be deleted while that service uses it. */
export function isHeldElsewhere(error: unknown): boolean {
  return (
    error instanceof Error && /could not set lock|conflicting lock|already (open|opened|attached)/i.test(error.message)
  );
}
