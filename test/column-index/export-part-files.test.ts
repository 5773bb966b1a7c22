import { mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { expect, onTestFinished, test } from 'vitest';
import { IndexConnection } from '../../src/column-index/duckdb-connection.ts';
import { PartFiles } from '../../src/column-index/export-part-files.ts';
import { makeFolder, removeFolder } from '../support/folder.ts';

test('parts are written to a folder of this account alone, and not through a link or to a folder open to others', async () => {
  const tempDir = makeFolder();
  onTestFinished(() => removeFolder(tempDir));
  const instance = await DuckDBInstance.create(':memory:');
  const reader = new IndexConnection(await instance.connect());
  const folder = join(tempDir, 'job.db.columns.parts');
  const elsewhere = join(tempDir, 'elsewhere');
  const parts = new PartFiles(folder);
  const write = async () => (await parts.write(reader, { sql: 'SELECT 1 AS one', parameters: [] }))?.subarray(0, 4);
  mkdirSync(elsewhere);
  symlinkSync(elsewhere, folder);
  expect(await write()).toBeUndefined();
  rmSync(folder);
  mkdirSync(folder, { mode: 0o750 });
  expect(await write()).toBeUndefined();
  expect([readdirSync(elsewhere), readdirSync(folder)]).toEqual([[], []]);
  rmSync(folder, { recursive: true });
  for (let at = 0; at < 2; at += 1) expect(Buffer.from((await write()) ?? []).toString()).toBe('PAR1');
  instance.closeSync();
});
