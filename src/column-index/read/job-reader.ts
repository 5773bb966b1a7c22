import { isUtf8 } from 'node:buffer';
import { bytesOf, textOf } from '../../db/driver/driver-values.ts';
import type { Sqlite } from '../../db/driver/sqlite.ts';
import { foldCase } from '../../db/sql/conditions.ts';
import type { SqlValue } from '../../db/statement.ts';
import { HOST_MARK, isDecimal, STORED_COLUMNS } from '../../questions/index-columns.ts';
import { Unsupported } from '../index-errors.ts';
import type { FootprintKeys } from './footprint-keys.ts';
import { type Footprint, plainFootprint, plainHosts, SqliteJson } from './sqlite-json.ts';

type Value = bigint | number | string | null;

/** Some jobs as the index stores them. */
export interface Jobs {
  readonly rows: number;
  /** The id of the last one; undefined if there is none. */
  readonly lastId: bigint | undefined;
  /** Those of the columns after the others. They grow from chunk to chunk. */
  readonly footprintKeys: readonly string[];
  /** A list a column, in the order of columnsOf. */
  readonly values: readonly (readonly Value[])[];
}

/** A chunk of DuckDB may have twice as many: then V8 copies more of them while it collects garbage. */
export const CHUNK_JOBS = 1_024;
/** Characters of hosts, and of JSON that waits for SQLite, after which a chunk of a build ends early. */
const MOST_CHARACTERS = 8_388_608;

const TEXTS = STORED_COLUMNS.filter(({ type }) => type === 'VARCHAR').map(({ name }) => name);
/** As JSON. SQLite extracts it, since metadata may hold a whole job script. */
const JOB_NAME = `CASE WHEN json_valid(CAST(meta_data AS TEXT)) THEN CAST(meta_data AS TEXT) -> '$."jobName"' END`;
const TAGS = `ifnull((SELECT ',' || group_concat(tag_id || ',', '') FROM jobtag WHERE job_id = job.id AND typeof(tag_id) = 'integer'), '')`;
/** After the stored columns. */
const OTHERS = ['resources', 'footprint', JOB_NAME, TAGS];
const SELECT = `SELECT ${[...STORED_COLUMNS.map(({ name }) => name), ...OTHERS]} FROM job`;
const SELECT_BYTES = `SELECT CAST(concat(${[...TEXTS, 'resources', JOB_NAME]}) AS BLOB) FROM job WHERE id = ?`;

/**
 * Reads jobs for an index: rows as SQLite has them, and their JSON by JSON.parse, or by SQLite where the two might differ. Throws Unsupported
 * for a job that the index does not support.
 */
export class JobReader {
  readonly #db: Sqlite;
  readonly #json = new SqliteJson();

  constructor(db: Sqlite) {
    this.#db = db;
  }

  /** The next jobs after an id, up to a chunk. Adds the keys of their footprints. */
  async after(id: bigint, keys: FootprintKeys): Promise<Jobs> {
    const rows = this.#db.lists(`${SELECT} WHERE id > ? ORDER BY id LIMIT ${CHUNK_JOBS}`, [id]);
    return await this.#read(rows, keys, MOST_CHARACTERS);
  }

  /** Those of up to a chunk of jobs that exist. Adds the keys of their footprints. */
  async withIds(ids: readonly bigint[], keys: FootprintKeys): Promise<Jobs> {
    const rows = this.#db.lists(`${SELECT} WHERE id IN (SELECT value FROM json_each(?))`, [`[${ids.join()}]`]);
    return await this.#read(rows, keys, Number.POSITIVE_INFINITY);
  }

  async #read(rows: Iterable<readonly SqlValue[]>, keys: FootprintKeys, mostCharacters: number): Promise<Jobs> {
    const chunk = new Chunk((id) => this.#checkTexts(id));
    for (const row of rows) {
      chunk.add(row);
      if (chunk.characters > mostCharacters) break;
    }
    await chunk.readOthers(this.#json);
    return chunk.jobs(keys);
  }

  /** Throws Unsupported if a text is not valid UTF-8. To call for U+FFFD, which Node reads in place of what is not. */
  #checkTexts(id: bigint): void {
    for (const [bytes] of this.#db.lists(SELECT_BYTES, [id])) {
      if (!isUtf8(bytesOf(bytes))) throw oddText(id);
    }
  }
}

/** JSON that SQLite has to read, and the job of the chunk that it belongs to. */
interface Other {
  readonly at: number;
  readonly json: string;
}

/** Jobs that are being read. */
class Chunk {
  /** Throws Unsupported for a job with texts that are not valid UTF-8. */
  readonly #checkTexts: (id: bigint) => void;
  readonly #ids: bigint[] = [];
  readonly #stored = STORED_COLUMNS.map((column) => ({ column, values: [] as Value[] }));
  readonly #names: (string | null)[] = [];
  readonly #hosts: string[] = [];
  readonly #tags: string[] = [];
  readonly #footprints: Footprint[] = [];
  readonly #otherHosts: Other[] = [];
  readonly #otherFootprints: Other[] = [];
  characters = 0;

