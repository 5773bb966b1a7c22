/** Jobs as an index reads them: JavaScript gets the same values from their JSON as the SQLite of the readers. */
import fc from 'fast-check';
import { sql } from 'kysely';
import { expect, onTestFinished, test } from 'vitest';
import { FootprintKeys } from '../../src/column-index/source/footprint-keys.ts';
import { Source } from '../../src/column-index/source/indexed-database.ts';
import type { Jobs } from '../../src/column-index/source/job-reader.ts';
import { plainFootprint, plainHosts } from '../../src/column-index/source/sqlite-json.ts';
import { sqlBuilder } from '../../src/db/sql/sql-builder.ts';
import { jsonNumber, jsonText } from '../../src/db/sql/stored-json.ts';
import { COLUMNS, HOST_MARK } from '../../src/questions/index-columns.ts';
import { HOSTS as HOST_ROWS, HOSTNAME } from '../../src/questions/where/hosts.ts';
import { column } from '../../src/questions/where/sqlite.ts';
import { jobs } from '../support/column-index.ts';
import { randomRows, store } from '../support/random-jobs.ts';
import { type TestDatabase, testDatabase } from '../support/sql.ts';
import { madeSuitable } from '../support/suitable-jobs.ts';

const RUNS = Number(process.env.FUZZ_RUNS ?? 30);
const FIRST = -(2n ** 62n);

interface Opened {
  db: TestDatabase;
  source: Source;
}

async function opened(): Promise<Opened> {
  const db = await testDatabase();
  onTestFinished(() => db.close());
  const source = new Source(db.path, 4);
  onTestFinished(() => source.close());
  return { db, source };
}

/** The parts of a job's JSON that an index stores. */
interface Read {
  name: unknown;
  folded: unknown;
  hosts: unknown;
  foldedHosts: unknown;
  numbers: Record<string, unknown>;
}

function readOf({ values, rows }: Jobs, keys: readonly string[]): Read[] {
  const listOf = (name: string) => values[COLUMNS.findIndex((each) => each.name === name)] ?? expect.fail(name);
  return Array.from({ length: rows }, (_, at) => ({
    name: listOf('job_name')[at],
    folded: listOf('job_name_folded')[at],
    hosts: listOf('hosts')[at],
    foldedHosts: listOf('hosts_folded')[at],
    numbers: Object.fromEntries(keys.map((key, index) => [key, plusZero(values[COLUMNS.length + index]?.[at])])),
  }));
}

/** The same values, from the SQL expressions of the readers. */
async function oracle(db: TestDatabase, keys: readonly string[]): Promise<Read[]> {
  const name = jsonText(column('meta_data'), 'jobName');
  const mark = sql.lit(HOST_MARK);
  const hosts = sql`ifnull(${mark} || (SELECT group_concat(host || ${mark}, '') FROM (SELECT DISTINCT ${HOSTNAME} AS host FROM ${HOST_ROWS})), '')`;
  const numbers = keys.map((key, index) => sql`, ${jsonNumber(column('footprint'), key)} AS ${sql.ref(`n${index}`)}`);
  const query = sql`SELECT name, lower(name) AS folded, hosts, nullif(lower(hosts), hosts) AS "foldedHosts", read.* FROM
    (SELECT ${name} AS name, ${hosts} AS hosts ${sql.join(numbers, sql``)} FROM job ORDER BY id) AS read`;
  const { sql: text, parameters } = query.compile(sqlBuilder);
  const rows = await db.all(text, parameters as readonly string[]);
  return (rows as Record<string, unknown>[]).map((row) => ({
    name: row['name'],
    folded: row['folded'],
    hosts: row['hosts'],
    foldedHosts: row['foldedHosts'],
    numbers: Object.fromEntries(keys.map((key, index) => [key, plusZero(row[`n${index}`])])),
  }));
}

/** 0 and -0 count as equal. */
function plusZero(value: unknown): unknown {
  return value === 0 ? 0 : value;
}

/** Throws if the two differ. Returns the keys that were found. */
async function bothRead({ db, source }: Opened, known: readonly string[] = []): Promise<readonly string[]> {
  const keys = new FootprintKeys(known);
  const read = await source.jobsAfter(FIRST, keys);
  expect(readOf(read, keys.list)).toEqual(await oracle(db, keys.list));
  return keys.list;
}

