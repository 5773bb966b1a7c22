/** The most expensive requests that a route allows, generated from the limits and fields in its OpenAPI document. */

export interface Schema {
  type?: string | string[];
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  items?: Schema;
  anyOf?: Schema[];
  maxItems?: number;
  maxProperties?: number;
}
export interface Limits {
  bytes: number;
  values: number;
  depth: number;
}
export interface Operation {
  parameters?: { name: string; in: string }[];
  summary?: string;
  requestBody?: { content: { 'application/json': { schema: Schema } }; 'x-limits': Limits };
}

export interface WorstBody {
  name: string;
  text: string;
}

/** Reserved for braces, keys and the required fields of a body. */
const SPARE = { bytes: 2_000, values: 60 };
/** Bytes of a request line or a header. Node accepts 16 KB for all of them together. */
export const LINE_BYTES = 14_000;

type Path = readonly string[];

/**
 * Bodies at the limits. `valid` is a body that the route accepts. Each list and object in it is enlarged in turn, and
 * of the texts one at each depth.
 */
export function worstBodies({ content, 'x-limits': limits }: NonNullable<Operation['requestBody']>, valid: unknown) {
  return grown(content['application/json'].schema, limits, valid);
}

function grown(schema: Schema, limits: Limits, valid: unknown): WorstBody[] {
  const depths = new Set<number>();
  return growingPlaces(schema).flatMap((path): WorstBody[] => {
    const place = at(schema, path);
    const name = path.join('.') || 'the body';
    if (isOf(place, 'string')) {
      if (depths.has(path.length)) return [];
      depths.add(path.length);
      return ['x', '\\n', '\u{1F600}'].map((piece) => ({
        name: `${name}, a text of ${JSON.stringify(piece)}`,
        text: withText(valid, path, piece, limits),
      }));
    }
    return [{ name, text: JSON.stringify(filled(valid, schema, path, limits)) }];
  });
}

function isOf(schema: Schema, type: string): boolean {
  return [schema.type].flat().includes(type);
}

/** The schema without `null`. */
function plain(schema: Schema): Schema {
  return schema.anyOf?.find((one) => !isOf(one, 'null')) ?? schema;
}

/** The paths of all lists, maps and texts. `*` means any member of a list. */
function growingPlaces(schema: Schema, path: Path = []): Path[] {
  const known = plain(schema);
  if (isOf(known, 'string') || typeof known.additionalProperties === 'object') return [path];
  if (known.items !== undefined) return [path, ...growingPlaces(known.items, [...path, '*'])];
  return Object.entries(known.properties ?? {}).flatMap(([name, member]) => growingPlaces(member, [...path, name]));
}

function at(schema: Schema, path: Path): Schema {
  const known = plain(schema);
  const [first, ...rest] = path;
  if (first === undefined) return known;
  return at((first === '*' ? known.items : known.properties?.[first]) ?? {}, rest);
}

/** Makes the smallest values of this schema that are still checked completely, each with a number of its own. */
function smallest(schema: Schema): (nth: number) => unknown {
  const known = plain(schema);
  if (isOf(known, 'integer') || isOf(known, 'number')) return (nth) => nth % 1_000;
  if (isOf(known, 'string')) return (nth) => `n${nth}`;
  if (isOf(known, 'array')) return () => [];
  const first = Object.entries(known.properties ?? {}).find(([, member]) => isOf(plain(member), 'string'));
  if (first === undefined) return () => ({});
  const [name, text] = [first[0], smallest(first[1])];
  return (nth) => ({ [name]: text(nth) });
}

/** Sets the value at a path. A path through a list applies to all its members. */
function set(value: unknown, path: Path, make: (before: unknown) => unknown): unknown {
  const [first, ...rest] = path;
  if (first === undefined) return make(value);
  if (first === '*') return (Array.isArray(value) ? value : [{}]).map((member) => set(member, rest, make));
  const members = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  return { ...members, [first]: set(members[first], rest, make) };
}

/** The body with as many members at the path as the limits allow. Lists on the path get a hundred members each. */
function filled(valid: unknown, schema: Schema, path: Path, limits: Limits): unknown {
  const place = at(schema, path);
  const outer = path.lastIndexOf('*');
  let base = valid;
  let outerCount = 1;
  if (outer >= 0) {
    const list = path.slice(0, outer);
    outerCount = Math.min(at(schema, list).maxItems ?? 100, 10_000);
    base = set(base, list, (before) =>
      many(Array.isArray(before) ? before[0] : undefined, at(schema, list), outerCount),
    );
  }
  const most = place.maxItems ?? place.maxProperties ?? Number.POSITIVE_INFINITY;
  const member = smallest(place.items ?? (place.additionalProperties as Schema));
  const valuesEach = 1 + (JSON.stringify(member(1)).match(/[:,]/g)?.length ?? 0);
  const bytesEach = JSON.stringify(member(100_000)).length + (place.items === undefined ? 12 : 1);
  const outerValues = outerCount === 1 ? 0 : outerCount * 4;
  const count = Math.floor(
    Math.min(
      most,
      (limits.values - SPARE.values - outerValues) / valuesEach / outerCount,
      (Math.min(limits.bytes, 16 * 2 ** 20) - SPARE.bytes - outerValues * 12) / bytesEach / outerCount,
    ),
  );
  return set(base, path, (before) => {
    if (place.items !== undefined) return many(Array.isArray(before) ? before[0] : undefined, place, count);
    return Object.fromEntries(Array.from({ length: count }, (_, nth) => [`k${nth}`, member(nth)]));
  });
}

