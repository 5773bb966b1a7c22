/**
 * SQLite stores values of any type in a column. An index does not hold jobs whose values could have another meaning
 * there.
 */
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Unsupported } from '../../src/column-index/index-errors.ts';
import type { IndexSession } from '../../src/column-index/session.ts';
import { migrate } from '../../src/db/schema/migrate.ts';
import { STORED_FIELDS } from '../../src/jobs/fields.ts';
import type { Condition } from '../../src/jobs/filter.ts';
import { countJobs } from '../../src/questions/count/sqlite.ts';
import { ALL, answerOf, builtIndex, jobs } from '../support/column-index.ts';
import { testFolder } from '../support/folder.ts';
import { makeCcBackendFile, type TestDatabase, testDatabase } from '../support/sql.ts';
import { openSqlite } from '../support/sqlite.ts';

const columnsOf = (...kinds: string[]) =>
  STORED_FIELDS.flatMap(({ kind, column }) => (kinds.includes(kind) ? [column] : []));
const WHOLE = columnsOf('id', 'time', 'whole').filter((column) => column !== 'id');
const TEXTS = columnsOf('text');
const NULLABLE = STORED_FIELDS.flatMap(({ nullable, column }) => (nullable ? [column] : []));
const BOUNDED = STORED_FIELDS.flatMap((field) => ('bits' in field && field.bits < 63 ? [field] : []));
const NO_NUMBER = ['1.5', '-2.5', '1e300', "'many'", "x'3132'", "''"];

const ODD = [
  ...WHOLE.flatMap((column) => NO_NUMBER.map((value) => ({ column, value }))),
  ...BOUNDED.filter(({ bits }) => bits < 32).map(({ column }) => ({ column, value: '2147483648' })),
  ...BOUNDED.flatMap(({ column, bits }) =>
    [2n ** BigInt(bits), -(2n ** BigInt(bits))].map((value) => ({ column, value })),
  ),
  ...TEXTS.map((column) => ({ column, value: "x'6162'" })),
  ...["'much'", "x'31'", '1e999', '-1e999'].map((value) => ({ column: 'energy', value })),
  { column: 'hpc_user', value: "CAST(x'610062' AS TEXT)" },
  { column: 'resources', value: `'[{"hostname":"a\\u001f"}]'` },
  { column: 'footprint', value: `'{"load_avg": 1, "mem_avg": 9007199254740993}'` },
  { column: 'footprint', value: `'{"load_avg": 1e309, "mem_avg": 1}'` },
];
const FITTING = [
  ...WHOLE.map((column) => ({ column, value: "'12'" })), // the column converts it to a number
  ...NULLABLE.map((column) => ({ column, value: 'NULL' })),
  ...TEXTS.map((column) => ({ column, value: `'a"b,' || char(10) || ',"'` })),
  ...TEXTS.map((column) => ({ column, value: '12.5' })), // the column converts it to text
  ...['5', '-0.0', '1e22', '1e-300', '0.30000000000000004'].map((value) => ({ column: 'energy', value })),
  { column: 'footprint', value: `'{"load_avg": "x,1", "mem_avg": [1, null], "note": "null:"}'` },
  { column: 'footprint', value: `'{"load_avg": 1e-7, "mem_avg": 0.30000000000000004}'` },
  { column: 'meta_data', value: 'NULL' },
  // Not valid JSON.
  ...['a\tb', 'a\0b', '\n', 'a\x1fb'].map((name) => ({
    column: 'resources',
    value: `CAST(x'${hostsHex(name)}' AS TEXT)`,
  })),
];

function hostsHex(name: string): string {
  return Buffer.from(`[{"hostname":"${name}"},{"hostname":"b"}]`).toString('hex');
}