  constructor(checkTexts: (id: bigint) => void) {
    this.#checkTexts = checkTexts;
  }

  add(row: readonly SqlValue[]): void {
    const id = row[0] as bigint;
    const at = this.#ids.push(id) - 1;
    let next = 0;
    let texts = '';
    for (const { column, values } of this.#stored) {
      const value = column.read(row[next]);
      if (value === undefined) throw new Unsupported(`${column.name} of job ${id} has another type or size`);
      if (typeof value === 'string') texts += value;
      values.push(value);
      next += 1;
    }
    const [resources, footprint, name, tags] = row.slice(next);
    const json = jsonText(resources) ?? '';
    if (texts.includes('\0')) throw oddText(id);
    if (`${texts}${json}${name}`.includes('\ufffd')) this.#checkTexts(id);
    this.#names.push(this.#name(id, name));
    this.#tags.push(String(tags));
    if (json.includes(HOST_MARK)) throw oddHost(id);
    this.#addHosts(at, json);
    this.#addFootprint(at, jsonText(footprint));
  }

  /** Reads the JSON that `add` has left to SQLite. */
  async readOthers(json: SqliteJson): Promise<void> {
    const [hosts, footprints] = [this.#otherHosts, this.#otherFootprints];
    if (hosts.length > 0) {
      const read = await json.hostsOf(hosts.map((other) => other.json));
      for (const [nth, { at }] of hosts.entries()) {
        const names = read[nth] ?? [];
        if (names.some((host) => host.includes(HOST_MARK) || host.includes('\0'))) throw oddHost(this.#ids[at]);
        this.#hosts[at] = marked(names);
      }
    }
    if (footprints.length > 0) {
      const read = await json.footprintsOf(footprints.map((other) => other.json));
      for (const [nth, { at }] of footprints.entries()) this.#footprints[at] = read[nth] ?? {};
    }
  }

  /** All of them, once nothing is left to read. */
  jobs(keys: FootprintKeys): Jobs {
    for (const footprint of this.#footprints) {
      for (const key of Object.keys(footprint)) if (typeof footprint[key] === 'number') keys.add(key);
    }
    const derived = [
      this.#names,
      this.#names.map((name) => (name === null ? null : foldCase(name))),
      this.#hosts,
      this.#hosts.map((hosts) => (UPPER.test(hosts) ? foldCase(hosts) : null)),
      this.#tags,
    ];
    const footprintKeys = keys.list;
    const numbers = footprintKeys.map((key) =>
      this.#footprints.map((footprint, at) => this.#number(footprint[key], at)),
    );
    const values = [...this.#stored.map((each) => each.values), ...derived, ...numbers];
    return { rows: this.#ids.length, lastId: this.#ids.at(-1), footprintKeys, values };
  }

  #addHosts(at: number, json: string): void {
    const hosts = plainHosts(json);
    if (hosts === undefined) this.#otherHosts.push({ at, json });
    const text = marked(hosts ?? []);
    this.#hosts.push(text);
    this.characters += hosts === undefined ? json.length : text.length;
  }

  #addFootprint(at: number, json: string | null): void {
    const footprint = plainFootprint(json);
    if (footprint === undefined) this.#otherFootprints.push({ at, json: json ?? '' });
    this.#footprints.push(footprint ?? {});
  }

  /** Null for JSON that is no text. */
  #name(id: bigint, json: SqlValue | undefined): string | null {
    if (typeof json !== 'string' || !json.startsWith('"')) return null;
    if (!json.includes('\\')) return json.slice(1, -1);
    const name = String(JSON.parse(json));
    if (!name.isWellFormed() || name.includes('\0')) throw oddText(id);
    return name;
  }

  #number(value: unknown, at: number): number | null {
    if (typeof value !== 'number') return null;
    if (!isDecimal(value)) throw new Unsupported(`a footprint of job ${this.#ids[at]} has a number of another size`);
    return value;
  }
}

const UPPER = /[A-Z]/;

function marked(hosts: readonly string[]): string {
  return hosts.length === 0 ? '' : `${HOST_MARK}${hosts.join(HOST_MARK)}${HOST_MARK}`;
}

function oddText(id: bigint): Unsupported {
  return new Unsupported(`job ${id} has a text that is no UTF-8 or holds a NUL`);
}

function oddHost(id: bigint | undefined): Unsupported {
  return new Unsupported(`job ${id} has a host with a control character`);
}

/** Stored JSON as a text; cc-backend stores it as BLOB too. */
function jsonText(stored: SqlValue | undefined): string | null {
  if (typeof stored === 'string' || stored === null) return stored;
  return stored instanceof Uint8Array ? textOf(stored) : String(stored);
}
