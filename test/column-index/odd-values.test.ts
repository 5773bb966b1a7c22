/**
 * SQLite stores values of any type in a column. An index does not hold jobs whose values could have another meaning
 * there.
 */
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Unsupported } from '../../src/column-index/index-errors.ts';
import { migrate } from '../../src/db/schema/migrate.ts';
import { STORED_FIELDS } from '../../src/jobs/fields.ts';
import type { Condition } from '../../src/jobs/filter.ts';
import { countJobs } from '../../src/questions/count/sqlite.ts';
import { ALL, answerOf, builtIndex, jobs } from '../support/column-index.ts';
import { testFolder } from '../support/folder.ts';
import { EXTREME_WHOLES } from '../support/random-jobs.ts';
import { makeCcBackendFile, testDatabase } from '../support/sql.ts';
import { openSqlite } from '../support/sqlite.ts';

const columnsOf = (...kinds: string[]) =>
  STORED_FIELDS.flatMap(({ kind, column }) => (kinds.includes(kind) ? [column] : []));
const WHOLE = columnsOf('id', 'time', 'whole').filter((column) => column !== 'id');
const TEXTS = columnsOf('text');
const NULLABLE = STORED_FIELDS.flatMap(({ nullable, column }) => (nullable ? [column] : []));
const NO_NUMBER = ['1.5', '-2.5', '1e300', "'many'", "x'3132'", "''"];

const ODD = [
  ...WHOLE.flatMap((column) => NO_NUMBER.map((value) => ({ column, value }))),
  ...TEXTS.map((column) => ({ column, value: "x'6162'" })),
  ...["'much'", "x'31'", '1e999', '-1e999'].map((value) => ({ column: 'energy', value })),
  { column: 'hpc_user', value: "CAST(x'610062' AS TEXT)" },
  { column: 'resources', value: `'[{"hostname":"a\\u001f"}]'` },
  { column: 'footprint', value: `'{"load_avg": 1, "mem_avg": 9007199254740993}'` },
  { column: 'footprint', value: `'{"load_avg": 1e309, "mem_avg": 1}'` },
];
const FITTING = [
  ...WHOLE.map((column) => ({ column, value: "'12'" })), // the column converts it to a number
  ...WHOLE.flatMap((column) => EXTREME_WHOLES.map((value) => ({ column, value }))),
  ...NULLABLE.map((column) => ({ column, value: 'NULL' })),
  ...TEXTS.map((column) => ({ column, value: `'a"b,' || char(10) || ',"'` })),
  ...TEXTS.map((column) => ({ column, value: '12.5' })), // the column converts it to text
  ...['5', '-0.0', '1e22', '1e-300', '0.30000000000000004'].map((value) => ({ column: 'energy', value })),
  { column: 'footprint', value: `'{"load_avg": "x,1", "mem_avg": [1, null], "note": "null:"}'` },
  { column: 'footprint', value: `'{"load_avg": 1e-7, "mem_avg": 0.30000000000000004}'` },
  { column: 'meta_data', value: 'NULL' },
  ...[...NO_NUMBER, '-5', '9223372036854775807'].map((value) => ({ column: 'submit_time', value })),
  // Not valid JSON.
  ...['a\tb', 'a\0b', '\n', 'a\x1fb'].map((name) => ({
    column: 'resources',
    value: `CAST(x'${hostsHex(name)}' AS TEXT)`,
  })),
];

const HOSTS = [
  ...['[{"hostname":"}]', '[{"hostname":""}]', '[{"hostname":"a"},{"hostname":"A\tb"}]', '[{"hostname":"a"}]'],
  '[{"hostname":"a\x1fb"}]', // the index separates hosts by this character
  ...[
    '[{"hostname":"a"},{"hostname":"b","x":1}]',
    '[{"hostname":"a","hwthreads":[1]}]',
    '[{"hostname":"\\u0041"}]',
    'b"}]',
  ],
];

function hostsHex(name: string): string {
  return Buffer.from(`[{"hostname":"${name}"},{"hostname":"b"}]`).toString('hex');
}

/** An index of `last` jobs. Before its build, each case changed one of them. */
async function built(last: number, cases: readonly { id: number; column: string; value: string | bigint }[]) {
  const db = await testDatabase();
  await db.exec(jobs(101, 100 + last)); // ids from 1, with other job ids
  await db.exec(`UPDATE job SET footprint = '{"load_avg": 1.5, "mem_avg": 2}'`);
  // Written without the checks of the table, as another program could.
  await db.exec('PRAGMA ignore_check_constraints = 1');
  for (const { id, column, value } of cases) await db.exec(`UPDATE job SET ${column} = ${value} WHERE id = ${id}`);
  const folder = dirname(db.path);
  const index = await builtIndex({
    ...{ databasePath: db.path, path: join(folder, 'job.db.columns'), memoryMb: 128 },
    ...{ tempDir: folder, spillMb: 64, shortJobSec: 300 },
  });
  const close = async () => {
    await index.close();
    await db.close();
  };
  return { db, index, close };
}

const count = (...conditions: Condition[]) => ({ kind: 'count', jobs: { ...ALL, conditions } }) as const;
const withIds = (...ids: number[]): Condition => ({ kind: 'id', field: 'db-id', values: ids.map(BigInt) });