async function built(column: string, value: string | bigint): Promise<{ index: IndexSession; db: TestDatabase }> {
  const db = await testDatabase();
  onTestFinished(() => db.close());
  await db.exec(jobs(1, 3));
  await db.exec(`UPDATE job SET footprint = '{"load_avg": 1.5, "mem_avg": 2}'`);
  // Written without the checks of the table, as another program could.
  await db.exec(`PRAGMA ignore_check_constraints = 1; UPDATE job SET ${column} = ${value} WHERE id = 2`);
  const folder = testFolder();
  const index = await builtIndex({
    ...{ databasePath: db.path, path: join(folder, 'job.db.columns'), memoryMb: 128 },
    ...{ tempDir: folder, spillMb: 64 },
  });
  onTestFinished(() => index.close());
  return { index, db };
}

const count = (...conditions: Condition[]) => ({ kind: 'count', jobs: { ...ALL, conditions } }) as const;

const ODD_COLUMNS = [...Map.groupBy(ODD, ({ column }) => column)].map(([column, cases]) => ({
  column,
  values: cases.map(({ value }) => value),
}));

test.each(ODD_COLUMNS)('in $column, each of $values costs only the questions that match the job', async (odd) => {
  const { column, values } = odd;
  const [first = ''] = values;
  const { index, db } = await built(column, first);
  const [row] = await db.all(`SELECT ${column} AS stored FROM job WHERE id = 1`);
  const plain = column === 'job_id' ? 2n : (row as { stored: string }).stored; // a key must be unique
  for (const [nth, value] of values.entries()) {
    const shown = String(value);
    // The first value was there during the build.
    if (nth > 0) await db.exec(`UPDATE job SET ${column} = ${value} WHERE id = 2`);
    expect(await index.ask(count()), shown).toBeUndefined();
    expect(index.odd, shown).toEqual([{ id: 2n, reason: expect.stringMatching(/./) }]);
    const others = count({ kind: 'id', field: 'db-id', values: [1n, 3n] });
    expect(await answerOf(index, others), shown).toEqual([{ count: 2 }]);
    // When the job is repaired, the index is complete again.
    await db.all(`UPDATE job SET ${column} = ? WHERE id = 2`, [plain]);
    expect(await answerOf(index, count()), shown).toEqual([{ count: 3 }]);
    expect(index.odd, shown).toEqual([]);
  }
  // The same if it is deleted.
  await db.exec(`UPDATE job SET ${column} = ${first} WHERE id = 3`);
  expect(await index.ask(count())).toBeUndefined();
  await db.exec('DELETE FROM job WHERE id = 3');
  expect(await answerOf(index, count())).toEqual([{ count: 2 }]);
});

test.each(FITTING)('$value in $column is held', async ({ column, value }) => {
  const { index } = await built(column, value);
  expect(await answerOf(index, { kind: 'count', jobs: ALL })).toEqual([{ count: 3 }]);
});

test.each([
  ...['[{"hostname":"}]', '[{"hostname":""}]', '[{"hostname":"a"},{"hostname":"A\tb"}]', '[{"hostname":"a"}]'],
  '[{"hostname":"a\x1fb"}]', // the index separates hosts by this character
  ...[
    '[{"hostname":"a"},{"hostname":"b","x":1}]',
    '[{"hostname":"a","hwthreads":[1]}]',
    '[{"hostname":"\\u0041"}]',
    'b"}]',
  ],
])('jobs on the hosts %s', async (resources) => {
  const { index, db } = await built('resources', `'${resources}'`);
  for (const value of ['', 'a', 'A', 'b', 'a\tb', 'a\x1fb']) {
    const node: Condition = { kind: 'text', field: 'node', operator: 'is', values: [value] };
    const jobs = { ...ALL, conditions: [node] };
    expect(await answerOf(index, { kind: 'count', jobs })).toEqual(await db.read(countJobs(jobs)));
  }
});

test('a file with texts in UTF-16 is nothing for an index', async () => {
  const path = join(testFolder(), 'job.db');
  await makeCcBackendFile(path, "PRAGMA encoding = 'UTF-16le';");
  await migrate(path);
  const db = openSqlite(path, 1_000);
  await db.exec(jobs(1, 3));
  db.close();
  const index = builtIndex({
    ...{ databasePath: path, path: `${path}.columns`, memoryMb: 128, tempDir: testFolder(), spillMb: 64 },
  });
  await expect(index).rejects.toBeInstanceOf(Unsupported);
});
