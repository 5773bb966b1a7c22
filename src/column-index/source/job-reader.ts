import { isUtf8 } from 'node:buffer';
import { bytesOf, textOf } from '../../db/driver/driver-values.ts';
import type { Sqlite } from '../../db/driver/node-sqlite.ts';
import { foldCase } from '../../db/sql/conditions.ts';
import type { SqlValue } from '../../db/statement.ts';
import { HOST_MARK, isDecimal, READ_COLUMNS } from '../../questions/index-columns.ts';
import type { FootprintKeys } from './footprint-keys.ts';
import { type Footprint, plainFootprint, plainHosts, SqliteJson } from './sqlite-json.ts';

type Value = bigint | number | string | null;

/** A job that the index does not hold, because an answer with it could differ from that of the SQL. */
export interface OddJob {
  readonly id: bigint;
  readonly reason: string;
}

/** Jobs in the form that the index stores. */
export interface Jobs {
  readonly rows: number;
  /** The jobs among them that the index does not hold. */
  readonly odd: readonly OddJob[];
  /** The id of the last job, held or not. Undefined if there are no jobs. */
  readonly lastId: bigint | undefined;
  /** The keys of the last columns. They grow from chunk to chunk. */
  readonly footprintKeys: readonly string[];
  /** One list per column, in the order of columnsOf. */
  readonly values: readonly (readonly Value[])[];
}

/** DuckDB allows twice as many jobs per chunk, but then V8 copies more of them during garbage collection. */
export const CHUNK_JOBS = 1_024;
/** A chunk of a build ends early after this many characters of hosts and of JSON to be read by SQLite. */
const MOST_CHARACTERS = 8_388_608;

const TEXTS = READ_COLUMNS.filter(({ type }) => type === 'VARCHAR').map(({ name }) => name);
/** The name as JSON. SQLite extracts it because metadata may hold a whole job script. */
const JOB_NAME = `CASE WHEN json_valid(CAST(meta_data AS TEXT)) THEN CAST(meta_data AS TEXT) -> '$."jobName"' END`;
const TAGS = `ifnull((SELECT ',' || group_concat(tag_id || ',', '') FROM jobtag WHERE job_id = job.id AND typeof(tag_id) = 'integer'), '')`;
/** The columns after READ_COLUMNS. */
const OTHERS = ['resources', 'footprint', JOB_NAME, TAGS];
const SELECT = `SELECT ${[...READ_COLUMNS.map((column) => column.of), ...OTHERS]} FROM job`;
/** With a byte between the texts: the end of one and the start of the next could make a valid character. */
const SELECT_BYTES = `SELECT CAST(concat_ws(' ', ${[...TEXTS, 'resources', JOB_NAME]}) AS BLOB) FROM job WHERE id = ?`;

/** Reads jobs for an index. JSON.parse reads their JSON, or SQLite where the two might differ. */
export class JobReader {
  readonly #db: Sqlite;
  readonly #json = new SqliteJson();

  constructor(db: Sqlite) {
    this.#db = db;
  }

  /** The next jobs after an id, at most one chunk. Adds the keys of their footprints to `keys`. */
  async after(id: bigint, keys: FootprintKeys): Promise<Jobs> {
    const rows = this.#db.lists(`${SELECT} WHERE id > ? ORDER BY id LIMIT ${CHUNK_JOBS}`, [id]);
    return await this.#read(rows, keys, MOST_CHARACTERS);
  }

  /** The jobs with these ids that exist. `ids` holds at most one chunk. Adds the keys of their footprints to `keys`. */
  async withIds(ids: readonly bigint[], keys: FootprintKeys): Promise<Jobs> {
    const rows = this.#db.lists(`${SELECT} WHERE id IN (SELECT value FROM json_each(?))`, [`[${ids.join()}]`]);
    return await this.#read(rows, keys, Number.POSITIVE_INFINITY);
  }

  async #read(rows: Iterable<readonly SqlValue[]>, keys: FootprintKeys, mostCharacters: number): Promise<Jobs> {
    const chunk = new Chunk((id) => this.#hasValidTexts(id));
    for (const row of rows) {
      chunk.add(row);
      if (chunk.characters > mostCharacters) break;
    }
    await chunk.readOthers(this.#json);
    return chunk.jobs(keys);
  }

  /**
   * Returns true if the texts of a job are valid UTF-8. Needed if Node read U+FFFD, which also replaces invalid bytes.
   */
  #hasValidTexts(id: bigint): boolean {
    return [...this.#db.lists(SELECT_BYTES, [id])].every(([bytes]) => isUtf8(bytesOf(bytes)));
  }
}

/** JSON that SQLite must read, and the position of its job in the chunk. */
interface Other {
  readonly at: number;
  readonly json: string;
}

const ODD_TEXT = 'a text is not valid UTF-8 or contains NUL';
const ODD_HOST = 'a host contains a control character';

/** A chunk of jobs during reading. */
class Chunk {
  readonly #hasValidTexts: (id: bigint) => boolean;
  readonly #ids: bigint[] = [];
  /** The positions of jobs that the index does not hold, with the reason. Their values are ignored. */
  readonly #odd = new Map<number, string>();
  readonly #stored = READ_COLUMNS.map((column) => ({ column, values: [] as Value[] }));
  readonly #names: (string | null)[] = [];
  readonly #hosts: string[] = [];
  readonly #tags: string[] = [];
  readonly #footprints: Footprint[] = [];
  readonly #otherHosts: Other[] = [];
  readonly #otherFootprints: Other[] = [];
  characters = 0;

