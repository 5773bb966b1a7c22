/** Joined Parquet files are read by DuckDB as the parts one after the other. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { JoinedParquet } from '../../src/parquet/joined-parquet.ts';
import type { ParquetPart } from '../../src/parquet/parquet-port.ts';
import { makeFolder, removeFolder } from '../support/folder.ts';
import { parquetRows } from '../support/parquet.ts';

let folder: string;
beforeAll(() => {
  folder = makeFolder();
});
afterAll(() => removeFolder(folder));

/** Rows with repeated texts (in a dictionary, with a Bloom filter), NULL, lists, and whole numbers of 64 bits. */
const rows = (from: number, to: number) => `SELECT n, 9223372036854775807 - n AS large, 'text ' || n % 50 AS text,
    CASE WHEN n % 3 > 0 THEN n / 7 END AS number, [text, '☃', ''] AS list, n % 2 = 0 AS isEven
  FROM (SELECT unnest(range(${from}, ${to})) AS n)`;
const ROW_GROUP_ROWS = 2_048;
const ALL = 40_000;

async function fileOf(query: string): Promise<Uint8Array> {
  const path = join(folder, 'part.parquet');
  await parquetRows(
    '',
    `COPY (${query}) TO '${path}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE ${ROW_GROUP_ROWS})`,
  );
  return await readFile(path);
}

async function* inChunks(file: Uint8Array, size: number) {
  for (let at = 0; at < file.byteLength; at += size) yield file.subarray(at, at + size);
}

/** The path of the joined file. */
async function joined(...parts: ParquetPart[]): Promise<{ path: string; rows: number }> {
  const file = new JoinedParquet();
  const path = join(folder, 'joined.parquet');
  async function* all() {
    yield* parts;
  }
  await writeFile(path, file.bytes(all()));
  return { path, rows: file.rows };
}

test('the rows are those of the parts, in their order', async () => {
  // More than 15 row groups, whose number is written in another way than a smaller one.
  const one = await fileOf(rows(0, 1));
  const many = await fileOf(rows(1, 35_000));
  const none = await fileOf(rows(5, 5));
  const last = await fileOf(rows(35_000, ALL));
  const { path, rows: counted } = await joined([one], inChunks(many, 1_000), [none], inChunks(last, 7));
  expect(counted).toBe(ALL);
  const inOrder = (from: string) => `SELECT row_number() OVER () AS at, * FROM ${from}`;
  const [file, expected] = [inOrder(`'${path}'`), inOrder(`(${rows(0, ALL)})`)];
  const differing = `(${file} EXCEPT ${expected}) UNION ALL (${expected} EXCEPT ${file})`;
  expect(await parquetRows('', differing)).toEqual([]);
  expect(await parquetRows('', `SELECT DISTINCT row_group_id FROM parquet_metadata('${path}')`)).toHaveLength(
    1 + Math.ceil(34_999 / ROW_GROUP_ROWS) + Math.ceil(5_000 / ROW_GROUP_ROWS),
  );
});

test('the statistics and Bloom filters are those of the parts', async () => {
  const { path } = await joined([await fileOf(rows(0, 5_000))], [await fileOf(rows(5_000, 10_000))]);
  const counted = async (where: string) => await parquetRows('', `SELECT n FROM '${path}' WHERE ${where}`);
  expect(await counted('n = 7777')).toEqual([{ n: 7777n }]);
  expect(await counted("text = 'text 7' AND n > 9900")).toEqual([{ n: 9907n }, { n: 9957n }]);
  const probe = `SELECT DISTINCT bloom_filter_excludes AS excludes FROM parquet_bloom_probe('${path}', 'text', `;
  expect(await parquetRows('', `${probe}'text 7')`)).toEqual([{ excludes: false }]);
  expect(await parquetRows('', `${probe}'another')`)).toEqual([{ excludes: true }]);
});

test('bytes that are not a whole Parquet file, and other columns, are refused', async () => {
  const file = await fileOf(rows(0, 10));
  const damaged = Uint8Array.from(file).fill(0xff, -200, -8);
  for (const part of [[], [file.subarray(0, -1)], [file.subarray(-100)], [damaged], [await fileOf('SELECT 1 AS n')]]) {
    await expect(joined([file], part)).rejects.toThrow();
  }
  await expect(joined()).rejects.toThrow();
});