describe('an odd value', () => {
  /** A column, its odd values, and three jobs: the second has the odd values. */
  const COLUMNS = [...Map.groupBy(ODD, ({ column }) => column)].map(([column, cases], nth) => ({
    column,
    values: cases.map(({ value }) => value),
    ids: { before: 3 * nth + 1, odd: 3 * nth + 2, after: 3 * nth + 3 },
  }));
  let shared: Awaited<ReturnType<typeof built>>;
  beforeAll(async () => {
    const first = COLUMNS.map(({ column, values: [value = ''], ids }) => ({ id: ids.odd, column, value }));
    shared = await built(3 * COLUMNS.length, first);
  });
  afterAll(() => shared.close());

  test.each(COLUMNS)('in $column, each of $values costs only the questions that match the job', async (odd) => {
    const { column, values, ids } = odd;
    const { index, db } = shared;
    const three = count(withIds(ids.before, ids.odd, ids.after));
    const oddOfThree = () => index.odd.filter(({ id }) => Object.values(ids).map(BigInt).includes(id));
    const [row] = await db.all(`SELECT ${column} AS stored FROM job WHERE id = ${ids.before}`);
    const plain = column === 'job_id' ? BigInt(ids.odd) : (row as { stored: string }).stored; // a key must be unique
    for (const [nth, value] of values.entries()) {
      const shown = String(value);
      // The first value was there during the build.
      if (nth > 0) await db.exec(`UPDATE job SET ${column} = ${value} WHERE id = ${ids.odd}`);
      expect(await index.ask(count()), shown).toBeUndefined();
      expect(await index.ask(three), shown).toBeUndefined();
      expect(oddOfThree(), shown).toEqual([{ id: BigInt(ids.odd), reason: expect.stringMatching(/./) }]);
      expect(await answerOf(index, count(withIds(ids.before, ids.after))), shown).toEqual([{ count: 2 }]);
      // When the job is repaired, the index is complete again.
      await db.all(`UPDATE job SET ${column} = ? WHERE id = ${ids.odd}`, [plain]);
      expect(await answerOf(index, three), shown).toEqual([{ count: 3 }]);
      expect(oddOfThree(), shown).toEqual([]);
    }
    // The same if it is deleted.
    await db.exec(`UPDATE job SET ${column} = ${values[0]} WHERE id = ${ids.after}`);
    expect(await index.ask(three)).toBeUndefined();
    await db.exec(`DELETE FROM job WHERE id = ${ids.after}`);
    expect(await answerOf(index, three)).toEqual([{ count: 2 }]);
  });
});

describe('an index holds', () => {
  const HELD = FITTING.map((one, nth) => ({ ...one, id: nth + 1 }));
  const ON_HOSTS = HOSTS.map((resources, nth) => ({ resources, id: HELD.length + nth + 1 }));
  const JOBS = HELD.length + ON_HOSTS.length;
  let shared: Awaited<ReturnType<typeof built>>;
  beforeAll(async () => {
    const onHosts = ON_HOSTS.map(({ resources, id }) => ({ id, column: 'resources', value: `'${resources}'` }));
    shared = await built(JOBS, [...HELD, ...onHosts]);
  });
  afterAll(() => shared.close());

  test.each(HELD)('$value in $column', async ({ id }) => {
    expect(await answerOf(shared.index, count(withIds(id)))).toEqual([{ count: 1 }]);
    expect(await answerOf(shared.index, count())).toEqual([{ count: JOBS }]);
  });

  test('jobs with any submit time, and the same waits as SQLite', async () => {
    const { index, db } = shared;
    const held = HELD.filter(({ column }) => column === 'submit_time').map(({ id }) => id);
    await db.exec(`UPDATE job SET start_time = 100 WHERE id IN (${held})`);
    // 1.5 reads as 1, and the BLOB as its digits 12: waits of 99 and 88 s.
    for (const [from, found] of [
      [0n, 2],
      [88n, 2],
      [89n, 1],
      [100n, 0],
    ] as const) {
      const { kind, jobs } = count(withIds(...held), { kind: 'whole', field: 'wait', range: { from } });
      expect(await answerOf(index, { kind, jobs })).toEqual([{ count: found }]);
      expect(await db.read(countJobs(jobs))).toEqual([{ count: found }]);
    }
  });

  test.each(ON_HOSTS)('jobs on the hosts $resources', async ({ id }) => {
    const { index, db } = shared;
    for (const value of ['', 'a', 'A', 'b', 'a\tb', 'a\x1fb']) {
      const { kind, jobs } = count(withIds(id), { kind: 'text', field: 'node', operator: 'is', values: [value] });
      expect(await answerOf(index, { kind, jobs })).toEqual(await db.read(countJobs(jobs)));
    }
  });
});

test('a file with texts in UTF-16 is nothing for an index', async () => {
  const path = join(testFolder(), 'job.db');
  await makeCcBackendFile(path, "PRAGMA encoding = 'UTF-16le';");
  await migrate(path);
  const db = openSqlite(path, 1_000);
  await db.exec(jobs(1, 3));
  db.close();
  const index = builtIndex({
    ...{
      databasePath: path,
      path: `${path}.columns`,
      memoryMb: 128,
      tempDir: testFolder(),
      spillMb: 64,
      shortJobSec: 300,
    },
  });
  await expect(index).rejects.toBeInstanceOf(Unsupported);
});
