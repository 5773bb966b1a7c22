/** Jobs as an index reads them: what is taken apart on bytes is what SQLite makes of it. */
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { carefulRows } from '../../src/columns/rows/careful.ts';
import { JsonCursor } from '../../src/columns/rows/json-cursor.ts';
import { newKeys } from '../../src/columns/rows/keys.ts';
import { LineWriter } from '../../src/columns/rows/line-writer.ts';
import { plainRows } from '../../src/columns/rows/plain.ts';
import { PlainLineReader } from '../../src/columns/rows/plain-lines.ts';
import type { SqliteQuery } from '../../src/columns/rows/query.ts';
import { between, stretchOf } from '../../src/columns/rows/which.ts';
import { bytesOf, textOf } from '../../src/db/driver/driver-values.ts';
import { jobs } from '../support/column-index.ts';
import { randomRows, store } from '../support/random-jobs.ts';
import { type TestDatabase, testDatabase } from '../support/sql.ts';
import { madeSuitable } from '../support/suitable-jobs.ts';

const RUNS = Number(process.env.FUZZ_RUNS ?? 30);
const EVERY = between({ from: -(2n ** 62n), to: 2n ** 62n });

async function opened(): Promise<TestDatabase> {
  const db = await testDatabase('none');
  onTestFinished(() => db.close());
  return db;
}

async function row(db: TestDatabase, { sql, parameters }: SqliteQuery): Promise<Record<string, unknown>> {
  const [first = expect.fail('no row')] = await db.all(sql, parameters);
  return first as Record<string, unknown>;
}

async function keysOf(db: TestDatabase): Promise<string[]> {
  return JSON.parse(textOf(bytesOf((await row(db, newKeys([], EVERY)))['keys'])));
}

/** Lines of CSV of the jobs that are plain, and of the same jobs read with care, both sorted; how many others there are. */
async function bothRead(db: TestDatabase, keys: readonly string[]) {
  const lines = (await row(db, plainRows(EVERY)))['lines'];
  const out = new LineWriter();
  const plain = new PlainLineReader(keys, out).read(lines === null ? Buffer.alloc(0) : Buffer.from(bytesOf(lines)));
  if (plain === 'more keys') throw new Error(plain);
  const others = new Set(plain.ids);
  const careful = (await row(db, carefulRows(keys, EVERY)))['csv'];
  const isPlain = (line: string) => !others.has(BigInt(line.slice(0, line.indexOf(','))));
  return {
    plain: linesOf(out.written),
    careful: linesOf(careful === null ? new Uint8Array() : bytesOf(careful)).filter(isPlain),
    others: plain.ids.length,
  };
}