const word = fc.stringMatching(/^[A-Za-z0-9_äÖ ,.:-]{0,8}$/);
const number = fc.oneof(
  fc.integer(),
  fc.integer().map((value) => value / 1_000),
  fc
    .double({ noDefaultInfinity: true, noNaN: true, min: -1e300, max: 1e300 })
    .filter((value) => !/^-?\d{16,}$/.test(String(value))), // except those that the index does not store
);
const json = (value: fc.Arbitrary<unknown>) =>
  fc.tuple(value, fc.constantFrom(0, 0, 1)).map(([it, space]) => JSON.stringify(it, null, space));
/** Values that most jobs have, and a job with nothing unusual. */
const plainJson = fc.record({
  resources: json(
    fc.array(fc.record({ hostname: word, hwthreads: fc.array(fc.nat()) }, { requiredKeys: ['hostname'] }), {
      maxLength: 4,
    }),
  ),
  footprint: json(fc.dictionary(fc.stringMatching(/^[a-z_]{1,2}$/), number, { maxKeys: 3 })),
  metadata: json(fc.record({ jobName: word, jobScript: fc.string() }, { requiredKeys: [] })),
});

/** JSON with some characters replaced, removed or added. */
const almost = (text: fc.Arbitrary<string>) =>
  fc
    .tuple(text, fc.array(fc.tuple(fc.nat(), fc.nat(1), fc.constantFrom(...PIECES)), { maxLength: 2 }))
    .map(([whole, edits]) =>
      edits.reduce((so, [at, cut, piece]) => {
        const place = at % (so.length + 1);
        return so.slice(0, place) + piece + so.slice(place + cut);
      }, whole),
    );
const PIECES = [
  ...['', '"', '\\', '{', '}', '[', ']', ',', ':', ' ', '\t', '\n', '0', '1', '-', '.', 'e5', 'E', '+', 'x', 'Ä', '/'],
  ...['null', 'true', '"hostname"', '"jobName":', '\\u0041', '\\n', '\\/', '{"hostname":"b"}', '"a":7,', "'", 'NaN'],
  ...['1234567890123456', '0.30000000000000004', '\u00a0', '\ufeff', '\u2028', '\v', '//', '[[', ']]', '\u007f'],
];

async function written({ db }: Opened, at: number, stored: Record<'resources' | 'footprint' | 'metadata', string>) {
  await db.all(
    'UPDATE job SET resources = ?, footprint = ?, meta_data = ? WHERE id = (SELECT id FROM job ORDER BY id LIMIT 1 OFFSET ?)',
    [stored.resources, stored.footprint, stored.metadata, BigInt(at)],
  );
}

test('random jobs', async () => {
  const both = await opened();
  await fc.assert(
    fc.asyncProperty(randomRows(40), fc.array(plainJson, { maxLength: 30 }), async (rows, plainJsons) => {
      await store(both.db, rows.map(madeSuitable));
      for (const [at, each] of plainJsons.entries()) await written(both, at, each);
      await bothRead(both);
    }),
    { numRuns: RUNS, interruptAfterTimeLimit: 90_000, endOnFailure: true },
  );
});

test('what is almost JSON', async () => {
  const both = await opened();
  await both.db.exec(jobs(1, 20));
  const texts = fc.record({
    resources: almost(plainJson.map(({ resources }) => resources)),
    footprint: almost(plainJson.map(({ footprint }) => footprint)),
    metadata: almost(plainJson.map(({ metadata }) => metadata)),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(texts, { minLength: 20, maxLength: 20 }), async (all) => {
      for (const [at, each] of all.entries()) await written(both, at, each);
      const keys = new FootprintKeys([]);
      const read = await both.source.jobsAfter(FIRST, keys);
      const expected = await oracle(both.db, keys.list);
      const odd = new Set(read.odd.map(({ id }) => Number(id) - 1));
      expect(readOf(read, keys.list)).toEqual(expected.filter((_, at) => !odd.has(at)));
      for (const at of odd) {
        const numbers = Object.values(expected[at]?.numbers ?? {}).map((number) => Math.abs(Number(number)));
        expect(Math.max(...numbers)).toBeGreaterThanOrEqual(2 ** 53);
      }
    }),
    { numRuns: RUNS, interruptAfterTimeLimit: 90_000, endOnFailure: true },
  );
});

