import { isUtf8 } from 'node:buffer';
import { type RawBuilder, sql } from 'kysely';
import { bytesOf, textOf } from '../../db/driver/driver-values.ts';
import { openMemory } from '../../db/driver/libsql.ts';
import { PreparedStatements } from '../../db/driver/prepared-statements.ts';
import { sqlBuilder } from '../../db/sql/sql-builder.ts';
import { storedJson } from '../../db/sql/stored-json.ts';
import { HOSTNAME, HOSTS } from '../../questions/where/hosts.ts';

/** The members of a footprint. Only numbers have a column. */
export type Footprint = Readonly<Record<string, unknown>>;
const NO_NUMBERS: Footprint = {};

/** The format that most adapters write: only hostnames. */
const BARE_HOSTS = /^\[\{"hostname":"[\w.-]*"(?:\},\{"hostname":"[\w.-]*")*\}\]$/;
/** Numbers without exponents, short enough that all parsers agree in the last bit. No escapes, no nested values. */
const PLAIN_FOOTPRINT = /^\{(?: ?"[^"\\]*": ?-?(?:\d{1,8}\.\d{1,7}|\d{1,15})[,}])*\}?$/;
/** Numbers in any notation. */
const FLAT_FOOTPRINT = /^\{(?: ?"[^"\\]*": ?-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?[,}])*$/;
/** SQLite reads longer JSON, because its objects would take ten times as much V8 memory. */
const LONG = 65_536;
/** SQLite rejects JSON that is nested deeper (JSON_MAX_DEPTH). */
const MOST_DEPTH = 1_000;

/**
 * The hosts of stored resources, if JSON.parse and SQLite read the JSON alike: it has no escapes, and each element is
 * an object with one string `hostname` and no nested object. Undefined for all other JSON.
 */
export function plainHosts(json: string): readonly string[] | undefined {
  if (json.length > LONG) return undefined;
  if (BARE_HOSTS.test(json)) return json.slice('[{"hostname":"'.length, -'"}]'.length).split('"},{"hostname":"');
  if (json.includes('\\') || count(json, '[') > MOST_DEPTH) return undefined;
  const list = parsed(json);
  if (!Array.isArray(list)) return undefined;
  if (count(json, '{') !== list.length || count(json, '"hostname"') !== list.length) return undefined;
  const hosts = list.map((element: { hostname?: unknown } | null) => element?.hostname);
  return hosts.every((host) => typeof host === 'string') ? hosts : undefined;
}

/**
 * Returns a plain footprint: NULL, not an object, or an object with only numbers and without duplicate keys. Undefined
 * for any other.
 */
export function plainFootprint(json: string | null): Footprint | undefined {
  if (json === null || !json.trimStart().startsWith('{')) return NO_NUMBERS;
  return json.length <= LONG && PLAIN_FOOTPRINT.test(json) ? distinctMembers(json) : undefined;
}

/** The members of an object without strings and nested objects. Undefined if a key is duplicated. */
function distinctMembers(json: string): Footprint | undefined {
  const members = parsed(json);
  if (typeof members !== 'object' || members === null) return undefined;
  return count(json, ':') === Object.keys(members).length ? (members as Footprint) : undefined;
}

/** The keys and the numbers as written, for a footprint that is plain except for the notation of its numbers. */
function writtenNumbers(json: string): readonly RegExpMatchArray[] | undefined {
  if (json.length > LONG || !FLAT_FOOTPRINT.test(json) || distinctMembers(json) === undefined) return undefined;
  return [...json.matchAll(/"([^"]*)": ?([^,}]+)/g)];
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function count(text: string, what: string): number {
  let times = 0;
  for (let at = text.indexOf(what); at >= 0; at = text.indexOf(what, at + what.length)) times += 1;
  return times;
}

/** Stored JSON, one text per row, with the column names that the expressions of the readers use. */
const TEXTS = sql`(SELECT key AS nth, value AS resources, value AS footprint FROM json_each(?)) AS job`;
const HOSTS_OF = listOf(sql`nth, host`, sql`SELECT job.nth, ${HOSTNAME} AS host FROM ${TEXTS}, ${HOSTS}`);

const MEMBERS = sql`json_each(${storedJson(sql.ref('job.footprint'), 'object', '{}')}) AS member`;
/** The keys that a filter may name (isFootprintKey). They need no escape in a JSON path. */
const IS_KEY = sql`member.key <> '' AND member.key NOT GLOB '*[^A-Za-z0-9_]*'`;
const PATH = sql`'$."' || member.key || '"'`;
/** Reads a number as `jsonNumber` does. */
const NUMBER = sql`CASE WHEN json_type(job.footprint, ${PATH}) IN ('integer', 'real') THEN json_extract(job.footprint, ${PATH}) END`;
const MEMBERS_OF = listOf(
  sql`nth, key, ${digitsOf(sql`number`)}`,
  sql`SELECT job.nth, member.key, ${NUMBER} AS number FROM ${TEXTS}, ${MEMBERS} WHERE ${IS_KEY}`,
);
const NUMBERS_OF = listOf(digitsOf(sql`value`), sql`SELECT value FROM json_each(?)`);

/** A number as text: all digits of an integer, or the 17 digits that identify a double. */
function digitsOf(number: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`CASE typeof(${number}) WHEN 'integer' THEN CAST(${number} AS TEXT) WHEN 'real' THEN printf('%!.17g', ${number}) END`;
}

/** A query that returns the values of these rows as a list of lists. */
function listOf(values: RawBuilder<unknown>, rows: RawBuilder<unknown>): string {
  // Without MATERIALIZED, SQLite would read the JSON again for each use of a value.
  const query = sql`WITH read AS MATERIALIZED (${rows}) SELECT CAST(json_group_array(json_array(${values})) AS BLOB) AS list FROM read`;
  return query.compile(sqlBuilder).sql;
}

/** All integers up to this one are exact as doubles. */
const MOST_EXACT = 2n ** 53n;

/**
 * Reads JSON exactly as the SQL does that answers without an index: with the SQLite of the same driver, in an in-memory
 * database. Two SQLite libraries must not open the same file in one process (db/driver/node-sqlite.ts). This one does
 * not open a file.
 */
export class SqliteJson {
  #statements: PreparedStatements | undefined;

  /** The hosts of each text. Undefined for a text with a host that is not valid UTF-8. */
  async hostsOf(texts: readonly string[]): Promise<(string[] | undefined)[]> {
    const read = await this.#read(HOSTS_OF, JSON.stringify(texts));
    if (read === undefined) {
      if (texts.length === 1) return [undefined];
      const alone: (string[] | undefined)[] = [];
      for (const text of texts) alone.push(...(await this.hostsOf([text])));
      return alone;
    }
    const hosts = texts.map((): string[] => []);
    for (const [nth, host] of read) {
      if (host !== null) hosts[Number(nth)]?.push(String(host));
    }
    return hosts;
  }

  /** The numbers of each text. NaN for a number that a double cannot represent. */
  async footprintsOf(texts: readonly string[]): Promise<Footprint[]> {
    const footprints = texts.map((): Record<string, number> => Object.create(null)); // a key may be __proto__
    const written = texts.map(writtenNumbers);
    const numbers = written.flatMap((members, nth) => (members ?? []).map(([, key, number]) => ({ nth, key, number })));
    if (numbers.length > 0) {
      const read = (await this.#read(NUMBERS_OF, `[${numbers.map(({ number }) => number)}]`)) ?? [];
      for (const [at, { nth, key }] of numbers.entries()) add(footprints[nth], key, read[at]?.[0]);
    }
    if (written.includes(undefined)) {
      const others = texts.map((text, nth) => (written[nth] === undefined ? text : ''));
      for (const [nth, key, number] of (await this.#read(MEMBERS_OF, JSON.stringify(others))) ?? []) {
        add(footprints[Number(nth)], key, number);
      }
    }
    return footprints;
  }

  /** Undefined for invalid UTF-8, which SQLite produces from an escaped lone surrogate. */
  async #read(query: string, json: string): Promise<unknown[][] | undefined> {
    this.#statements ??= new PreparedStatements(openMemory());
    const [row] = await this.#statements.use(query, (statement) => statement.all([json]));
    const bytes = bytesOf(row.list);
    return isUtf8(bytes) ? JSON.parse(textOf(bytes)) : undefined;
  }
}

function add(footprint: Record<string, number> | undefined, key: unknown, digits: unknown): void {
  if (footprint !== undefined && typeof digits === 'string') footprint[String(key)] = numberOf(digits);
}

function numberOf(text: string): number {
  if (!/^-?\d+$/.test(text)) return Number(text); // NaN if it is infinite
  const integer = BigInt(text);
  return integer <= MOST_EXACT && integer >= -MOST_EXACT ? Number(integer) : Number.NaN;
}