/** Each begins with an id and a comma; texts may have line feeds. */
function linesOf(csv: Uint8Array): string[] {
  const text = textOf(csv);
  expect(text).toMatch(/^$|\n$/);
  return text
    .slice(0, -1)
    .split(/\n(?=-?\d+,-?\d+,")/)
    .filter((line) => line !== '')
    .sort();
}

const word = fc.stringMatching(/^[A-Za-z0-9_äÖ ,.:-]{0,8}$/);
const number = fc.oneof(
  fc.integer(),
  fc.integer().map((value) => value / 1_000),
);
const json = (value: fc.Arbitrary<unknown>) =>
  fc.tuple(value, fc.constantFrom(0, 0, 1)).map(([it, space]) => JSON.stringify(it, null, space));
/** What most jobs have, and a job that has nothing odd. */
const plainJson = fc.record({
  resources: json(
    fc.array(fc.record({ hostname: word, hwthreads: fc.array(fc.nat()) }, { requiredKeys: ['hostname'] }), {
      maxLength: 4,
    }),
  ),
  footprint: json(fc.dictionary(fc.stringMatching(/^[a-z_]{1,2}$/), number, { maxKeys: 3 })),
  metadata: json(fc.record({ jobName: word, jobScript: fc.string() }, { requiredKeys: [] })),
});

test('random jobs', async () => {
  const db = await opened();
  let plains = 0;
  await fc.assert(
    fc.asyncProperty(randomRows(40), fc.array(plainJson, { maxLength: 30 }), async (rows, plainJsons) => {
      await store(db, rows.map(madeSuitable));
      for (const [at, { resources, footprint, metadata }] of plainJsons.entries()) {
        await db.all(
          'UPDATE job SET resources = ?, footprint = ?, meta_data = ? WHERE id = (SELECT id FROM job ORDER BY id LIMIT 1 OFFSET ?)',
          [...[resources, footprint, metadata, BigInt(at)]],
        );
      }
      // One key alone is written with all its digits where it is read with care.
      const { plain, careful } = await bothRead(db, [...(await keysOf(db)), 'none', 'neither']);
      expect(plain).toEqual(careful);
      plains += plain.length;
    }),
    { numRuns: RUNS, interruptAfterTimeLimit: 90_000, endOnFailure: true },
  );
  expect(plains).toBeGreaterThan(RUNS);
});

const HOSTS = [
  ...[
    '[]',
    ' [ ] ',
    '[{}]',
    '[{"hostname":"a"}]',
    '[{"hostname":""}]',
    '[{"hostname":"Ab"},{"hostname":"c"}]',
    '[1,"x",null,[]]',
  ],
  ...[
    '[{"hwthreads":[0,1],"hostname":"a","more":{"x":[true,-0.5]}}]',
    '[{"hostname":"a","hostname":"b"},{"host":"c"}]',
  ],
];
const NO_PLAIN_HOSTS = [
  ...[
    '{}',
    'x',
    '',
    '[',
    '[{"hostname":"a"}',
    '[{"hostname":"a"}]]',
    '[{"hostname":"a"},]',
    '[{"hostname":"a\tb"}]',
    '[{"hostname":"a",}]',
  ],
  ...[
    '[{"hostname":"\\u0041"}]',
    '[{"hostname":1}]',
    '[{"hostname":"a","x":01}]',
    '[{"hostname":"a","x":1.}]',
    "[{'hostname':'a'}]",
  ],
  ...[
    '[{"hostname":"a","x":1e5}]',
    `[${'['.repeat(40)}${']'.repeat(40)}]`,
    '[{"hostname":null,"hostname":"b"}]',
    '[{"hostname":"a"}]\0',
  ],
];
const MANY_HOSTS = JSON.stringify(Array.from({ length: 400 }, (_, at) => ({ hostname: `node${at}` })));
const NUMBERS = [
  ...[
    '{}',
    ' { } ',
    '{"load_avg":1}',
    '{ "mem_avg" : -0.5 ,\n"load_avg":0 }',
    '{"a-b":7,"load_avg":123456789012345}',
    '{"mem_avg":-0}',
  ],
];
const NO_PLAIN_NUMBERS = [
  ...[
    '[]',
    'x',
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
    '{"load_avg":true}',
  ],
  ...[
    '{"load_avg":1,"load_avg":2}',
    '{"load\\u005favg":1}',
    '{"load_avg":+1}',
    '{"load_avg":- 1}',
    "{'load_avg':1}",
    '{"load_avg":0x1}',
  ],
];
const NAMES = [
  '{"jobName":"Mesh"}',
  '{"jobName":""}',
  '{"x":[1,"\\u0041"],"jobName":"a,b"}',
  '{}',
  '[]',
  'x',
  '{"x":{"jobName":"y"}}',
];
const NO_PLAIN_NAMES = [
  '{"jobName":"a\\"b"}',
  '{"jobName":"\\n"}',
  '{"jobName":7}',
  '{"jobName":null}',
  '{"jobName":{"a":"b"}}',
];

test.each(
  [
    ...HOSTS.map((value) => ({ column: 'resources', value, isPlain: true })),
    ...[...NO_PLAIN_HOSTS, MANY_HOSTS].map((value) => ({ column: 'resources', value, isPlain: false })),
    ...NUMBERS.map((value) => ({ column: 'footprint', value, isPlain: true })),
    ...NO_PLAIN_NUMBERS.map((value) => ({ column: 'footprint', value, isPlain: false })),
    ...NAMES.map((value) => ({ column: 'meta_data', value, isPlain: true })),
    ...NO_PLAIN_NAMES.map((value) => ({ column: 'meta_data', value, isPlain: false })),
  ].map((each) => ({ ...each, begins: each.value.slice(0, 60) })),
)('$column $begins', async ({ column, value, isPlain }) => {
  const db = await opened();
  await db.exec(jobs(1, 3));
  await db.exec(`UPDATE job SET footprint = '{"load_avg": 1.5, "mem_avg": 2}'`);
  const hex = Buffer.from(value).toString('hex');
  for (const stored of [`CAST(x'${hex}' AS TEXT)`, `x'${hex}'`]) {
    await db.exec(`UPDATE job SET ${column} = ${stored} WHERE job_id = 2`);
    const { plain, careful, others } = await bothRead(db, ['load_avg', 'mem_avg']);
    expect(plain).toEqual(careful);
    expect(others).toBe(isPlain ? 0 : 1);
  }
});

test('a number under another key is told, another text or key is none', async () => {
  const db = await opened();
  await db.exec(jobs(1, 3));
  const read = async (footprint: string) => {
    await db.exec(`UPDATE job SET footprint = '${footprint}' WHERE job_id = 2`);
    return new PlainLineReader(['load_avg'], new LineWriter()).read(
      Buffer.from(bytesOf((await row(db, plainRows(EVERY)))['lines'])),
    );
  };
  expect(await read('{"load_avg":1,"mem_avg":2}')).toBe('more keys');
  expect(await read('{"load_avg":1,"":2,"a b":3}')).toMatchObject({ rows: 3 });
  expect(await read('{"load_avg":1,"mem_avg":"x"}')).toMatchObject({ rows: 2, ids: [2n] });
});

test('ids without a gap are a stretch', () => {
  expect(stretchOf([3n, 4n, 5n])).toEqual({ from: 2n, to: 5n });
  expect(stretchOf([-1n])).toEqual({ from: -2n, to: -1n });
  const least = -(2n ** 63n); // nothing lies before it
  for (const ids of [[], [3n, 5n], [3n, 5n, 6n], [least], [least, least + 1n]]) expect(stretchOf(ids)).toBeUndefined();
});

test('bytes that are no lines are refused', () => {
  const reader = new PlainLineReader([], new LineWriter());
  for (const bytes of ['1', '1,2,x', '1,2,"a', '\n', 'x,y,z,']) {
    expect(() => reader.read(Buffer.from(bytes)), bytes).toThrow('cannot be read');
  }
  expect(reader.read(Buffer.from('!-7\n!8'))).toMatchObject({ rows: 0, ids: [-7n, 8n] });
});

test('what the cursor takes for JSON is JSON, and all of it is that it can be', () => {
  const pieces = fc.constantFrom(...'[]{},:" 01-.'.split(''), '"a"', '{"a":', 'true', 'null', '1.5', 'e', '\\n', '\t');
  const text = fc.oneof(
    fc.array(pieces, { maxLength: 12 }).map((each) => each.join('')),
    fc.json({ maxDepth: 4 }),
  );
  fc.assert(
    fc.property(text, (json) => {
      const bytes = Buffer.from(json);
      const cursor = new JsonCursor(bytes);
      cursor.enter(0, bytes.length);
      const isRead = cursor.value() && cursor.isAtEnd();
      const isJson = (() => {
        try {
          JSON.parse(json);
          return true;
        } catch {
          return false;
        }
      })();
      if (isRead) expect(isJson, json).toBe(true);
      if (isJson && !json.includes('\\') && !/\d[eE]/.test(json)) expect(isRead, json).toBe(true);
    }),
    { numRuns: RUNS * 100 },
  );
});
