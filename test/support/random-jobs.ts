import fc from 'fast-check';
import { JOB_STATES, type JobState, SHARED, type Shared } from '../../src/jobs/job.ts';
import type { TestDatabase } from './sql.ts';

/** A stored JSON column: its bytes, whether as BLOB, and what they mean (undefined: nothing, for they are broken). */
export interface StoredJson<Meaning> {
  bytes: Buffer | null;
  blob: boolean;
  meaning: Meaning | undefined;
}

/** A row of table job as it lies in the file: texts are bytes, since a foreign file holds what is no UTF-8. */
export interface Row {
  id: bigint;
  jobId: bigint;
  cluster: Buffer;
  subcluster: Buffer;
  user: Buffer;
  project: Buffer;
  partition: Buffer | null;
  startTime: bigint;
  duration: bigint;
  arrayJobId: bigint | null;
  state: JobState;
  shared: Shared;
  numNodes: bigint;
  cores: bigint | null;
  accs: bigint | null;
  monitoringStatus: bigint;
  energy: number;
  resources: StoredJson<Buffer[]>;
  footprint: StoredJson<Record<string, number>>;
  metadata: StoredJson<{ jobName?: Buffer }>;
  tags: bigint[];
}

/** id -> scope; the tags of every test. */
export const TAGS = new Map([
  [1n, 'global'],
  [2n, 'admin'],
  [3n, 'a'],
  [4n, 'b'],
]);

/** Few and short, so that random filters find random rows; hostile in every way we know. */
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

const text = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...TEXTS).map((value) => Buffer.from(value)) },
  { weight: 1, arbitrary: fc.constantFrom(...NO_UTF8) },
);
const whole = (...values: bigint[]) => fc.constantFrom(...values);
const nullable = <Value>(arbitrary: fc.Arbitrary<Value>) => fc.option(arbitrary, { freq: 4 });

/** The JSON string of a text: as it is, or with every unit escaped. */
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
/** As scheduler adapters write them, with and without more than the names, and as nobody does. */
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

/** Two keys; numbers on and beside the edges of bins; a value that is no number counts as missing. */
export const FOOTPRINT_VALUES = [0, 0.5, 1, 9.999, 10, 25.6, 99.9, 100, 100.1, -0.5, -50, 1e300];
const footprint = stored(
  fc
    .record({
      load_avg: nullable(fc.constantFrom(...FOOTPRINT_VALUES)),
      mem_max: nullable(fc.constantFrom(...FOOTPRINT_VALUES)),
    })
    .chain((pair) => fc.constantFrom({}, { other_avg: 'text' }, { '': 1 }).map((more) => ({ pair, more })))
    .map(({ pair, more }) => {
      const entries = Object.entries(pair).filter((entry): entry is [string, number] => entry[1] !== null);
      return {
        json: JSON.stringify({ ...Object.fromEntries(entries), ...more }),
        meaning: Object.fromEntries(entries),
      };
    }),
);

const metadata = stored<{ jobName?: Buffer }>(
  fc.oneof(
    jsonString.map(({ json, value }) => ({ json: `{"x":"y","jobName":${json}}`, meaning: { jobName: value } })),
    fc.constantFrom('{}', '{"jobName":null}', '{"jobName":5}').map((json) => ({ json, meaning: {} })),
    fc.constantFrom('[]', '"jobName"', '7').map((json) => ({ json, meaning: undefined })),
  ),
);

const row = fc.record({
  cluster: text,
  subcluster: text,
  user: text,
  project: text,
  partition: nullable(text),
  startTime: whole(0n, 1n, 1_699_990_000n, 1_699_996_400n, 1_699_996_401n, 1_700_000_500n, 2n ** 40n),
  duration: whole(0n, 1n, 59n, 60n, 299n, 300n, 3599n, 3600n, 7200n, 172_799n, 172_800n, 2n ** 31n - 1n),
  arrayJobId: nullable(whole(0n, 7n, 2n ** 53n + 1n)),
  state: fc.constantFrom<JobState>(...JOB_STATES, 'running', 'running'),
  shared: fc.constantFrom(...SHARED),
  numNodes: whole(0n, 1n, 2n, 1000n),
  cores: nullable(whole(0n, 1n, 72n, 2n ** 20n)),
  accs: nullable(whole(0n, 4n, 2n ** 20n)),
  monitoringStatus: whole(0n, 1n, 2n, 3n),
  energy: fc.constantFrom(0, 0.1, 0.30000000000000004, 5, 1e300),
  resources,
  footprint,
  metadata,
  tags: fc.subarray([...TAGS.keys()]),
});

/** Up to `most` rows; ids count from 1, job ids go on beyond 2^53. */
export function randomRows(most: number): fc.Arbitrary<Row[]> {
  return fc
    .array(row, { maxLength: most })
    .map((rows) =>
      rows.map((one, index) => ({ ...one, id: BigInt(index + 1), jobId: 2n ** 53n - 5n + BigInt(index) })),
    );
}

/** Replaces what is in the database by these rows and TAGS. */
export async function store(db: TestDatabase, rows: readonly Row[]): Promise<void> {
  const literal = (bytes: Buffer) => `x'${bytes.toString('hex')}'`;
  const textOf = (bytes: Buffer | null) => (bytes === null ? 'NULL' : `CAST(${literal(bytes)} AS TEXT)`);
  const jsonOf = ({ bytes, blob }: StoredJson<unknown>, otherwise = 'NULL') =>
    bytes === null ? otherwise : blob ? literal(bytes) : textOf(bytes);
  const jobs = rows.map(
    (r) =>
      `(${r.id},${r.jobId},${textOf(r.cluster)},${textOf(r.subcluster)},${textOf(r.user)},${textOf(r.project)},${textOf(r.partition)},${r.startTime},${r.duration},${r.arrayJobId ?? 'NULL'},'${r.state}','${r.shared}',${r.numNodes},${r.cores ?? 'NULL'},${r.accs ?? 'NULL'},${r.monitoringStatus},${r.energy},60,${jsonOf(r.resources, "''")},${jsonOf(r.footprint)},${jsonOf(r.metadata)})`,
  );
  const links = rows.flatMap(({ id, tags }) => tags.map((tag) => `(${id},${tag})`));
  await db.exec(`BEGIN; DELETE FROM jobtag; DELETE FROM tag; DELETE FROM job;
    INSERT INTO tag (id, tag_type, tag_name, tag_scope) VALUES ${[...TAGS].map(([id, scope]) => `(${id},'t','n${id}','${scope}')`).join(',')};
    ${jobs.length === 0 ? '' : `INSERT INTO job (id,job_id,cluster,subcluster,hpc_user,project,cluster_partition,start_time,duration,array_job_id,job_state,shared,num_nodes,num_hwthreads,num_acc,monitoring_status,energy,walltime,resources,footprint,meta_data) VALUES ${jobs.join(',')};`}
    ${links.length === 0 ? '' : `INSERT INTO jobtag (job_id, tag_id) VALUES ${links.join(',')};`} COMMIT`);
}
