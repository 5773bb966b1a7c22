import fc from 'fast-check';
import { STORED_FIELDS, type StoredField } from '../../src/jobs/fields.ts';
import { JOB_STATES } from '../../src/jobs/job-enums.ts';
import { USED_KEYS } from '../../src/jobs/used-fractions.ts';
import './short-counterexamples.ts';
import type { TestDatabase } from './sql.ts';

/** A stored JSON column: its bytes, whether it is a BLOB, and its meaning (undefined if the JSON is invalid). */
export interface StoredJson<Meaning> {
  bytes: Buffer | null;
  blob: boolean;
  meaning: Meaning | undefined;
}

type ValueOf<Field extends StoredField> = {
  text: Buffer;
  id: bigint;
  member: Field extends { members: readonly (infer Member)[] } ? Member : never;
  time: bigint;
  whole: bigint;
  decimal: number;
}[Field['kind']];

/** The values of all fields that are columns, by field name. */
type StoredValues = {
  [Field in StoredField as Field['name']]: ValueOf<Field> | (Field extends { nullable: true } ? null : never);
};

/** A row of table job as stored. Texts are bytes, because the file of another program may contain invalid UTF-8. */
export interface Row extends StoredValues {
  monitoringStatus: bigint;
  /** 0 if only the metadata may have it. */
  submitTime: bigint;
  resources: StoredJson<Buffer[]>;
  footprint: StoredJson<Record<string, number>>;
  metadata: StoredJson<{ jobName?: Buffer; submitTime?: string; memoryAsked?: bigint }>;
  tags: bigint[];
}

/** The tags of every test: id -> scope. */
export const TAGS = new Map([
  [1n, 'global'],
  [2n, 'admin'],
  [3n, 'a'],
  [4n, 'b'],
]);

/** Few and short texts, so that random filters match random rows. They include all known kinds of hostile text. */
export const TEXTS = [
  ...['', 'a', 'A', 'b', 'ab', 'aB%', 'a_b', '%', '_', "'", '"', '\\', '\0', 'a\0b', 'ä', 'Ä', '\ufffd', '\n', '🎉'],
  ...["' OR 1=1 --", 'interactive', 'Interactive', 'running', 'n01', 'N01', 'x'.repeat(3000)],
];
const NO_UTF8 = [
  Buffer.from([0xff]),
  Buffer.from([0x61, 0xc3]),
  Buffer.from([0x80, 0x61]),
  Buffer.from([0x61, 0xe2, 0x82]),
];

/** Numbers at the edges of 31, 53 and 64 bits, which another program may have stored. */
export const EXTREME_WHOLES = [
  ...[2n ** 29n, 2n ** 31n, -(2n ** 31n), 2n ** 32n, 2n ** 40n, -(2n ** 40n), 2n ** 53n - 1n, 2n ** 53n + 1n],
  ...[2n ** 62n, -(2n ** 62n), 2n ** 63n - 1n, -(2n ** 63n)],
];

const text = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...TEXTS).map((value) => Buffer.from(value)) },
  { weight: 1, arbitrary: fc.constantFrom(...NO_UTF8) },
);
const whole = (...values: bigint[]) => fc.constantFrom(...values);
const nullable = <Value>(arbitrary: fc.Arbitrary<Value>) => fc.option(arbitrary, { freq: 4 });

/** The JSON string of a text: as is, or with every code unit escaped. */
const jsonString = fc.tuple(fc.constantFrom(...TEXTS), fc.boolean()).map(([value, escaped]) => ({
  value: Buffer.from(value),
  json: escaped
    ? `"${Array.from({ length: value.length }, (_, i) => `\\u${value.charCodeAt(i).toString(16).padStart(4, '0')}`).join('')}"`
    : JSON.stringify(value),
}));

const BROKEN = [
  ...['', '{', '[1,', 'nul', '{"jobName":"a"', '[{"hostname":"a"}', '\0', '{a:1}', '[{"hostname":"a\nb"}]'],
  ...['[{"hostname":"a"},{"hostname":"b}]', '[{"hostname":"a"},{"hostname":"b"}]}]'],
];

function stored<Meaning>(whole: fc.Arbitrary<{ json: string; meaning: Meaning | undefined }>) {
  const content = fc.oneof(
    { weight: 6, arbitrary: whole.map(({ json, meaning }) => ({ bytes: Buffer.from(json), meaning })) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(...BROKEN).map((json) => ({ bytes: Buffer.from(json), meaning: undefined })),
    },
    { weight: 1, arbitrary: fc.constant({ bytes: Buffer.from('null'), meaning: undefined }) },
    { weight: 1, arbitrary: fc.constant({ bytes: null, meaning: undefined }) },
  );
  return fc
    .record({ content, blob: fc.boolean() })
    .map(({ content, blob }): StoredJson<Meaning> => ({ ...content, blob }));
}

