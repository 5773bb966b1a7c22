import { ASKED_ENTRIES, FRACTION_ENTRIES } from './asked-and-used-fields.ts';
import type { Bounds, Field, Stored } from './field-kinds.ts';
import { JOB_STATES, SHARED } from './job-enums.ts';

/** The prefix of the parameter for a footprint value. The key follows. */
export const METRIC = 'metric.';

/** The number of the day of a start below 2^47 has 31 bits. Counts below 2^29 times durations below 2^31 have 60. */
const TIME_BITS = 47;
const COUNT_BITS = 29;
/** The type of these columns in cc-backend, whose queries fail on larger numbers. */
export const INT32: Bounds = { least: 0n, most: 2n ** 31n - 1n };
const INT64: Bounds = { least: 0n, most: 2n ** 63n - 1n };

/**
 * The fields of a job that a filter can use. The order is that of the form and of docs/api.md. An entry is the only
 * description of its field. These derive from it:
 * - the types of conditions, the parameters of the API with their documentation, and the form
 * - the SQL for SQLite and for the column index, and the columns of the index
 * - the sort orders of lists, and the bounds of new jobs
 * - the numbers of a job in the API (api-number-fields.ts), in starts, and in imports from archives and databases
 * - the random jobs and filters of the tests
 *
 * A new number of a job is an entry here, and a migration if table `job` lacks the column. A derived one needs no
 * column, but SQL in db/sql/derived-fields.ts, and a fraction SQL in questions/used-fractions/.
 */
const ENTRIES = {
  user: {
    kind: 'text',
    column: 'hpc_user',
    property: 'user',
    operators: true,
    form: { group: 'User', label: 'User' },
    api: { words: 'name of the user', example: 'ada' },
  },
  project: {
    kind: 'text',
    column: 'project',
    property: 'project',
    operators: true,
    form: { group: 'User', label: 'Project' },
    api: { words: 'name of the project', example: 'fi115' },
  },
  'start-time': {
    kind: 'time',
    column: 'start_time',
    property: 'startTime',
    aheadSec: 86_400,
    bits: TIME_BITS,
    sortable: true,
    listed: { head: 'Started' },
    form: { group: 'Time and state', label: 'Started' },
    api: { words: 'start', example: 'last24h' },
  },
  during: {
    kind: 'during',
    form: { group: 'Time and state', label: 'Ran' },
    api: { words: 'jobs that ran at any moment of it; the second time is outside', example: '2026-10-01..2026-10-31' },
  },
  'end-time': {
    kind: 'ended',
    form: { group: 'Time and state', label: 'Ended' },
    api: { words: 'end, of jobs that have ended', example: 'last24h' },
  },
  wait: {
    kind: 'derived',
    property: 'wait',
    unit: 's',
    bits: TIME_BITS,
    sortable: true,
    listed: { head: 'Waited', rare: true },
    form: { group: 'Time and state', label: 'Waited' },
    api: {
      words: 'seconds from submission to start; jobs whose submit time is unknown do not match',
      example: '3600-',
    },
  },
  state: {
    kind: 'member',
    column: 'job_state',
    property: 'jobState',
    members: JOB_STATES,
    form: { group: 'Time and state', label: 'State' },
    api: { words: 'job state', example: 'failed' },
  },
  'job-name': {
    kind: 'name',
    operators: true,
    form: { group: 'Job', label: 'Job name' },
    api: { words: 'jobName of the metadata', example: 'relax' },
  },
  'job-id': {
    kind: 'id',
    column: 'job_id',
    property: 'jobId',
    bounds: { ...INT64, least: 1n, orZero: true },
    form: { group: 'Job', label: 'Job ids' },
    api: { words: 'job id of the scheduler', example: '116021' },
  },
  'array-job-id': {
    kind: 'id',
    column: 'array_job_id',
    property: 'arrayJobId',
    bounds: INT64,
    nullable: true,
    form: { group: 'Job', label: 'Array job ids' },
    api: { words: 'array job id of the scheduler; 0 means not part of an array', example: '116000' },
  },
  'db-id': {
    kind: 'id',
    column: 'id',
    form: { group: 'Job', label: 'Database ids' },
    api: { words: 'database id', example: '98095' },
  },
  schedule: {
    kind: 'schedule',
    members: ['interactive', 'batch'],
    form: { group: 'Job', label: 'Schedule' },
    api: { words: 'interactive: jobName is "interactive"; batch: any other jobName', example: 'batch' },
  },
  tag: {
    kind: 'tag',
    form: { group: 'Job', label: 'Tag' },
    api: { words: 'database id of a tag; a tag that the caller may not read matches no job', example: '3' },
  },
  cluster: {
    kind: 'text',
    column: 'cluster',
    property: 'cluster',
    configured: true,
    form: { group: 'Cluster and nodes', label: 'Cluster' },
    api: { words: 'name of the cluster', example: 'fern' },
  },
  subcluster: {
    kind: 'text',
    column: 'subcluster',
    property: 'subCluster',
    configured: true,
    form: { group: 'Cluster and nodes', label: 'Subcluster' },
    api: { words: 'name of the subcluster', example: 'main' },
  },
  partition: {
    kind: 'text',
    column: 'cluster_partition',
    property: 'partition',
    nullable: true,
    form: { group: 'Cluster and nodes', label: 'Partition' },
    api: { words: 'name of the partition', example: 'singlenode' },
  },
  node: {
    kind: 'hosts',
    operators: true,
    form: { group: 'Cluster and nodes', label: 'Node' },
    api: { words: 'name of a host of the job', example: 'f0315' },
  },
  shared: {
    kind: 'member',
    column: 'shared',
    property: 'shared',
    members: SHARED,
    form: { group: 'Cluster and nodes', label: 'Node sharing' },
    api: { words: 'node sharing', example: 'none' },
  },
  duration: {
    kind: 'whole',
    column: 'duration',
    property: 'duration',
    bounds: INT32,
    unit: 's',
    bits: 31,
    sortable: true,
    listed: { head: 'Duration' },
    form: { group: 'Resources', label: 'Duration' },
    api: { words: 'stored duration in seconds', example: '3600-' },
  },
  walltime: {
    kind: 'whole',
    column: 'walltime',
    property: 'walltime',
    bounds: INT64,
    unit: 's',
    bits: 63,
    sortable: true,
    form: { group: 'Resources', label: 'Walltime' },
    api: { words: 'requested walltime in seconds', example: '86400-' },
  },
  'num-nodes': {
    kind: 'whole',
    column: 'num_nodes',
    property: 'numNodes',
    bounds: { ...INT32, least: 1n },
    bits: COUNT_BITS,
    sortable: true,
    listed: { head: 'Nodes' },
    form: { group: 'Resources', label: 'Nodes' },
    api: { words: 'number of nodes', example: '2-16' },
  },
  'num-hwthreads': {
    kind: 'whole',
    column: 'num_hwthreads',
    property: 'numHwthreads',
    bounds: INT32,
    nullable: true,
    bits: COUNT_BITS,
    sortable: true,
    listed: { head: 'Threads' },
    form: { group: 'Resources', label: 'Hardware threads' },
    api: { words: 'number of hardware threads', example: '-128' },
  },
  'num-acc': {
    kind: 'whole',
    column: 'num_acc',
    property: 'numAcc',
    bounds: INT32,
    nullable: true,
    bits: COUNT_BITS,
    sortable: true,
    listed: { head: 'Acc.', rare: true },
    form: { group: 'Resources', label: 'Accelerators' },
    api: { words: 'number of accelerators', example: '1-' },
  },
  energy: {
    kind: 'decimal',
    column: 'energy',
    property: 'energy',
    unit: 'kWh',
    sortable: true,
    listed: { head: 'Energy' },
    form: { group: 'Resources', label: 'Energy' },
    api: { words: 'energy in kWh', example: '0.5-10' },
  },
  ...ASKED_ENTRIES,
  ...FRACTION_ENTRIES,
  'metric.NAME': {
    kind: 'footprint',
    form: { group: 'Resources', label: 'Footprint' },
    api: { words: 'footprint value NAME, such as flops_any_avg', example: '100-' },
  },
} as const satisfies Record<string, Field>;