/** Members of a list: copies of the first member, each with a text of its own. */
function many(first: unknown, { items = {} }: Schema, count: number): unknown[] {
  const isObject = typeof first === 'object' && first !== null;
  const own = smallest(items);
  return Array.from({ length: count }, (_, nth) => (isObject ? { ...first, ...(own(nth) as object) } : own(nth)));
}

const MARK = 'MARK OF A TEXT';

/** The body with a text at the path that fills it by repeating a piece of JSON. */
function withText(valid: unknown, path: Path, piece: string, limits: Limits): string {
  const [before = '', after = ''] = JSON.stringify(set(valid, path, () => MARK)).split(MARK);
  const bytes = Math.min(limits.bytes, 16 * 2 ** 20) - Buffer.byteLength(before + after) - 8;
  return before + piece.repeat(Math.floor(bytes / Buffer.byteLength(piece))) + after;
}

/** Bodies that match no schema, at the limits of a body. */
export function hostileBodies(limits: Limits): WorstBody[] {
  const bytes = Math.min(limits.bytes, 16 * 2 ** 20) - 10;
  const values = Math.min(limits.values - 5, Math.floor(bytes / 12));
  const members = (make: (nth: number) => string) => Array.from({ length: values }, (_, nth) => make(nth)).join(',');
  return [
    { name: 'blanks', text: `[${' '.repeat(bytes)}]` },
    { name: 'numbers', text: `[${members(String)}]` },
    { name: 'digits', text: `[${'9'.repeat(bytes)}]` },
    { name: 'decimals', text: `[${members((nth) => `${nth}.5e3`)}]` },
    { name: 'empty objects', text: `[${members(() => '{}')}]` },
    { name: 'nesting', text: '['.repeat(bytes) },
    { name: 'unknown fields', text: `{${members((nth) => `"${nth}":0`)}}` },
    { name: 'a mistake at the end', text: `[${members(String)},` },
    { name: 'a text without end', text: `["${'\\"'.repeat(bytes / 2 - 2)}` },
    { name: 'commas', text: ','.repeat(bytes) },
  ];
}

/** Form bodies at the limits. */
export function worstForms(
  { bytes, fields }: { bytes: number; fields: number },
  valid: Record<string, string>,
): WorstBody[] {
  const text = new URLSearchParams(valid).toString();
  const room = bytes - text.length - 2;
  return [
    { name: 'as it is meant', text },
    { name: 'empty fields', text: 'a&'.repeat(bytes / 2) },
    { name: 'as many fields as it may have', text: `${text}${'&a'.repeat(fields - Object.keys(valid).length)}` },
    ...Object.keys(valid).flatMap((name) => [
      { name: `${name} of one letter`, text: `${text}${'x'.repeat(room)}&${name}=x` },
      { name: `${name} first, and long`, text: `${name}=${'x'.repeat(room - name.length)}&${text}` },
      { name: `${name} escaped`, text: `${name}=${'%41'.repeat(Math.floor((room - name.length) / 3))}&${text}` },
    ]),
  ];
}

/**
 * Query strings as long as a request line may be: each parameter with one long value, and with many short values. A text
 * takes digits as it takes letters, so it gets letters only.
 */
export function worstQueries(names: readonly string[]): string[] {
  const each = names.flatMap((name) => [
    ...['9', '%25'].map((piece) => `${name}=${repeated(piece, LINE_BYTES - name.length - 1)}`),
    ...(TEXT.test(name) ? ['x'] : ['1', 'x']).map((value) => repeated(`${name}=${value}&`, LINE_BYTES)),
  ]);
  const all = [...Array(26).keys()].map((nth) => String.fromCharCode(97 + nth)).join('=1&');
  return [
    repeated('a&', LINE_BYTES),
    repeated('a=1&', LINE_BYTES),
    repeated(`${all}&`, LINE_BYTES),
    repeated('%', LINE_BYTES),
    ...each,
  ];
}

/** Parts of texts, and texts that a filter excludes. */
const TEXT = /\.(contains|starts-with|ends-with|not)$/;

function repeated(piece: string, bytes: number): string {
  return piece.repeat(Math.floor(bytes / piece.length));
}
