import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type Group, groupMembers } from '../jobs/groups.ts';
import { exportPartQuery, exportPartsOf } from '../questions/exported-jobs/duckdb.ts';
import type { ExportPartQuestion } from '../questions/exported-jobs/question.ts';
import type { Question } from '../questions/index-question.ts';
import { pageIdsOf } from '../questions/list/deep-slice.ts';
import { overviewRows } from '../questions/overview/duckdb.ts';
import type { OverviewPart } from '../questions/overview/question.ts';
import { groupColumns } from '../questions/statistics/duckdb.ts';
import type { Summaries, SummaryName } from '../questions/summaries/summary-tables.ts';
import { TIMELINE_COLUMNS } from '../questions/timeline/duckdb.ts';
import { timelineWaitsRows } from '../questions/timeline/job-waits.ts';
import type { FilterContext } from '../questions/where/duckdb.ts';
import { groupsJson, partsJson, rowsJson } from './answer-json.ts';
import { follow } from './apply-changes.ts';
import type { IndexConnection } from './duckdb-connection.ts';
import { IndexFile, type IndexFileOptions, type IndexMeta } from './duckdb-file.ts';
import { PartFiles } from './export-part-files.ts';
import { Outdated } from './index-errors.ts';
import { Interruptible } from './interruptible-call.ts';
import { checkedSummaries, repairedSummaries } from './kept-summaries.ts';
import { type CountingQuestion, queryFor } from './question-to-query.ts';
import { Source } from './source/indexed-database.ts';
import type { OddJob } from './source/job-reader.ts';
import { checkReplaced } from './when-to-rebuild.ts';

export interface IndexSessionOptions extends IndexFileOptions {
  /** Path of the libSQL file. */
  readonly databasePath: string;
  /** True after a process died before it served: the file may be the cause, so it is deleted without being opened. */
  readonly fresh: boolean;
}

/** MB. Changed jobs are read only once, so a small cache is enough. */
const SOURCE_CACHE_MB = 4;

const CHECK_MS = 86_400_000;

/**
 * The index of one process, and the database file that it follows. Calls may overlap: they bring the index up to date
 * one after the other, and then read it at the same time, each on its own connection.
 */
export class IndexSession {
  readonly #source: Source;
  #file: IndexFile | undefined;
  /** Undefined while there is no valid index. */
  #meta: IndexMeta | undefined;
  readonly #shortJobSec: number;
  readonly #partFiles: PartFiles;
  #summariesCheckedAt = 0;
  #repaired: readonly SummaryName[] = [];
  /** Resolves when no call brings the index up to date any more. It never rejects. */
  #followers: Promise<unknown> = Promise.resolve();

  private constructor({ databasePath, path, tempDir, shortJobSec }: IndexSessionOptions) {
    this.#source = new Source(databasePath, SOURCE_CACHE_MB);
    this.#shortJobSec = shortJobSec;
    this.#partFiles = new PartFiles(join(tempDir, `${basename(path)}.parts`));
  }

