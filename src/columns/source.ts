import { statSync } from 'node:fs';
import { type Driver, openReader } from '../db/driver/driver.ts';
import { bound, bytesOf, textOf } from '../db/driver/driver-values.ts';
import { PreparedStatements } from '../db/driver/prepared-statements.ts';
import { type Batch, JobReader } from './rows/job-reader.ts';
import { newKeys } from './rows/keys.ts';
import type { SqliteQuery } from './rows/query.ts';
import { between, firstBehind, type Stretch, stretchOf, withIds } from './rows/which.ts';
import { Unsuitable } from './unsuitable.ts';

/** Up to where the record of changes has been followed. `mark` is that of its row (migrations/0006). */
export interface Place {
  readonly seq: bigint;
  readonly mark: bigint;
}

/** Waiting for a lock of a reader: a checkpoint may hold it for a moment. */
const BUSY_TIMEOUT_MS = 100;
/** Characters: that of a batch has 20,000 and more, and a build uses it for every batch. */
const LONG_STATEMENT = 1_048_576;
const LAST_ID = 2n ** 63n - 1n;
/** More keys than any configuration has metrics; each is a column. */
const MOST_KEYS = 128;

/** The libSQL file as the index reads it: on a connection that cannot write. */
export class Source {
  readonly #db: Driver;
  readonly #statements: PreparedStatements;
  readonly #path: string;
  readonly #inode: bigint;
  readonly #jobs: JobReader;

  private constructor(db: Driver, path: string, inode: bigint) {
    this.#db = db;
    this.#statements = new PreparedStatements(db, LONG_STATEMENT);
    this.#jobs = new JobReader(async (query) => (await this.#all(query))[0] ?? {});
    this.#path = path;
    this.#inode = inode;
  }

  static async open(path: string, cacheMb: number): Promise<Source> {
    const db = openReader(path, BUSY_TIMEOUT_MS);
    db.defaultSafeIntegers(true);
    await db.exec(`PRAGMA query_only = 1; PRAGMA cache_size = -${cacheMb * 1024}; PRAGMA temp_store = 1`);
    return new Source(db, path, statSync(path, { bigint: true }).ino);
  }