const host = fc.oneof(
  { weight: 4, arbitrary: jsonString },
  {
    weight: 1,
    arbitrary: fc.constantFrom('1', '"a"', '{}', '{"hostname":5}', 'null').map((json) => ({ json, value: null })),
  },
);
/** JSON as scheduler adapters write it, with only names or with more members, and in unusual styles. */
const STYLES = [
  ['[', '', ',', ']'],
  ['[', ',"hwthreads":[1]', ',', ']'],
  ['[', ',"hostname":"later"', ',', ']'],
  ['[ ', ',"hwthreads":[1]', ',\n', ']'],
  ['[', '', ', ', '] '],
] as const;
const resources = stored(
  fc
    .tuple(fc.array(host, { maxLength: 4 }), fc.constantFrom(...STYLES))
    .map(([hosts, [start, more, between, end]]) => ({
      json: `${start}${hosts.map(({ json, value }) => (value === null ? json : `{"hostname":${json}${more}}`)).join(between)}${end}`,
      meaning: hosts.flatMap(({ value }) => (value === null ? [] : [value])),
    })),
);

/** Numbers at and next to the edges of bins, for two keys. A value that is not a number counts as missing. */
export const FOOTPRINT_VALUES = [0, 0.5, 1, 9.999, 10, 25.6, 99.9, 100, 100.1, -0.5, -50, 1e300];
const footprint = stored(
  fc
    .record({
      load_avg: nullable(fc.constantFrom(...FOOTPRINT_VALUES)),
      mem_max: nullable(fc.constantFrom(...FOOTPRINT_VALUES)),
      ...Object.fromEntries(
        Object.values(USED_KEYS).map((key) => [key, nullable(fc.constantFrom(...FOOTPRINT_VALUES))]),
      ),
    })
    .chain((pair) => fc.constantFrom({}, { other_avg: 'text' }, { '': 1 }).map((more) => ({ pair, more })))
    .map(({ pair, more }) => {
      const entries = Object.entries<number | null>(pair).filter(
        (entry): entry is [string, number] => entry[1] !== null,
      );
      return {
        json: JSON.stringify({ ...Object.fromEntries(entries), ...more }),
        meaning: Object.fromEntries(entries),
      };
    }),
);

/** What `slurmInfo` may say of the memory, and the MB that it means. */
const SLURM_INFO: readonly (readonly [string, bigint | undefined])[] = [
  ['JobId=1\nTRES_req=cpu=72,mem=250000M,node=1,billing=72\nTRES_alloc=cpu=72,mem=1M', 250_000n],
  ['QOS=normal ReqTRES=mem=1.50G,node=1', 1_536n],
  ['TRES_req=mem=2T', 2n ** 21n],
  ['TRES_req=cpu=1,mem=4096K other=1', 4n],
  ['TRES_req=cpu=1,mem=16', 16n],
  ['ReqTRES=cpu=1,mem=7M\nTRES_req=cpu=1,mem=8M', 8n],
  ['TRES_req=cpu=1,mem=1023K', undefined],
  ['TRES_req=cpu=1,mem=0', undefined],
  ['TRES_req=cpu=1,mem=-5M', undefined],
  ['TRES_req=cpu=1,mem=9999999999G', undefined],
  ['TRES_req=cpu=1,mem=5X', undefined],
  ['TRES_req=cpu=1,xmem=5M,node=1\nmem=3M', undefined],
  ['TRES_req=cpu=1 ,mem=3M', undefined],
  ['TRES_req=', undefined],
  ['mem=3M', undefined],
];

const metadata = stored<{ jobName?: Buffer; submitTime?: string; memoryAsked?: bigint }>(
  fc.oneof(
    jsonString.map(({ json, value }) => ({ json: `{"x":"y","jobName":${json}}`, meaning: { jobName: value } })),
    fc.constantFrom('0', '1699989940', '1700000000', '123456789012', '-5', 'soon', '').map((submitTime) => ({
      json: JSON.stringify({ jobName: 'run', submitTime }),
      meaning: { jobName: Buffer.from('run'), submitTime },
    })),
    fc.constantFrom(...SLURM_INFO).map(([slurmInfo, memoryAsked]) => ({
      json: JSON.stringify({ jobName: 'run', slurmInfo }),
      meaning: { jobName: Buffer.from('run'), ...(memoryAsked === undefined ? {} : { memoryAsked }) },
    })),
    fc.constantFrom('{}', '{"jobName":null}', '{"jobName":5}').map((json) => ({ json, meaning: {} })),
    fc.constantFrom('[]', '"jobName"', '7').map((json) => ({ json, meaning: undefined })),
  ),
);

