import { isUtf8 } from 'node:buffer';
import { statSync } from 'node:fs';
import { type Driver, openDriver, readOnlyUri } from '../db/driver.ts';
import { bound, bytesOf, textOf } from '../db/driver-values.ts';
import { PreparedStatements } from '../db/prepared-statements.ts';
import {
  EVERY_ID,
  idsBehind,
  jobsBetween,
  jobsChanged,
  newKeys,
  newKeysOfChanged,
  type SqliteQuery,
  type Stretch,
} from './rows.ts';
import { Unsuitable } from './unsuitable.ts';

/** Up to where the record of changes has been followed. `mark` is that of its row (migrations/0006). */
export interface Place {
  readonly seq: bigint;
  readonly mark: bigint;
}

/** Jobs as CSV, with what was found out on the way. */
export interface Batch {
  readonly csv: Uint8Array;
  readonly rows: number;
  /** The highest id; 0n without rows. */
  readonly last: bigint;
}

/** Waiting for a lock of a reader: a checkpoint may hold it for a moment. */
const BUSY_TIMEOUT_MS = 100;
/** Characters: that of a batch has 20,000 and more, and a build uses it for every batch. */
const LONG_STATEMENT = 1_048_576;
/** So many changed jobs are worth a second reader. */
const MANY_CHANGES = 1_000;
/** More keys than any configuration has metrics; each is a column. */
const MOST_KEYS = 128;

/** The libSQL file as the index reads it: on connections that cannot write. */
export class Source {
  readonly #db: Driver;
  readonly #statements: PreparedStatements;
  /** Reads beside the first one during a build: the functions that take a job apart keep a core busy. */
  readonly #beside: Driver;
  readonly #besideStatements: PreparedStatements;
  readonly #path: string;
  readonly #inode: bigint;

  private constructor(db: Driver, beside: Driver, path: string, inode: bigint) {
    this.#db = db;
    this.#statements = new PreparedStatements(db, LONG_STATEMENT);
    this.#beside = beside;
    this.#besideStatements = new PreparedStatements(beside, LONG_STATEMENT);
    this.#path = path;
    this.#inode = inode;
  }

