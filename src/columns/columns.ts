import { type RawBuilder, sql } from 'kysely';
import { jsonNumber, jsonText } from '../db/sql/stored-json.ts';
import { type FieldOf, STORED_FIELDS, type StoredField } from '../jobs/fields.ts';
import { JOB_STATES } from '../jobs/job.ts';
import { HOSTNAME, HOSTS } from '../questions/where/hosts.ts';
import { column, storedValue } from '../questions/where/sqlite.ts';

/** One column of the index. */
export interface Column {
  readonly name: string;
  readonly type: 'BIGINT' | 'INTEGER' | 'UTINYINT' | 'DOUBLE' | 'VARCHAR';
  /** What SQLite reads it from: a number, a text, or NULL. */
  readonly from: RawBuilder<unknown>;
  /** Of a whole number: it lies between -2^bits and 2^bits. */
  readonly bits?: number;
  /** Set where the text can hold no quote. */
  readonly isPlain?: true;
  /**
   * Not true for a row that the column cannot hold so that every question has the answer of the SQL, but for numbers of another type
   * (rows/careful.ts). By order, NULL < numbers < texts < blobs: typeof() takes five times as long.
   */
  readonly fits?: RawBuilder<unknown>;
  /** Of a footprint column: true for a number it cannot hold. */
  readonly isOdd?: RawBuilder<unknown>;
}

/** Stands around each host of a job. Texts with it are odd, so that no host can hold it. */
export const HOST_MARK = '\x1f';

const RESOURCES = sql`CAST(job.resources AS TEXT)`;
const FIRST_HOST = '[{"hostname":"';
const NEXT_HOST = '"},{"hostname":"';
const LAST_END = '"}]';
/** As scheduler adapters write them, the name first and nothing escaped: told without the JSON functions, which take ten times as long. */
const IS_USUAL = sql`substr(${RESOURCES}, 1, ${sql.lit(FIRST_HOST.length)}) = ${sql.lit(FIRST_HOST)} AND instr(${RESOURCES}, '\\') = 0 AND json_valid(${RESOURCES})`;
const BEHIND_FIRST = sql`substr(${RESOURCES}, ${sql.lit(FIRST_HOST.length + 1)})`;
/** Hosts with nothing but their names, marks between them; NULL when there is anything else. LIMIT: the text is then made once. */
const BARE_HOSTS = sql`(SELECT CASE WHEN instr(hosts, '"') = 0 THEN hosts END FROM
  (SELECT replace(substr(${BEHIND_FIRST}, 1, length(${BEHIND_FIRST}) - ${sql.lit(LAST_END.length)}), ${sql.lit(NEXT_HOST)}, char(31)) AS hosts LIMIT 1))`;
const ONLY_HOST = sql`CASE json_array_length(${RESOURCES}) WHEN 1 THEN substr(${BEHIND_FIRST}, 1, instr(${BEHIND_FIRST}, '"') - 1) END`;
const USUAL_HOSTS = sql`CASE WHEN ${IS_USUAL} THEN CASE WHEN substr(${RESOURCES}, -${sql.lit(LAST_END.length)}) = ${sql.lit(LAST_END)} THEN ifnull(${BARE_HOSTS}, ${ONLY_HOST}) ELSE ${ONLY_HOST} END END`;

/** Numbered so that running is the greatest: most blocks have none, and DuckDB knows the greatest number of each. */
export const STATES: readonly string[] = [...JOB_STATES.filter((state) => state !== 'running'), 'running'];
export const RUNNING = STATES.length - 1;

/** The fields that are columns of the table: ids first, and numbers with a point last, as rows/raw-lines.ts expects them. */
const IN_ORDER = STORED_FIELDS.toSorted((a, b) => orderOf(a) - orderOf(b));

function orderOf({ name, kind }: StoredField): number {
  if (name === 'db-id') return 0;
  if (name === 'job-id') return 1;
  return kind === 'decimal' ? 3 : 2;
}

/** Their columns. NULL reads as 0 or '', as in every filter. */
export const STORED_COLUMNS: readonly Column[] = IN_ORDER.map(storedColumn);