type Entries = typeof ENTRIES;
export type FieldName = keyof Entries;
/** An entry with its name and the optional properties of its kind. `as const` only knows properties that exist. */
type Named<Name extends FieldName> = { readonly name: Name } & Entries[Name] &
  Omit<Extract<Field, { kind: Entries[Name]['kind'] }>, keyof Entries[Name]>;

/** Any of the fields, as a union by `kind`. */
export type AnyField = { [Name in FieldName]: Named<Name> }[FieldName];
/** A field of one of these kinds. */
export type FieldOf<Kind extends Field['kind']> = Extract<AnyField, { kind: Kind }>;
/** A field whose values are ranges of times. */
export type TimesField = FieldOf<'time' | 'during' | 'ended'>;
/** A field that is a column of table `job`. */
export type StoredField = Extract<AnyField, Stored>;

/** A field that is computed from columns. */
export type DerivedField = FieldOf<'derived'>;
/** A field that is a fraction, computed from columns and the cluster configuration. */
export type FractionField = FieldOf<'fraction'>;
/** A field with one value per job. */
export type ValueField = StoredField | DerivedField | FractionField;

/** The fields by name. */
export const FIELDS = Object.fromEntries(
  Object.entries(ENTRIES).map(([name, entry]) => [name, { name, ...entry }]),
) as unknown as { readonly [Name in FieldName]: Named<Name> };

/** The fields in order. */
export const ALL_FIELDS: readonly AnyField[] = Object.values(FIELDS);

/** The fields that are columns of table `job`. */
export const STORED_FIELDS: readonly StoredField[] = ALL_FIELDS.filter((field) => 'column' in field);

export const DERIVED_FIELDS = ALL_FIELDS.filter((field): field is DerivedField => field.kind === 'derived');

export const FRACTION_FIELDS = ALL_FIELDS.filter((field): field is FractionField => field.kind === 'fraction');

/** The fields that a new job sets. */
type JobField = Extract<StoredField, { property: string }>;
export const JOB_FIELDS = STORED_FIELDS.filter((field): field is JobField => field.property !== undefined);

/** Returns the field of a filter parameter: `user` for `user.not`. */
export function fieldOfParameter(parameter: string): AnyField | undefined {
  if (parameter.startsWith(METRIC)) return FIELDS['metric.NAME'];
  const [name = ''] = parameter.split('.', 1);
  return ALL_FIELDS.find((field) => field.name === name);
}
