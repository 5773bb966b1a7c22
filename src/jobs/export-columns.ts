import { Fault } from '../faults.ts';
import type { ColumnType, TextFormat } from './export-format.ts';
import { DERIVED_FIELDS, FRACTION_FIELDS, type FractionField, JOB_FIELDS, METRIC } from './fields.ts';
import { isFootprintKey } from './filter.ts';
import { UNFILTERED_NUMBERS } from './number-fields.ts';
import { keysShownBy } from './used-fractions.ts';

/** An exported list of jobs: each row has these columns. */
export interface JobsTable {
  readonly format: TextFormat;
  readonly columns: readonly ExportColumn[];
}

const FIELDS = [...JOB_FIELDS, ...UNFILTERED_NUMBERS, ...DERIVED_FIELDS, ...FRACTION_FIELDS];
const FIELD_COLUMNS = FIELDS.map(({ property }) => property);
const FRACTION_COLUMNS = FRACTION_FIELDS.map(({ property }) => property);
type FieldColumn = (typeof FIELD_COLUMNS)[number];

/** Columns that are not the value of one field. */
const OTHER_COLUMNS = {
  id: 'whole',
  jobName: 'text',
  endTime: 'whole',
  hosts: 'texts',
  tags: 'texts',
} as const satisfies Readonly<Record<string, ColumnType>>;
type OtherColumn = keyof typeof OTHER_COLUMNS;

/** A column has the name of the member of a job in the API, or it is `metric.` and the key of a footprint. */
export type KnownColumn = FieldColumn | OtherColumn;
export type ExportColumn = KnownColumn | `${typeof METRIC}${string}`;

/** The first columns of an export, in order. Columns of new fields follow them. */
const FIRST: readonly KnownColumn[] = [
  'id',
  'jobId',
  'arrayJobId',
  'jobName',
  'user',
  'project',
  'cluster',
  'subCluster',
  'partition',
  'jobState',
  'shared',
  'submitTime',
  'startTime',
  'endTime',
  'wait',
  'duration',
  'walltime',
];
/** Columns of an export that must be asked for. */
const ON_REQUEST: readonly KnownColumn[] = [
  'memoryAsked',
  ...FRACTION_COLUMNS,
  'smt',
  'monitoringStatus',
  'hosts',
  'tags',
];

/** The columns of an export that does not choose any. */
export const DEFAULT_COLUMNS: readonly KnownColumn[] = [
  ...FIRST,
  ...FIELD_COLUMNS.filter((column) => !FIRST.includes(column) && !ON_REQUEST.includes(column)),
];
export const KNOWN_COLUMNS: readonly KnownColumn[] = [...DEFAULT_COLUMNS, ...ON_REQUEST];

/** Each takes up to two of the 127 arguments of a function of SQLite. */
export const MOST_COLUMNS = 60;

/** Reads the columns of an exported list of jobs. Throws invalid_request. */
export function exportColumns(text: string): ExportColumn[] {
  const metrics = `${METRIC} with the key of a footprint, such as ${METRIC}flops_any_avg`;
  const columns = chosenColumns(text, isColumn, `${KNOWN_COLUMNS.join(', ')}, and ${metrics}`);
  if (columns.length <= MOST_COLUMNS) return columns;
  throw new Fault('invalid_request', `must name at most ${MOST_COLUMNS} columns`);
}

/** Reads column names separated by commas. `known` lists the columns in words. Throws invalid_request. */
export function chosenColumns<Column extends string>(
  text: string,
  isKnown: (name: string) => name is Column,
  known: string,
): Column[] {
  const names = text.split(',');
  const columns = names.filter(isKnown);
  if (columns.length < names.length) {
    const unknown = names.filter((name) => !isKnown(name)).map((name) => JSON.stringify(name));
    throw new Fault(
      'invalid_request',
      `has unknown columns: ${unknown.join(', ').slice(0, 200)}. The columns are ${known}`,
    );
  }
  if (new Set(names).size < names.length) throw new Fault('invalid_request', 'must name each column once');
  return columns;
}

export function columnType(column: ExportColumn): ColumnType {
  if (isOther(column)) return OTHER_COLUMNS[column];
  switch (FIELDS.find(({ property }) => property === column)?.kind) {
    case 'text':
    case 'member':
      return 'text';
    case 'decimal':
    case 'fraction':
    case undefined: // of a footprint
      return 'decimal';
    default:
      return 'whole';
  }
}

/** The keys of footprints whose values the columns show. */
export function footprintKeys(columns: readonly ExportColumn[]): string[] {
  return columns.flatMap((column) => {
    if (isMetricColumn(column)) return [column.slice(METRIC.length)];
    return keysShownBy(FRACTION_FIELDS.find(({ property }) => property === column)?.name ?? '');
  });
}

/** Returns true for a column that is a value of the footprint. */
export function isMetricColumn(name: ExportColumn): name is `${typeof METRIC}${string}` {
  return name.startsWith(METRIC);
}

/** Returns true for a column that is a field of the kind `fraction`. */
export function isFractionColumn(name: ExportColumn): name is FractionField['property'] {
  return FRACTION_FIELDS.some(({ property }) => property === name);
}

function isOther(name: string): name is OtherColumn {
  return Object.hasOwn(OTHER_COLUMNS, name);
}

function isColumn(name: string): name is ExportColumn {
  if (name.startsWith(METRIC)) return isFootprintKey(name.slice(METRIC.length));
  return KNOWN_COLUMNS.some((column) => column === name);
}