  /** False when another file has taken the place of ours. */
  get isInPlace(): boolean {
    return statSync(this.#path, { bigint: true, throwIfNoEntry: false })?.ino === this.#inode;
  }

  /** Runs `work` on one state of the file. */
  async snapshot<Result>(work: () => Promise<Result>): Promise<Result> {
    await this.#db.exec('BEGIN');
    try {
      return await work();
    } finally {
      if (this.#db.inTransaction) await this.#db.exec('ROLLBACK');
    }
  }

  /** The newest change. */
  async newest(): Promise<Place> {
    const sql = 'SELECT seq, mark FROM ccjobs_changes ORDER BY seq DESC LIMIT 1';
    const [row] = await this.#all({ sql, parameters: [] });
    return placeOf(row) ?? { seq: 0n, mark: 0n };
  }

  /** Whether the record still has this place, and so all that came behind it. */
  async has({ seq, mark }: Place): Promise<boolean> {
    const [row] = await this.#all({ sql: 'SELECT seq, mark FROM ccjobs_changes WHERE seq = ?', parameters: [seq] });
    return placeOf(row)?.mark === mark;
  }

  /** The ids of the jobs changed behind a place, each once, the lowest first. */
  async changedIds(from: bigint, to: bigint): Promise<bigint[]> {
    const sql = `SELECT CAST(group_concat(job_id) AS BLOB) AS ids FROM (SELECT DISTINCT job_id FROM ccjobs_changes
      WHERE seq > ? AND seq <= ? AND job_id IS NOT NULL ORDER BY 1)`;
    return await this.#ids({ sql, parameters: [from, to] });
  }

  /** The jobs with these ids, the lowest first, as far as they are there. Those that were started one after another are read as neighbours. */
  async jobsOf(keys: readonly string[], ids: readonly bigint[]): Promise<Batch | 'more keys'> {
    const stretch = stretchOf(ids);
    return await this.#jobs.read(keys, stretch === undefined ? withIds(ids) : between(stretch));
  }

  /**
   * The next stretches of ids with jobs behind an id, each up to `most` long, `jobs` in all; none at the end. As many jobs where none was deleted:
   * to count them took a walk over the pages that are read again then. Jobs that come into it later stand in the record of changes.
   */
  async stretchesBehind(from: bigint, most: number, jobs: number): Promise<Stretch[]> {
    const stretches: Stretch[] = [];
    let last = from;
    for (let left = jobs; left > 0; left -= most) {
      const parameters = [last];
      const [row = {}] = await this.#all({ sql: 'SELECT min(id) AS first FROM job WHERE id > ?', parameters });
      const { first } = row;
      if (typeof first !== 'bigint') break;
      const to = first + BigInt(Math.min(most, left)) - 1n;
      last = to < LAST_ID ? to : LAST_ID;
      stretches.push({ from: first - 1n, to: last });
    }
    return stretches;
  }

  async between(keys: readonly string[], stretch: Stretch): Promise<Batch | 'more keys'> {
    return await this.#jobs.read(keys, between(stretch));
  }

  /** Keys of footprints that these lack, among the jobs behind an id. */
  async moreKeys(keys: readonly string[], id: bigint, most: number): Promise<string[]> {
    return bounded(await this.#list(newKeys(keys, firstBehind(id, most)), 'keys', String), keys);
  }

  /** The same among the jobs with these ids. */
  async moreKeysOf(keys: readonly string[], ids: readonly bigint[]): Promise<string[]> {
    return bounded(await this.#list(newKeys(keys, withIds(ids)), 'keys', String), keys);
  }

  /** The tags of these scopes. */
  async tagsOf(scopes: readonly string[]): Promise<Set<bigint>> {
    const sql = `SELECT CAST(group_concat(id) AS BLOB) AS ids FROM tag
      WHERE tag_scope IN (SELECT value FROM json_each(?))`;
    const parameters = [JSON.stringify(scopes.map((scope) => scope.toWellFormed()))];
    return new Set(await this.#ids({ sql, parameters }));
  }

  /** Pairs of the names of accounts, as the statement of the statistics reads them; of a JSON list to a JSON list. */
  async namesOf(usernames: string): Promise<string> {
    const sql = `SELECT CAST(json_group_array(json_array(username, CAST(ifnull(name, '') AS TEXT))) AS BLOB) AS names
      FROM hpc_user WHERE username IN (SELECT value FROM json_each(?))`;
    const [row = {}] = await this.#all({ sql, parameters: [usernames] });
    return textOf(bytesOf(row['names']));
  }

  /** Ends what runs. Never behind close(), which would abort the process. */
  interrupt(): void {
    this.#db.interrupt();
  }

  close(): void {
    this.#db.close();
  }

  /** `ids` of a query: whole numbers with commas between them, NULL for none. */
  async #ids(query: SqliteQuery): Promise<bigint[]> {
    const [row = {}] = await this.#all(query);
    return row['ids'] === null ? [] : textOf(bytesOf(row['ids'])).split(',').map(BigInt);
  }

  /** A list of JSON. */
  async #list<Value>(query: SqliteQuery, column: string, read: (value: unknown) => Value): Promise<Value[]> {
    const [row = {}] = await this.#all(query);
    const values: unknown = JSON.parse(textOf(bytesOf(row[column])));
    return Array.isArray(values) ? values.map(read) : [];
  }

  async #all({ sql, parameters }: SqliteQuery): Promise<Record<string, unknown>[]> {
    return await this.#statements.use(sql, (statement) => statement.all(parameters.map(bound)));
  }
}

function placeOf(row: Record<string, unknown> | undefined): Place | undefined {
  if (typeof row?.['seq'] !== 'bigint' || typeof row['mark'] !== 'bigint') return undefined;
  return { seq: row['seq'], mark: row['mark'] };
}

function bounded(more: string[], keys: readonly string[]): string[] {
  if (more.length === 0) throw new Error('a footprint has a key that cannot be found');
  if (more.length + keys.length > MOST_KEYS) throw new Unsuitable(`footprints have more than ${MOST_KEYS} keys`);
  return more;
}