/** Values at the limits of how a field is used. Other fields have the values of `usual`. */
const VALUES: { readonly [Name in keyof StoredValues]?: fc.Arbitrary<StoredValues[Name]> } = {
  'start-time': whole(0n, 1n, 1_699_990_000n, 1_699_996_400n, 1_699_996_401n, 1_700_000_500n, 2n ** 40n),
  duration: whole(
    0n,
    1n,
    59n,
    60n,
    299n,
    300n,
    3599n,
    3600n,
    7200n,
    172_799n,
    172_800n,
    604_800n,
    604_801n,
    2n ** 31n - 1n,
  ),
  // Often one with a peak (naive-fractions.ts).
  cluster: fc.oneof(text, fc.constant(Buffer.from('a'))),
  subcluster: fc.oneof(
    text,
    fc.constantFrom('a', "'").map((name) => Buffer.from(name)),
  ),
  'array-job-id': whole(0n, 7n, 2n ** 53n + 1n),
  state: fc.constantFrom(...JOB_STATES, 'running', 'running'),
  'num-hwthreads': whole(0n, 1n, 72n, 2n ** 20n),
  'num-acc': whole(0n, 4n, 2n ** 20n),
};

function valuesOf(field: StoredField): fc.Arbitrary<unknown> {
  const values: fc.Arbitrary<unknown> = VALUES[field.name] ?? usual(field);
  return field.nullable ? nullable(values) : values;
}

function usual(field: StoredField): fc.Arbitrary<unknown> {
  switch (field.kind) {
    case 'text':
      return text;
    case 'member':
      return fc.constantFrom(...field.members);
    case 'id':
    case 'time':
    case 'whole':
      return whole(0n, 1n, 2n, 60n, 1000n, 3600n);
    case 'decimal':
      return fc.constantFrom(0, 0.1, 0.30000000000000004, 5, 1e300);
  }
}

const row = fc
  .record({
    stored: fc.record(Object.fromEntries(STORED_FIELDS.map((field) => [field.name, valuesOf(field)]))),
    monitoringStatus: whole(0n, 1n, 2n, 3n),
    submitTime: whole(0n, 0n, 1n, 1_699_990_000n, 1_699_996_400n, 1_700_000_400n, -7n, 2n ** 40n, 2n ** 63n - 1n),
    resources,
    footprint,
    metadata,
    tags: fc.subarray([...TAGS.keys()]),
  })
  .map(({ stored, ...others }): Row => ({ ...(stored as StoredValues), ...others }));

/** Up to `most` rows. Ids count from 1, job ids exceed 2^53. */
export function randomRows(most: number): fc.Arbitrary<Row[]> {
  return fc.array(row, { maxLength: most }).map((rows) =>
    rows.map((one, index) => ({
      ...one,
      'db-id': BigInt(index + 1),
      'job-id': 2n ** 53n - 5n + BigInt(index),
    })),
  );
}

/** Replaces the content of the database by these rows and TAGS. */
export async function store(db: TestDatabase, rows: readonly Row[]): Promise<void> {
  const jobs = rows.map(columnsOf).map((columns) => insertOf('job', columns));
  const links = rows.flatMap((row) => row.tags.map((tag) => `(${row['db-id']},${tag})`));
  await db.exec(`BEGIN; DELETE FROM jobtag; DELETE FROM tag; DELETE FROM job;
    INSERT INTO tag (id, tag_type, tag_name, tag_scope) VALUES ${[...TAGS].map(([id, scope]) => `(${id},'t','n${id}','${scope}')`).join(',')};
    ${jobs.join('')}
    ${links.length === 0 ? '' : `INSERT INTO jobtag (job_id, tag_id) VALUES ${links.join(',')};`} COMMIT`);
}

/** The columns of table job as SQL literals. */
function columnsOf(row: Row): Record<string, string> {
  return {
    walltime: '60',
    ...Object.fromEntries(STORED_FIELDS.map(({ name, column }) => [column, literal(row[name])])),
    monitoring_status: literal(row.monitoringStatus),
    submit_time: literal(row.submitTime),
    resources: jsonOf(row.resources, "''"),
    footprint: jsonOf(row.footprint),
    meta_data: jsonOf(row.metadata),
  };
}

function insertOf(table: string, columns: Readonly<Record<string, string>>): string {
  return `INSERT INTO ${table} (${Object.keys(columns).join(',')}) VALUES (${Object.values(columns).join(',')});\n`;
}

function literal(value: Buffer | bigint | number | string | null): string {
  if (value === null) return 'NULL';
  if (Buffer.isBuffer(value)) return `CAST(${hex(value)} AS TEXT)`;
  return typeof value === 'string' ? `'${value}'` : String(value);
}

function jsonOf({ bytes, blob }: StoredJson<unknown>, otherwise = 'NULL'): string {
  if (bytes === null) return otherwise;
  return blob ? hex(bytes) : literal(bytes);
}

function hex(bytes: Buffer): string {
  return `x'${bytes.toString('hex')}'`;
}