function storedColumn(field: StoredField): Column {
  const from = storedValue(field);
  const name = field.column;
  switch (field.kind) {
    case 'text':
      return { name, type: 'VARCHAR', from, fits: sql`(${from} >= '' AND ${from} < x'')` };
    case 'id':
      return wholeColumn(name, from, 63);
    case 'time':
    case 'whole':
      return wholeColumn(name, from, field.bits);
    case 'member': {
      const numbers = membersOf(field).map((member, index) => sql`WHEN ${sql.lit(member)} THEN ${sql.lit(index)}`);
      return { name, type: 'UTINYINT', from: sql`CASE ${from} ${sql.join(numbers, sql` `)} END` };
    }
    case 'decimal':
      return { name, type: 'DOUBLE', from, fits: sql`${from} BETWEEN -1e308 AND 1e308` };
  }
}

function wholeColumn(name: string, from: RawBuilder<unknown>, bits: number): Column {
  const most = 2n ** BigInt(bits) - 1n;
  const type = bits > 31 ? 'BIGINT' : 'INTEGER';
  return { name, type, from, bits, fits: sql`${from} BETWEEN ${sql.raw(`-${most} AND ${most}`)}` };
}

/** The ids of a job's tags, each with a comma around it. */
export const TAGS: Column = {
  name: 'tags',
  type: 'VARCHAR',
  isPlain: true,
  from: sql`ifnull((SELECT ',' || group_concat(jobtag.tag_id || ',', '') FROM jobtag WHERE jobtag.job_id = ${column('id')} AND typeof(jobtag.tag_id) = 'integer'), '')`,
};

/** The columns every index has; footprint columns follow (footprintColumn). */
export const COLUMNS: readonly Column[] = [
  ...STORED_COLUMNS,
  // Of broken metadata, and of one without a text there: NULL, which no filter matches.
  { name: 'job_name', type: 'VARCHAR', from: ref('job_name') },
  foldedName(),
  {
    name: 'hosts',
    type: 'VARCHAR',
    from: ref('hosts'),
    fits: sql`NOT ifnull(job.has_mark, 0)`,
  },
  foldedHosts(),
  TAGS,
];

/** What several columns are made of: read once for each job (rows/careful.ts). */
export const SOURCES: Readonly<Record<'job_name' | 'hosts' | 'has_mark', RawBuilder<unknown>>> = {
  job_name: jsonText(column('meta_data'), 'jobName'),
  // A mark, then each host with a mark behind it; nothing for a job without hosts. group_concat leaves NULL out.
  hosts: sql`ifnull(char(31) || ifnull(${USUAL_HOSTS} || char(31), (SELECT group_concat(${HOSTNAME} || char(31), '') FROM ${HOSTS})), '')`,
  // A host with a mark in it: told from the JSON, raw or escaped. Control characters beside it count as well.
  has_mark: sql`(instr(CAST(job.resources AS TEXT), char(31)) > 0 OR instr(CAST(job.resources AS TEXT), '\\u001') > 0)`,
};

/** What is read of table job as it stands there. */
export const STORED = [...IN_ORDER.map((field) => field.column), 'footprint'].map((name) => sql.ref(name));

/** The columns of an index with these footprint keys, in their order. */
export function columnsOf(footprintKeys: readonly string[]): readonly Column[] {
  return [...COLUMNS, ...footprintKeys.map(footprintColumn)];
}

/** The number under one key of the footprint. Names of columns are counted, since DuckDB folds their case. */
export function footprintColumn(key: string, index: number): Column {
  const value = jsonNumber(column('footprint'), key);
  return {
    name: footprintName(index),
    type: 'DOUBLE',
    from: value,
    isOdd: sql`(typeof(${value}) = 'integer' AND abs(${value}) > 9007199254740992 OR abs(${value}) > 1e308)`,
  };
}

export function footprintName(index: number): string {
  return `footprint${index}`;
}

/** The members of a closed set in the order of the numbers that the index has for them. */
export function membersOf({ name, members }: FieldOf<'member'>): readonly string[] {
  return name === 'state' ? STATES : members;
}

/** A text of SOURCES. */
function ref(name: keyof typeof SOURCES): RawBuilder<unknown> {
  return sql.ref(`job.${name}`);
}

/**
 * A text with A-Z folded: DuckDB's lower() folds other letters too, and translate() takes 2.5 microseconds a row where texts differ from row to
 * row. Many jobs share a name, and DuckDB looks at each name of a block once, if there is one column to look at.
 */
function foldedName(): Column {
  return { name: 'job_name_folded', type: 'VARCHAR', from: sql`lower(${ref('job_name')})` };
}

/** Hosts, where folding makes a difference; else NULL, which takes no room. */
function foldedHosts(): Column {
  return {
    name: 'hosts_folded',
    type: 'VARCHAR',
    from: sql`nullif(lower(${ref('hosts')}), ${ref('hosts')})`,
  };
}
