import { isUtf8 } from 'node:buffer';
import { type RawBuilder, sql } from 'kysely';
import { openMemory } from '../../db/driver/driver.ts';
import { bytesOf, textOf } from '../../db/driver/driver-values.ts';
import { PreparedStatements } from '../../db/driver/prepared-statements.ts';
import { sqlBuilder } from '../../db/schema/tables.ts';
import { storedJson } from '../../db/sql/stored-json.ts';
import { HOSTNAME, HOSTS } from '../../questions/where/hosts.ts';

/** The members of a footprint: numbers, and what has no column. */
export type Footprint = Readonly<Record<string, unknown>>;
const NO_NUMBERS: Footprint = {};

/** As most adapters write them: nothing but names. */
const BARE_HOSTS = /^\[\{"hostname":"[\w.-]*"(?:\},\{"hostname":"[\w.-]*")*\}\]$/;
/** Numbers without exponents, of so few digits that all readers of decimals agree in the last bit; no escapes, nothing nested. */
const PLAIN_FOOTPRINT = /^\{(?: ?"[^"\\]*": ?-?(?:\d{1,8}\.\d{1,7}|\d{1,15})[,}])*\}?$/;
/** Numbers of any kind. */
const FLAT_FOOTPRINT = /^\{(?: ?"[^"\\]*": ?-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?[,}])*$/;
/** Longer JSON is left to SQLite: its objects would take ten times as much memory of V8. */
const LONG = 65_536;
/** SQLite reads no JSON that is nested deeper (JSON_MAX_DEPTH). */
const MOST_DEPTH = 1_000;

/**
 * The hosts of stored resources, if their JSON means the same to JSON.parse and to SQLite: no escapes, and each element an object with one
 * text `hostname` and no other object in it. Undefined for all other JSON.
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

/** The same of a footprint: NULL, no object at all, or an object with numbers alone and no key twice. */
export function plainFootprint(json: string | null): Footprint | undefined {
  if (json === null || !json.trimStart().startsWith('{')) return NO_NUMBERS;
  return json.length <= LONG && PLAIN_FOOTPRINT.test(json) ? distinctMembers(json) : undefined;
}

/** The members of an object without texts and nested objects, if no key is there twice. */
function distinctMembers(json: string): Footprint | undefined {
  const members = parsed(json);
  if (typeof members !== 'object' || members === null) return undefined;
  return count(json, ':') === Object.keys(members).length ? (members as Footprint) : undefined;
}

/** Keys and numbers, as they are written, of a footprint that is plain but for how its numbers are written. */
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

/** Stored JSON, one text a row, in the place of the columns that the expressions of the readers name. */
const TEXTS = sql`(SELECT key AS nth, value AS resources, value AS footprint FROM json_each(?)) AS job`;
const HOSTS_OF = listOf(sql`nth, host`, sql`SELECT job.nth, ${HOSTNAME} AS host FROM ${TEXTS}, ${HOSTS}`);

const MEMBERS = sql`json_each(${storedJson(sql.ref('job.footprint'), 'object', '{}')}) AS member`;
/** The keys that a filter may name (isFootprintKey), so that nothing in a path needs an escape. */
const IS_KEY = sql`member.key <> '' AND member.key NOT GLOB '*[^A-Za-z0-9_]*'`;
const PATH = sql`'$."' || member.key || '"'`;
/** As `jsonNumber` reads it. */
const NUMBER = sql`CASE WHEN json_type(job.footprint, ${PATH}) IN ('integer', 'real') THEN json_extract(job.footprint, ${PATH}) END`;
const MEMBERS_OF = listOf(
  sql`nth, key, ${digitsOf(sql`number`)}`,
  sql`SELECT job.nth, member.key, ${NUMBER} AS number FROM ${TEXTS}, ${MEMBERS} WHERE ${IS_KEY}`,
);
const NUMBERS_OF = listOf(digitsOf(sql`value`), sql`SELECT value FROM json_each(?)`);

/** A number as text: an integer with all its digits, a real number with the 17 that tell every double from its neighbours. */
function digitsOf(number: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`CASE typeof(${number}) WHEN 'integer' THEN CAST(${number} AS TEXT) WHEN 'real' THEN printf('%!.17g', ${number}) END`;
}

/** A query for a list of lists of values of these rows. */
function listOf(values: RawBuilder<unknown>, rows: RawBuilder<unknown>): string {
  // Materialized, or SQLite would read the JSON again wherever a value is named.
  const query = sql`WITH read AS MATERIALIZED (${rows}) SELECT CAST(json_group_array(json_array(${values})) AS BLOB) AS list FROM read`;
  return query.compile(sqlBuilder).sql;
}

/** All integers up to here are doubles. */
const MOST_EXACT = 2n ** 53n;

/**
 * Reads JSON exactly as the statements that answer without an index do: with the SQLite of their driver, in a database in memory. Two
 * libraries of SQLite may not open the same file in one process (db/sqlite.ts); this one opens none.
 */
export class SqliteJson {
  #statements: PreparedStatements | undefined;

  /** The hosts of each text; undefined for one with a host that is not valid UTF-8. */
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

  /** The numbers of each text, NaN for one that a double cannot be. */
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

  /** Undefined for texts that are not valid UTF-8: SQLite makes such bytes of an escaped half of a surrogate pair. */
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
  if (!/^-?\d+$/.test(text)) return Number(text); // NaN for one that is infinite
  const integer = BigInt(text);
  return integer <= MOST_EXACT && integer >= -MOST_EXACT ? Number(integer) : Number.NaN;
}