const HOSTS = [
  ...['[]', '[{"hostname":"a"}]', '[{"hostname":""}]', '[{"hostname":"Ab"},{"hostname":"c"}]'],
  ...[' [ ] ', '[ {"hostname": "a"} ]', '[{"hwthreads":[0,1],"hostname":"a","more":[true,-0.5,1e5]}]'],
];
const ODD_HOSTS = [
  ...['{}', 'x', '', '[', '[{}]', '[{"hostname":"a"}', '[{"hostname":"a"}]]', '[{"hostname":"a"},]'],
  ...['[{"hostname":"a\tb"}]', '[{"hostname":"a",}]', '[1,"x",null,[]]', '[{"hwthreads":[0],"more":{"hostname":"a"}}]'],
  ...['[{"hostname":"\\u0041"}]', '[{"hostname":1}]', '[{"hostname":"a","x":01}]', '[{"hostname":"a","x":1.}]'],
  ...["[{'hostname':'a'}]", `[${'['.repeat(40)}${']'.repeat(40)}]`, '[{"hostname":null,"hostname":"b"}]'],
  ...['[{"hostname":"a"}]\0', '[{"hostname":"a","hostname":"b"},{"host":"c"}]', '[{"x":"hostname","hostname":"a"}]'],
  ...['[{"hostname":"a","x":{"hostname":"b"}}]', '[{"host\\u006eame":"a"}]', '"hostname"', '[null,{"hostname":"a"}]'],
  `[{"hostname":"a","x":${'['.repeat(1_001)}${']'.repeat(1_001)}}]`, // deeper than SQLite reads
  JSON.stringify(Array.from({ length: 4_000 }, (_, at) => ({ hostname: `node${at}` }))),
];
const NUMBERS = [
  ...['{}', '{"load_avg":1}', '{"load_avg":0.5,"mem_avg":-7}', '{"a-b":7,"load_avg":123456789012345}'],
  ...['{"mem_avg":-0}', '{"load_avg": 1.5, "mem_avg": 2}', '[]', 'x', '', 'null', '7', '"{}"'],
];
const ODD_NUMBERS = [
  ...[
    '{',
    '{"load_avg":1',
    '{"load_avg":1}}',
    '{"load_avg":1,}',
    '{"load_avg":01}',
    '{"load_avg":.5}',
    '{"load_avg":1.}',
  ],
  ...[
    '{"load_avg":1e2}',
    '{"load_avg":1234567890123456}',
    '{"load_avg":"1"}',
    '{"load_avg":null}',
    '{"load_avg":[1,2]}',
  ],
  ...['{"load_avg":true}', '{"load_avg":1,"load_avg":2}', '{"load_avg":"x","load_avg":2}', '{"load\\u005favg":1}'],
  ...[
    '{"load_avg":+1}',
    '{"load_avg":- 1}',
    "{'load_avg':1}",
    '{"load_avg":0x1}',
    ' { } ',
    '{ "mem_avg" : -0.5 ,\n"load_avg":0 }',
  ],
  ...['{"load_avg":0.30000000000000004}', '{"load_avg":179.99999999999997}', '{"load_avg":9007199254740992}'],
  ...[
    '{"load_avg":{"mem_avg":1}}',
    '{"x":"\\":1","load_avg":2}',
    '\ufeff{"load_avg":1}',
    '{"load_avg":1}\0{"mem_avg":2}',
  ],
];
const NAMES = [
  ...[
    '{"jobName":"Mesh"}',
    '{"jobName":""}',
    '{"x":[1,"\\u0041"],"jobName":"a,b"}',
    '{}',
    '[]',
    'x',
    '{"x":{"jobName":"y"}}',
  ],
  ...[
    '{"jobName":"a\\"b"}',
    '{"jobName":"\\n"}',
    '{"jobName":7}',
    '{"jobName":null}',
    '{"jobName":{"a":"b"}}',
    '"jobName"',
  ],
  ...[
    '{"jobName":"a","jobName":"b"}',
    '{"job\\u004eame":"a"}',
    '{"jobName":"\\u00e4Ä\\/"}',
    '{"jobName":"a"}\0',
    '{"jobName":\'a\'}',
  ],
  ...[
    '{"jobName":"\\ud83c\\udf89"}',
    '{jobName:"a"}',
    '["jobName"]',
    `{"x":${'['.repeat(1_001)}${']'.repeat(1_001)},"jobName":"a"}`,
  ],
];

