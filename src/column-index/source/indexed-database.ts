import { statSync } from 'node:fs';
import { readOnlyUri, Sqlite } from '../../db/driver/node-sqlite.ts';
import type { SqlValue } from '../../db/statement.ts';
import type { VisibleJobs } from '../../jobs/visibility.ts';
import { anyOfThese } from '../../questions/where/any-of-these.ts';
import { Unsupported } from '../index-errors.ts';
import type { FootprintKeys } from './footprint-keys.ts';
import { JobReader, type Jobs } from './job-reader.ts';

/** A row of the change record (migrations/0006). The index contains all changes up to it. */
export interface ChangeMark {
  readonly seq: bigint;
  readonly mark: bigint;
}

/** Time to wait for a lock of a reader. A checkpoint may hold it for a moment. */
const BUSY_TIMEOUT_MS = 100;

/**
 * The database file as the index reads it, on a read-only connection. Statements run on the JS thread and cannot be
 * interrupted, so each of them is short.
 */
export class Source {
  readonly #db: Sqlite;
  readonly #path: string;
  readonly #inode: bigint;
  readonly #jobs: JobReader;

  constructor(path: string, cacheMb: number) {
    this.#db = new Sqlite(readOnlyUri(path), { readOnly: true, busyTimeoutMs: BUSY_TIMEOUT_MS });
    this.#db.exec(`PRAGMA query_only = 1; PRAGMA cache_size = -${cacheMb * 1024}; PRAGMA temp_store = 1`);
    this.#path = path;
    this.#inode = statSync(path, { bigint: true }).ino;
    this.#jobs = new JobReader(this.#db);
  }

  /** False if another file has replaced this one. */
  get isInPlace(): boolean {
    return statSync(this.#path, { bigint: true, throwIfNoEntry: false })?.ino === this.#inode;
  }

  /** Throws Unsupported for a UTF-16 file, in which SQLite cannot read JSON that is stored as BLOB. */
  checkEncoding(): void {
    const [encoding] = this.#row('PRAGMA encoding');
    if (encoding !== 'UTF-8') throw new Unsupported(`the texts of the database are ${encoding}`);
  }

  /** Runs `work` on one snapshot of the file. */
  async snapshot<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#db.exec('BEGIN');
    try {
      return await work();
    } finally {
      if (this.#db.inTransaction) this.#db.exec('ROLLBACK');
    }
  }

  /** The newest change. */
  newest(): ChangeMark {
    return markOf(this.#row('SELECT seq, mark FROM ccjobs_changes ORDER BY seq DESC LIMIT 1')) ?? { seq: 0n, mark: 0n };
  }

  /** Returns true if the record still has this change, and therefore all later changes. */
  has({ seq, mark }: ChangeMark): boolean {
    return markOf(this.#row('SELECT seq, mark FROM ccjobs_changes WHERE seq = ?', [seq]))?.mark === mark;
  }

  /** The ids of jobs changed after `from`, up to and including `to`, in ascending order. */
  changedIds(from: bigint, to: bigint): bigint[] {
    const sql = `SELECT DISTINCT job_id FROM ccjobs_changes WHERE seq > ? AND seq <= ? AND job_id IS NOT NULL ORDER BY 1`;
    return Array.from(this.#db.lists(sql, [from, to]), ([id]) => id as bigint);
  }

  /** The next jobs after an id, at most one chunk. Empty at the end. */
  async jobsAfter(id: bigint, keys: FootprintKeys): Promise<Jobs> {
    return await this.#jobs.after(id, keys);
  }

  /** The jobs with these ids that exist. `ids` holds at most one chunk. */
  async jobsOf(ids: readonly bigint[], keys: FootprintKeys): Promise<Jobs> {
    return await this.#jobs.withIds(ids, keys);
  }

  /** Returns true if any of these jobs matches a filter. */
  anyMatches(jobs: VisibleJobs, ids: readonly bigint[]): boolean {
    if (ids.length === 0) return false;
    const { sql, parameters } = anyOfThese(jobs, ids);
    return [...this.#db.lists(sql, parameters)].length > 0;
  }

  /** The tags of these scopes. */
  tagsOf(scopes: readonly string[]): Set<bigint> {
    const sql = 'SELECT id FROM tag WHERE tag_scope IN (SELECT value FROM json_each(?))';
    const parameters = [JSON.stringify(scopes.map((scope) => scope.toWellFormed()))];
    return new Set(Array.from(this.#db.lists(sql, parameters), ([id]) => id as bigint));
  }

  /** Pairs of user names and full names, as the SQL of the statistics reads them. Takes and returns a JSON list. */
  namesOf(usernames: string): string {
    const sql = `SELECT '[' || ifnull(group_concat(json_array(username, CAST(ifnull(name, '') AS TEXT)), ',' || char(10)), '') || ']'
      FROM hpc_user WHERE username IN (SELECT value FROM json_each(?))`;
    return String(this.#row(sql, [usernames])[0]);
  }

  /** The same for ids of tags. */
  tagNamesOf(ids: string): string {
    const sql = `SELECT '[' || ifnull(group_concat(json_array(CAST(id AS TEXT), CAST(tag_type || ': ' || tag_name AS TEXT)), ',' || char(10)), '') || ']'
      FROM tag WHERE id IN (SELECT CAST(value AS INTEGER) FROM json_each(?))`;
    return String(this.#row(sql, [ids])[0]);
  }

  close(): void {
    this.#db.close();
  }

  #row(sql: string, parameters: readonly SqlValue[] = []): SqlValue[] {
    const [row = []] = [...this.#db.lists(sql, parameters)];
    return row;
  }
}

function markOf([seq, mark]: readonly SqlValue[]): ChangeMark | undefined {
  return typeof seq === 'bigint' && typeof mark === 'bigint' ? { seq, mark } : undefined;
}