  static async open(path: string, cacheMb: number): Promise<Source> {
    const open = async () => {
      const db = openDriver(readOnlyUri(path), BUSY_TIMEOUT_MS);
      db.defaultSafeIntegers(true);
      await db.exec(`PRAGMA query_only = 1; PRAGMA cache_size = -${cacheMb * 1024}; PRAGMA temp_store = 1`);
      return db;
    };
    return new Source(await open(), await open(), path, statSync(path, { bigint: true }).ino);
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
  async newest(statements = this.#statements): Promise<Place> {
    const sql = 'SELECT seq, mark FROM ccjobs_changes ORDER BY seq DESC LIMIT 1';
    const [row] = await this.#all({ sql, parameters: [] }, statements);
    return placeOf(row) ?? { seq: 0n, mark: 0n };
  }

  /** Whether the record still has this place, and so all that came behind it. */
  async has({ seq, mark }: Place): Promise<boolean> {
    const [row] = await this.#all({ sql: 'SELECT seq, mark FROM ccjobs_changes WHERE seq = ?', parameters: [seq] });
    return placeOf(row)?.mark === mark;
  }

  /** The ids of the jobs changed behind a place, each once. */
  async changedIds(from: bigint, to: bigint): Promise<bigint[]> {
    const sql = `SELECT CAST(json_group_array(job_id) AS BLOB) AS ids FROM (SELECT DISTINCT job_id FROM ccjobs_changes
      WHERE seq > ? AND seq <= ? AND job_id IS NOT NULL)`;
    return await this.#list({ sql, parameters: [from, to] }, 'ids', BigInt);
  }

  /** The jobs with these ids that were changed up to `to`, its newest change: many are read by both connections. */
  async changed(
    keys: readonly string[],
    from: bigint,
    to: Place,
    ids: readonly bigint[],
  ): Promise<Batch | 'more keys'> {
    const seqs = { from, to: to.seq };
    const middle = ids.length < MANY_CHANGES ? undefined : ids.toSorted((a, b) => (a < b ? -1 : 1))[ids.length >> 1];
    if (middle === undefined) return await this.#batch(jobsChanged(keys, seqs, EVERY_ID));
    const statements = this.#besideStatements;
    await this.#beside.exec('BEGIN');
    try {
      // Only where both see the same state of the file: else one would see jobs that the other does not.
      const { seq, mark } = await this.newest(statements);
      if (seq !== to.seq || mark !== to.mark) return await this.#batch(jobsChanged(keys, seqs, EVERY_ID));
      const halves = [
        { from: EVERY_ID.from, to: middle },
        { from: middle, to: EVERY_ID.to },
      ];
      const batches = await this.#atOnce(halves.map((half) => jobsChanged(keys, seqs, half)));
      const [low, high] = batches.filter((batch) => batch !== 'more keys');
      return low === undefined || high === undefined ? 'more keys' : joined(low, high);
    } finally {
      await this.#beside.exec('ROLLBACK');
    }
  }

  /** The next `most` jobs behind an id, none at the end. */
  async stretchBehind(from: bigint, most: number): Promise<Stretch | undefined> {
    const [row = {}] = await this.#all(idsBehind(from, most));
    const to = row['nth'] ?? row['last'];
    return typeof to === 'bigint' && to > from ? { from, to } : undefined;
  }

  /** The jobs of two stretches, read at the same time. */
  async both(keys: readonly string[], one: Stretch, other: Stretch): Promise<(Batch | 'more keys')[]> {
    const queries = [one, other].map(({ from, to }) => jobsBetween(keys, from, to));
    return await this.#atOnce(queries);
  }

  async between(keys: readonly string[], { from, to }: Stretch): Promise<Batch | 'more keys'> {
    return await this.#batch(jobsBetween(keys, from, to));
  }

  /** Keys of footprints that these lack, among the jobs behind an id. */
  async moreKeys(keys: readonly string[], id: bigint, most: number): Promise<string[]> {
    return bounded(await this.#list(newKeys(keys, id, most), 'keys', String), keys);
  }

  /** The same among the jobs that changed. */
  async moreKeysOfChanged(keys: readonly string[], from: bigint, to: bigint): Promise<string[]> {
    return bounded(await this.#list(newKeysOfChanged(keys, from, to), 'keys', String), keys);
  }

  /** The tags of these scopes. */
  async tagsOf(scopes: readonly string[]): Promise<Set<bigint>> {
    const sql = `SELECT CAST(json_group_array(id) AS BLOB) AS ids FROM tag
      WHERE tag_scope IN (SELECT value FROM json_each(?))`;
    const parameters = [JSON.stringify(scopes.map((scope) => scope.toWellFormed()))];
    return new Set(await this.#list({ sql, parameters }, 'ids', BigInt));
  }

  /** The names of accounts, as the statement of the statistics reads them. */
  async namesOf(usernames: readonly string[]): Promise<Map<string, string>> {
    const sql = `SELECT CAST(json_group_array(json_array(username, CAST(ifnull(name, '') AS TEXT))) AS BLOB) AS names
      FROM hpc_user WHERE username IN (SELECT value FROM json_each(?))`;
    const pairs = await this.#list({ sql, parameters: [JSON.stringify(usernames)] }, 'names', (pair) => pair);
    return new Map(pairs.flatMap((pair) => (Array.isArray(pair) ? [[String(pair[0]), String(pair[1])]] : [])));
  }

  /** Ends what runs. Never behind close(), which would abort the process. */
  interrupt(): void {
    this.#db.interrupt();
    this.#beside.interrupt();
  }

  close(): void {
    this.#db.close();
    this.#beside.close();
  }

  async #batch(query: SqliteQuery, statements = this.#statements): Promise<Batch | 'more keys'> {
    const [row = {}] = await this.#all(query, statements);
    if (Number(row['unknown']) > 0) return 'more keys';
    const csv = row['csv'] === null ? new Uint8Array() : bytesOf(row['csv']);
    const odd = Number(row['odd']);
    if (odd > 0) throw new Unsuitable(`${odd} jobs around id ${row['last']} have a value of another type or size`);
    if (csv.includes(0) || !isUtf8(csv)) throw new Unsuitable('a job has a text that is no UTF-8 or holds a NUL');
    return { csv, rows: Number(row['rows']), last: BigInt(Number(row['rows']) === 0 ? 0 : String(row['last'])) };
  }

  /** One query on each connection. Both have ended when it has. */
  async #atOnce(queries: readonly SqliteQuery[]): Promise<(Batch | 'more keys')[]> {
    const connections = [this.#statements, this.#besideStatements];
    const ended = await Promise.allSettled(queries.map((query, at) => this.#batch(query, connections[at])));
    return ended.map((each) => {
      if (each.status === 'rejected') throw each.reason;
      return each.value;
    });
  }

  /** Integers of a JSON list beyond 2^53 are kept: `read` gets their digits. */
  async #list<Value>(query: SqliteQuery, column: string, read: (value: string) => Value): Promise<Value[]> {
    const [row = {}] = await this.#all(query);
    const keepDigits = (_key: string, value: unknown, { source }: { source?: string } = {}) =>
      typeof value === 'number' && source !== undefined ? source : value;
    const values: unknown = (JSON.parse as (text: string, reviver: typeof keepDigits) => unknown)(
      textOf(bytesOf(row[column])),
      keepDigits,
    );
    return Array.isArray(values) ? values.map(read) : [];
  }

  async #all({ sql, parameters }: SqliteQuery, statements = this.#statements): Promise<Record<string, unknown>[]> {
    return await statements.use(sql, (statement) => statement.all(parameters.map(bound)));
  }
}

function joined(low: Batch, high: Batch): Batch {
  if (low.rows === 0) return high;
  if (high.rows === 0) return low;
  return { csv: Buffer.concat([low.csv, Buffer.from('\n'), high.csv]), rows: low.rows + high.rows, last: high.last };
}

function placeOf(row: Record<string, unknown> | undefined): Place | undefined {
  if (typeof row?.['seq'] !== 'bigint' || typeof row['mark'] !== 'bigint') return undefined;
  return { seq: row['seq'], mark: row['mark'] };
}

function bounded(more: string[], keys: readonly string[]): string[] {
  if (more.length + keys.length > MOST_KEYS) throw new Unsuitable(`footprints have more than ${MOST_KEYS} keys`);
  return more;
}