  /**
   * Opens the existing index. It is valid if it is complete and of this version, and the change record goes back to it.
   */
  static async open(options: IndexSessionOptions): Promise<IndexSession> {
    const held = new IndexSession(options);
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
  async follow(call = new Interruptible()): Promise<number> {
    const { meta } = await this.#followed(call, 'repair', () => {});
    return meta.rows;
  }

  /** The number of jobs, as of the last call. */
  get rows(): number {
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
   * Returns the answer as JSON (answer-json.ts) or as a Parquet file, for the state of the database at the time of the
   * call or later. Returns undefined if the SQL must answer: the question matches a job that the index does not hold,
   * another call changes which jobs these are, or SQLite computes with a matching job in REAL. After Outdated or
   * Unsupported is thrown, the index cannot answer until the next build.
   */
  async ask(question: Question, call = new Interruptible()): Promise<Uint8Array | undefined> {
    const asksTags = question.jobs.conditions.some(({ kind }) => kind === 'tag') || groupsOf(question).includes('tag');
    const { file, meta, inSnapshot } = await this.#followed(call, 'check', ({ odd }) => ({
      readableTags: asksTags ? this.#source.tagsOf(question.jobs.tagScopes) : new Set<bigint>(),
      meetsOdd:
        needsAllJobs(question) &&
        this.#source.anyMatches(
          question.jobs,
          odd.map(({ id }) => id),
        ),
    }));
    if (inSnapshot.meetsOdd) return undefined;
    const { footprintKeys, hasWide, summaries } = meta;
    const { nodePeaks } = question.jobs;
    const index = { footprintKeys, hasWide, readableTags: inSnapshot.readableTags, summaries, nodePeaks };
    const read = (hasLargeProducts: boolean) =>
      file.reading((reader) => call.on(reader, () => this.#read(reader, question, { ...index, hasLargeProducts })));
    const answer = await read(false).catch(orOverflow(() => read(true).catch(orOverflow(() => undefined))));
    return this.#holdsSameJobs(meta) ? answer : undefined;
  }

  /**
   * False if another call has changed which jobs the index does not hold, or whether it has wide ones. An answer that
   * was read meanwhile may lack one of them. `follow` keeps the list itself while it does not change (unsupported-jobs.ts).
   */
  #holdsSameJobs(meta: IndexMeta): boolean {
    return this.odd === meta.odd && this.#meta?.hasWide === meta.hasWide;
  }

  async #read(reader: IndexConnection, question: Question, index: Omit<FilterContext, 'parameters'>) {
    if (question.kind === 'export part') return await this.#partFiles.write(reader, exportPartQuery(question, index));
    return Buffer.from(await this.#readJson(reader, question, index));
  }

  async #readJson(
    reader: IndexConnection,
    question: Exclude<Question, ExportPartQuestion>,
    index: Omit<FilterContext, 'parameters'>,
  ): Promise<string> {
    switch (question.kind) {
      case 'export parts':
        return rowsJson(await reader.transaction(() => exportPartsOf(reader, question, index)));
      case 'page ids':
        return rowsJson(await reader.transaction(() => pageIdsOf(reader, question, index)));
      case 'overview': {
        const { jobs, parts } = question;
        const rows = await reader.transaction(() =>
          overviewRows(reader, question, index, (part, selection) =>
            queryFor({ ...part, jobs }, { ...index, selection }),
          ),
        );
        return partsJson(parts.map((part, at) => this.#answerJson(part, rows[at] ?? [])));
      }
      case 'timeline waits':
        return rowsJson(await reader.transaction(() => timelineWaitsRows(reader, question, index)));
      default:
        return this.#answerJson(question, await reader.rows(queryFor(question, index)));
    }
  }

  #answerJson(question: OverviewPart | CountingQuestion, rows: readonly Record<string, unknown>[]): string {
    if (question.kind === 'timeline') return groupsJson(TIMELINE_COLUMNS, String(rows[0]?.['json']), []);
    if (question.kind !== 'statistics') return rowsJson(rows);
    const { json, ...keys } = rows[0] ?? {};
    const names = groupMembers(question).map(({ id, name, group }, at) => ({
      id,
      name,
      pairs: this.#namesOf(group, String(keys[`key${at}`])),
    }));
    return groupsJson(groupColumns(question), String(json), names);
  }

  /** Names of groups as pairs. Takes and returns a JSON list. */
  #namesOf(group: Group | undefined, keys: string): string {
    if (group === 'user') return this.#source.namesOf(keys);
    return group === 'tag' ? this.#source.tagNamesOf(keys) : '[]';
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

  /** No call may be running, and no call may follow. */
  close(): void {
    this.#file?.close();
    this.#source.close();
  }

  #checkUse(): void {
    if (!this.#source.isInPlace) throw new Outdated('another file has taken the place of the database');
    if (this.#meta !== undefined) checkReplaced(this.#meta);
  }

  /** Takes seconds if summaries must be built again, because SHORT_JOB_S has changed or they do not add up. */
  async #repairSummaries(file: IndexFile, meta: IndexMeta): Promise<IndexMeta> {
    const kept = { ...meta.summaries, shortJobSec: this.#shortJobSec };
    const { summaries, built } = await repairedSummaries(file, kept);
    this.#repaired = built;
    await file.writeMeta({ ...meta, summaries });
    this.#summariesCheckedAt = Date.now();
    return { ...meta, summaries };
  }

  /** Checks once a day, which takes as long as a question about all jobs. */
  async #checkSummaries(file: IndexFile, meta: IndexMeta): Promise<IndexMeta> {
    if (Date.now() - this.#summariesCheckedAt < CHECK_MS) return meta;
    const checked = { ...meta, summaries: await checkedSummaries(file, meta.summaries) };
    await file.writeMeta(checked);
    this.#summariesCheckedAt = Date.now();
    return checked;
  }

  /** Brings the index up to date and calls `read` in the same snapshot of the database. */
  async #followed<Result>(call: Interruptible, summaries: 'repair' | 'check', read: (meta: IndexMeta) => Result) {
    return await this.#inTurn(call, async () => {
      this.#checkUse();
      const [file, known] = [this.#file, this.#meta];
      if (file === undefined || known === undefined) throw new Outdated('there is no index');
      return await this.#source.snapshot(async () => {
        const meta = await call.on(file, async () => {
          const followed = await follow(this.#source, file, known, call.signal);
          this.#meta = followed;
          this.#meta = await (summaries === 'repair'
            ? this.#repairSummaries(file, followed)
            : this.#checkSummaries(file, followed));
          return this.#meta;
        });
        return { file, meta, inSnapshot: read(meta) };
      });
    });
  }

  /** Runs `work` after the calls that came before. Only one at a time can change the index. */
  async #inTurn<Result>(call: Interruptible, work: () => Promise<Result>): Promise<Result> {
    const before = this.#followers;
    const own = Promise.withResolvers<void>();
    this.#followers = Promise.all([before, own.promise]);
    try {
      await call.waitFor(before);
      return await work();
    } finally {
      own.resolve();
    }
  }
}

/** False if an answer may leave out jobs that the index does not hold. */
function needsAllJobs({ kind }: Question): boolean {
  return kind !== 'export parts'; // only the number of jobs of each part
}

/** The groups of all parts of a question. */
function groupsOf(question: Question): readonly Group[] {
  if (question.kind === 'overview') return question.parts.flatMap((part) => groupsOf({ ...part, jobs: question.jobs }));
  const { kind } = question;
  return kind === 'statistics' || kind === 'percentiles' || kind === 'unused' ? (question.groupBy ?? []) : [];
}

/** Returns what to do about an error: `next` after an integer overflow. Others are thrown. */
function orOverflow<Next>(next: () => Next): (error: unknown) => Next {
  return (error) => {
    if (error instanceof Error && /^Out of Range Error: Overflow/.test(error.message)) return next();
    throw error;
  };
}

/** Another service has the index of the same database open. It must not be deleted while that service uses it. */
export function isHeldElsewhere(error: unknown): boolean {
  return (
    error instanceof Error && /could not set lock|conflicting lock|already (open|opened|attached)/i.test(error.message)
  );
}
