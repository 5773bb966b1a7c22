/**
 * Quantized doubles: DuckDB and JavaScript compute the same step, and a range of steps matches the same numbers as a
 * comparison.
 */
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { IndexFile } from '../../src/column-index/duckdb-file.ts';
import type { Range } from '../../src/jobs/filter.ts';
import { Parameters } from '../../src/questions/duckdb-query.ts';
import { quantized, quantizedColumn, quantizedRange, quantizedSql } from '../../src/questions/quantized-doubles.ts';
import { makeFolder, removeFolder } from '../support/folder.ts';

const RUNS = Number(process.env.FUZZ_RUNS ?? 20); // times 20 ranges each

let file: IndexFile;
beforeAll(async () => {
  const folder = makeFolder();
  file = await IndexFile.open({
    path: join(folder, 'steps'),
    memoryMb: 128,
    tempDir: folder,
    spillMb: 64,
    shortJobSec: 300,
  });
  return () => {
    file.close();
    removeFolder(folder);
  };
});

const number = fc.oneof(
  fc.constantFrom(0, 5e-324, -5e-324, 1, 1e308, -1e308, 2 ** 40),
  fc.integer({ min: -40, max: 40 }).map((step) => Math.sign(step) * (step / 32) ** 4), // where steps begin
  fc.double({ min: -1e308, max: 1e308, noNaN: true }),
  fc.double({ min: 9, max: 11, noNaN: true }),
);
const end = fc.option(fc.oneof(number, fc.nat(59)), { nil: undefined });

async function fill(values: readonly number[]): Promise<void> {
  await file.run(`CREATE OR REPLACE TABLE job (id INTEGER, value DOUBLE, ${quantizedColumn('value')} SMALLINT)`);
  for (const [at, value] of values.entries()) {
    await file.run(`INSERT INTO job SELECT ${at}, $1, ${quantizedSql('$1')}`, [value]);
  }
  await file.run(`INSERT INTO job SELECT -1, NULL, ${quantizedSql('NULL::DOUBLE')}`);
}

async function found(range: Range<number>): Promise<unknown[]> {
  const parameters = new Parameters();
  const where = quantizedRange('value', range, (value) => parameters.add(value));
  const rows = await file.rows({ sql: `SELECT id FROM job WHERE ${where} ORDER BY id`, parameters: parameters.values });
  return rows.map(({ id }) => id);
}

test('a range has the numbers between its ends', async () => {
  const ranges = fc.array(fc.record({ from: end, to: end }), { minLength: 20, maxLength: 20 });
  let rows = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(number, { minLength: 60, maxLength: 60 }), ranges, async (values, asked) => {
      await fill(values);
      const steps = `SELECT ${quantizedColumn('value')} AS step FROM job WHERE id >= 0 ORDER BY id`;
      expect(await file.rows({ sql: steps, parameters: [] })).toEqual(
        values.map((value) => ({ step: quantized(value) })),
      );
      for (const { from = -Infinity, to = Infinity } of asked) {
        const range = { ...(from === -Infinity ? {} : { from }), ...(to === Infinity ? {} : { to }) };
        const between = [...values.keys()].filter((at) => (values[at] ?? 0) >= from && (values[at] ?? 0) <= to);
        expect(await found(range)).toEqual(between);
        rows += between.length;
      }
    }),
    { numRuns: RUNS, interruptAfterTimeLimit: 60_000, endOnFailure: true },
  );
  expect(rows).toBeGreaterThan(RUNS * 20);
});