  constructor(hasValidTexts: (id: bigint) => boolean) {
    this.#hasValidTexts = hasValidTexts;
  }

  add(row: readonly SqlValue[]): void {
    const id = row[0] as bigint;
    const at = this.#ids.push(id) - 1;
    let next = 0;
    let texts = '';
    for (const { column, values } of this.#stored) {
      const value = column.read(row[next]);
      if (value === undefined) this.#leaveOut(at, `${column.name} has an unsupported type or size`);
      if (typeof value === 'string') texts += value;
      values.push(value ?? null);
      next += 1;
    }
    const [resources, footprint, name, tags] = row.slice(next);
    const json = jsonText(resources) ?? '';
    if (texts.includes('\0')) this.#leaveOut(at, ODD_TEXT);
    if (`${texts}${json}${name}`.includes('\ufffd') && !this.#hasValidTexts(id)) this.#leaveOut(at, ODD_TEXT);
    this.#names.push(this.#name(at, name));
    this.#tags.push(String(tags));
    this.#addHosts(at, json);
    this.#addFootprint(at, jsonText(footprint));
  }

  /** Reads the JSON that `add` left to SQLite. */
  async readOthers(json: SqliteJson): Promise<void> {
    const [hosts, footprints] = [this.#otherHosts, this.#otherFootprints];
    if (hosts.length > 0) {
      const read = await json.hostsOf(hosts.map((other) => other.json));
      for (const [nth, { at }] of hosts.entries()) {
        const names = read[nth];
        if (names === undefined) this.#leaveOut(at, ODD_TEXT);
        if (names?.some((host) => host.includes(HOST_MARK) || host.includes('\0'))) this.#leaveOut(at, ODD_HOST);
        this.#hosts[at] = marked(names ?? []);
      }
    }
    if (footprints.length > 0) {
      const read = await json.footprintsOf(footprints.map((other) => other.json));
      for (const [nth, { at }] of footprints.entries()) this.#footprints[at] = read[nth] ?? {};
    }
  }

  /** Returns the jobs. Call it after all JSON is read. */
  jobs(keys: FootprintKeys): Jobs {
    for (const [at, footprint] of this.#footprints.entries()) this.#addKeys(at, footprint, keys);
    const derived = [
      this.#names,
      this.#names.map((name) => (name === null ? null : foldCase(name))),
      this.#hosts,
      this.#hosts.map((hosts) => (UPPER.test(hosts) ? foldCase(hosts) : null)),
      this.#tags,
    ];
    const footprintKeys = keys.list;
    const numbers = footprintKeys.map((key) => this.#footprints.map((footprint) => numberOrNull(footprint[key])));
    const values = [...this.#stored.map((each) => each.values), ...derived, ...numbers];
    return {
      rows: this.#ids.length - this.#odd.size,
      odd: [...this.#odd].map(([at, reason]) => ({ id: this.#ids[at] ?? 0n, reason })),
      lastId: this.#ids.at(-1),
      footprintKeys,
      values: this.#odd.size === 0 ? values : values.map((list: Value[]) => list.filter((_, at) => !this.#odd.has(at))),
    };
  }

  #leaveOut(at: number, reason: string): void {
    this.#odd.set(at, this.#odd.get(at) ?? reason);
  }

  /** Adds the keys of the numbers of a job, unless the job is odd. */
  #addKeys(at: number, footprint: Footprint, keys: FootprintKeys): void {
    if (this.#odd.has(at)) return;
    for (const key of Object.keys(footprint)) {
      const value = footprint[key];
      if (typeof value !== 'number' || !keys.isWanted(key)) continue;
      const problem = keys.add(key);
      if (problem !== undefined) this.#leaveOut(at, problem);
      if (!isDecimal(value)) this.#leaveOut(at, 'a number of the footprint has an unsupported size');
    }
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

  /** Null for JSON that is not a string. */
  #name(at: number, json: SqlValue | undefined): string | null {
    if (typeof json !== 'string' || !json.startsWith('"')) return null;
    if (!json.includes('\\')) return json.slice(1, -1);
    const name = String(JSON.parse(json));
    if (!name.isWellFormed() || name.includes('\0')) this.#leaveOut(at, ODD_TEXT);
    return name;
  }
}

function numberOrNull(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}

const UPPER = /[A-Z]/;

function marked(hosts: readonly string[]): string {
  if (hosts.length === 0) return '';
  const distinct = hosts.length === 1 ? hosts : [...new Set(hosts)];
  return `${HOST_MARK}${distinct.join(HOST_MARK)}${HOST_MARK}`;
}

/** Stored JSON as a string. cc-backend also stores it as BLOB. */
function jsonText(stored: SqlValue | undefined): string | null {
  if (typeof stored === 'string' || stored === null) return stored;
  return stored instanceof Uint8Array ? textOf(stored) : String(stored);
}
