import { isUtf8 } from 'node:buffer';
import { statSync } from 'node:fs';
import { type Driver, openDriver, readOnlyUri } from '../db/driver.ts';
import { bound, bytesOf, giveBack, textOf } from '../db/driver-values.ts';
import { PreparedStatements } from '../db/prepared-statements.ts';
import { carefulRows } from './rows/careful.ts';
import { newKeys } from './rows/keys.ts';
import { plainRows } from './rows/plain.ts';
import { PlainLineReader, type PlainLines } from './rows/plain-lines.ts';
import type { SqliteQuery } from './rows/query.ts';
import { between, firstBehind, type Stretch, type Which, withIds } from './rows/which.ts';
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
}

/** Waiting for a lock of a reader: a checkpoint may hold it for a moment. */
const BUSY_TIMEOUT_MS = 100;
/** Characters: that of a batch has 20,000 and more, and a build uses it for every batch. */
const LONG_STATEMENT = 1_048_576;
const LAST_ID = 2n ** 63n - 1n;
/** Batches. */
const MOST_CARE = 64;
/** More keys than any configuration has metrics; each is a column. */
const MOST_KEYS = 128;

/** The libSQL file as the index reads it: on a connection that cannot write. */
export class Source {
  readonly #db: Driver;
  readonly #statements: PreparedStatements;
  readonly #path: string;
  readonly #inode: bigint;
  /** Batches that are read with care before it is tried again without, and how many it will be the next time. */
  #care = { left: 0, next: 1 };
  /** Of the keys that were asked for last. */
  #reader: { keys: readonly string[]; lines: PlainLineReader } | undefined;

  private constructor(db: Driver, path: string, inode: bigint) {
    this.#db = db;
    this.#statements = new PreparedStatements(db, LONG_STATEMENT);
    this.#path = path;
    this.#inode = inode;
  }

  static async open(path: string, cacheMb: number): Promise<Source> {
    const db = openDriver(readOnlyUri(path), BUSY_TIMEOUT_MS);
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
    const sql = `SELECT CAST(json_group_array(job_id) AS BLOB) AS ids FROM (SELECT DISTINCT job_id FROM ccjobs_changes
      WHERE seq > ? AND seq <= ? AND job_id IS NOT NULL ORDER BY 1)`;
    return await this.#list({ sql, parameters: [from, to] }, 'ids', BigInt);
  }

  /** The jobs with these ids, as far as they are there. */
  async jobsOf(keys: readonly string[], ids: readonly bigint[]): Promise<Batch | 'more keys'> {
    return await this.#batch(keys, withIds(ids));
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
    return await this.#batch(keys, between(stretch));
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
  }

  close(): void {
    this.#db.close();
  }

  /**
   * Most jobs are plain, and SQLite only hands them out. The others it takes apart with care, three times as slow: where they are most of a batch, the
   * next batches are all read with care at once.
   */
  async #batch(keys: readonly string[], which: Which): Promise<Batch | 'more keys'> {
    if (this.#care.left > 0) {
      this.#care.left -= 1;
      return await this.#readWithCare(keys, which);
    }
    const plain = await this.#readPlain(keys, which);
    if (plain === 'more keys') return plain;
    const { ids, rows, csv } = plain;
    if (ids.length <= rows) this.#care.next = 1;
    else this.#care = { left: this.#care.next, next: Math.min(MOST_CARE, this.#care.next * 2) };
    if (ids.length === 0) return checked({ rows, csv });
    const others = await this.#readWithCare(keys, withIds(ids));
    if (others === 'more keys') return others;
    return checked({ rows: rows + others.rows, csv: joined(csv, others.csv) });
  }

  async #readPlain(keys: readonly string[], which: Which): Promise<PlainLines | 'more keys'> {
    const [row = {}] = await this.#all(plainRows(which));
    if (row['lines'] === null) return { csv: new Uint8Array(), rows: 0, ids: [] };
    const lines = bytesOf(row['lines']);
    if (this.#reader?.keys !== keys) this.#reader = { keys, lines: new PlainLineReader(keys) };
    const plain = this.#reader.lines.read(lines);
    giveBack(lines);
    return plain;
  }

  async #readWithCare(keys: readonly string[], which: Which): Promise<Batch | 'more keys'> {
    const [row = {}] = await this.#all(carefulRows(keys, which));
    if (Number(row['unknown']) > 0) return 'more keys';
    const odd = Number(row['odd']);
    if (odd > 0) throw new Unsuitable(`${odd} jobs up to id ${row['last']} have a value of another type or size`);
    return checked({
      csv: row['csv'] === null ? new Uint8Array() : bytesOf(row['csv']),
      rows: Number(row['rows']),
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

  async #all({ sql, parameters }: SqliteQuery): Promise<Record<string, unknown>[]> {
    return await this.#statements.use(sql, (statement) => statement.all(parameters.map(bound)));
  }
}

function placeOf(row: Record<string, unknown> | undefined): Place | undefined {
  if (typeof row?.['seq'] !== 'bigint' || typeof row['mark'] !== 'bigint') return undefined;
  return { seq: row['seq'], mark: row['mark'] };
}

function checked(batch: Batch): Batch {
  if (batch.csv.includes(0) || !isUtf8(batch.csv)) {
    throw new Unsuitable('a job has a text that is no UTF-8 or holds a NUL');
  }
  return batch;
}

function joined(csv: Uint8Array, more: Uint8Array): Uint8Array {
  if (csv.length === 0) return more;
  if (more.length === 0) return csv; // they have gone meanwhile
  return Buffer.concat([csv, Buffer.from('\n'), more]);
}

function bounded(more: string[], keys: readonly string[]): string[] {
  if (more.length === 0) throw new Error('a footprint has a key that cannot be found');
  if (more.length + keys.length > MOST_KEYS) throw new Unsuitable(`footprints have more than ${MOST_KEYS} keys`);
  return more;
}