test.each(
  [
    ...[...HOSTS, ...ODD_HOSTS].map((value) => ({ column: 'resources', value })),
    ...[...NUMBERS, ...ODD_NUMBERS].map((value) => ({ column: 'footprint', value })),
    ...NAMES.map((value) => ({ column: 'meta_data', value })),
  ].map((each) => ({ ...each, begins: each.value.slice(0, 60) })),
)('$column $begins', async ({ column, value }) => {
  const both = await opened();
  await both.db.exec(jobs(1, 3));
  await both.db.exec(`UPDATE job SET footprint = '{"load_avg": 1.5, "mem_avg": 2}'`);
  const hex = Buffer.from(value).toString('hex');
  for (const stored of [`CAST(x'${hex}' AS TEXT)`, `x'${hex}'`]) {
    await both.db.exec(`UPDATE job SET ${column} = ${stored} WHERE job_id = 2`);
    await bothRead(both, ['load_avg', 'mem_avg']);
  }
});

test('JavaScript reads what is plain, and leaves the rest to SQLite', () => {
  for (const json of HOSTS) expect(plainHosts(json), json).toBeDefined();
  for (const json of ODD_HOSTS) expect(plainHosts(json), json.slice(0, 60)).toBeUndefined();
  for (const json of NUMBERS) expect(plainFootprint(json), json).toBeDefined();
  for (const json of ODD_NUMBERS) expect(plainFootprint(json), json).toBeUndefined();
});

test('a number under another key adds the key, another text or key does not', async () => {
  const both = await opened();
  await both.db.exec(jobs(1, 3));
  const keysOf = async (footprint: string) => {
    await both.db.exec(`UPDATE job SET footprint = '${footprint}' WHERE job_id = 2`);
    return await bothRead(both, ['load_avg']);
  };
  expect(await keysOf('{"load_avg":1,"mem_avg":2}')).toEqual(['load_avg', 'mem_avg']);
  expect(await keysOf('{"load_avg":1,"mem_avg":1e5,"":2,"a b":1e400}')).toEqual(['load_avg', 'mem_avg']);
  expect(await keysOf('{"load_avg":1,"":2,"a b":3}')).toEqual(['load_avg']);
  expect(await keysOf('{"load_avg":1,"mem_avg":"x"}')).toEqual(['load_avg']);
});

test.each([
  ['a host', 'resources', '[{"hostname":"a\\u001fb"}]'],
  ['half of a surrogate pair', 'resources', '[{"hostname":"\\ud83c"}]'],
  ['a NUL', 'resources', '[{"hostname":"\\u0000"}]'],
  ['a NUL', 'meta_data', '{"jobName":"\\u0000"}'],
  ['half of a surrogate pair', 'meta_data', '{"jobName":"\\udf89"}'],
])('%s that the index cannot hold, in %s: %s', async (_what, column, value) => {
  const { db, source } = await opened();
  await db.exec(`${jobs(1, 3)} UPDATE job SET ${column} = '${value}' WHERE id = 2`);
  const { rows, odd } = await source.jobsAfter(FIRST, new FootprintKeys([]));
  expect({ rows, odd }).toEqual({ rows: 2, odd: [{ id: 2n, reason: expect.stringMatching(/^a (text|host) /) }] });
});

test('footprints with more keys than an index has columns', async () => {
  const { db, source } = await opened();
  const footprint = JSON.stringify(Object.fromEntries(Array.from({ length: 129 }, (_, at) => [`m${at}`, at])));
  await db.exec(`${jobs(1, 3)} UPDATE job SET footprint = '${footprint}' WHERE id = 2`);
  const { odd } = await source.jobsAfter(FIRST, new FootprintKeys([]));
  expect(odd).toEqual([{ id: 2n, reason: 'footprints have more than 128 keys' }]);
});
