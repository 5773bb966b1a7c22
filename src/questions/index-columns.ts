import { DERIVED_VALUES } from '../db/sql/derived-fields.ts';
import type { SqlValue } from '../db/statement.ts';
import { DERIVED_FIELDS, type DerivedField, type FieldOf, STORED_FIELDS, type StoredField } from '../jobs/fields.ts';
import { JOB_STATES } from '../jobs/job-enums.ts';

/** A column of the index. */
export interface Column {
  readonly name: string;
  readonly type: 'BIGINT' | 'INTEGER' | 'UTINYINT' | 'DOUBLE' | 'VARCHAR';
}

/** A column with a value of table job. */
export interface StoredColumn extends Column {
  /** The value as SQL for SQLite: the column of the same name, or a derived value. */
  readonly of: string;
  /**
   * Converts a value of the table, where integers are BigInt, to a value of the index. Undefined if the column cannot
   * store it in a way that gives the same answers as the SQL.
   */
  readonly read: (stored: SqlValue | undefined) => bigint | number | string | null | undefined;
}

/** Encloses each host of a job. The index does not support hosts that contain it. */
export const HOST_MARK = '\x1f';

/** Running has the largest number: most blocks contain no running job, and DuckDB knows the maximum of each block. */
export const STATES: readonly string[] = [...JOB_STATES.filter((state) => state !== 'running'), 'running'];
export const RUNNING = STATES.length - 1;

/** The fields that are columns of the table, the id of the job first. */
export const STORED_COLUMNS: readonly StoredColumn[] = [
  ...STORED_FIELDS.filter(({ name }) => name === 'db-id'),
  ...STORED_FIELDS.filter(({ name }) => name !== 'db-id'),
].map(storedColumn);

const DERIVED_COLUMNS = DERIVED_FIELDS.map((field) =>
  computedColumn(indexColumn(field), DERIVED_VALUES[field.name], field.bits),
);

/** True if a number of a job is too large for the columns of table `job`. */
const IS_WIDE = STORED_FIELDS.flatMap((field) => ('bits' in field ? [field] : []))
  .map(({ column, bits }) => `${column} NOT BETWEEN ${-(2n ** BigInt(bits)) + 1n} AND ${2n ** BigInt(bits) - 1n}`)
  .join(' OR ');

const SUBMITTED = 'CAST(submit_time AS INTEGER)';

/** The columns whose values are read from table job as they are, the id of the job first. */
export const READ_COLUMNS: readonly StoredColumn[] = [
  ...STORED_COLUMNS,
  ...DERIVED_COLUMNS,
  // The id of a job of table `wide_job`. NULL in table `job`.
  computedColumn('wide_id', `CASE WHEN ${IS_WIDE} THEN id END`, 63),
  // A submit time after the start. All others follow from the start and the wait, so it is NULL and takes no space.
  computedColumn('late_submit', `CASE WHEN ${SUBMITTED} > max(start_time, 0) THEN ${SUBMITTED} END`, 63),
];

/** The columns of every index. Its footprint columns follow them. */
export const COLUMNS: readonly Column[] = [
  ...READ_COLUMNS,
  // NULL, which matches no filter, if the metadata is invalid or has no text there.
  { name: 'job_name', type: 'VARCHAR' },
  // With A-Z folded. Many jobs share a name, and with a column of its own DuckDB compares each name of a block once.
  { name: 'job_name_folded', type: 'VARCHAR' },
  // HOST_MARK, then each distinct host followed by HOST_MARK. Empty for a job without hosts.
  { name: 'hosts', type: 'VARCHAR' },
  // NULL, which takes no space, if they have no A-Z.
  { name: 'hosts_folded', type: 'VARCHAR' },
  // The ids of the job's tags, each enclosed in commas.
  { name: 'tags', type: 'VARCHAR' },
];

/** The column of a field. */
export function indexColumn(field: StoredField | DerivedField): string {
  return field.kind === 'derived' ? field.name.replaceAll('-', '_') : field.column;
}

/** The type of a column in table `wide_job`. */
export function wideType({ type }: Column): Column['type'] {
  return type === 'INTEGER' ? 'BIGINT' : type;
}

/** The columns of an index with these footprint keys, in their order. */
export function columnsOf(footprintKeys: readonly string[]): readonly Column[] {
  return [...COLUMNS, ...footprintKeys.map((_, index): Column => ({ name: footprintName(index), type: 'DOUBLE' }))];
}

/** The column of the number under a footprint key. It is named by the key's index because DuckDB ignores case. */
export function footprintName(index: number): string {
  return `footprint${index}`;
}

/** True if a DOUBLE column can store a number in a way that gives the same answers as the SQL. */
export function isDecimal(value: number): boolean {
  return Math.abs(value) <= 1e308;
}

/** The members of a closed set in the order of their numbers in the index. */
export function membersOf({ name, members }: FieldOf<'member'>): readonly string[] {
  return name === 'state' ? STATES : members;
}

/** NULL reads as 0 or '' in nullable fields, as in all filters. */
function storedColumn(field: StoredField): StoredColumn {
  const { column: name, nullable = false } = field;
  switch (field.kind) {
    case 'text':
      return {
        name,
        of: name,
        type: 'VARCHAR',
        read(stored) {
          if (nullable && stored === null) return '';
          return typeof stored === 'string' ? stored : undefined;
        },
      };
    case 'id':
      return wholeColumn(name, nullable, 63);
    case 'time':
    case 'whole':
      return wholeColumn(name, nullable, field.bits);
    case 'member': {
      const numbers = new Map<unknown, number>(membersOf(field).map((member, index) => [member, index]));
      return { name, of: name, type: 'UTINYINT', read: (stored) => numbers.get(stored) };
    }
    case 'decimal':
      return {
        name,
        of: name,
        type: 'DOUBLE',
        read: (stored) => (typeof stored === 'number' && isDecimal(stored) ? stored : undefined),
      };
  }
}

/** Integers, usually between -2^bits and 2^bits. */
function wholeColumn(name: string, nullable: boolean, bits: number): StoredColumn {
  return {
    name,
    of: name,
    type: bits > 31 ? 'BIGINT' : 'INTEGER',
    read(stored) {
      if (nullable && stored === null) return 0n;
      return typeof stored === 'bigint' ? stored : undefined;
    },
  };
}

/** An integer that SQLite computes, or NULL. */
function computedColumn(name: string, of: string, bits: number): StoredColumn {
  const { read, ...column } = wholeColumn(name, false, bits);
  return { ...column, of, read: (stored) => (stored === null ? null : read(stored)) };
}
