import { expect, onTestFinished, test } from 'vitest';
import { openReader } from '../../src/db/driver/libsql.ts';
import { checkSqliteVersion, Sqlite } from '../../src/db/driver/node-sqlite.ts';
import { StartupError } from '../../src/startup-error.ts';
import { databaseFile } from '../support/local-database.ts';

test.each(['3.51.3', '3.51.10', '3.53.0', '4.0.0'])('SQLite %s may write', (version) => {
  expect(checkSqliteVersion(version)).toBe(version);
});

test.each(['3.51.2', '3.45.1', '3.7.17', '2.99.99', ''])('SQLite %s may not: it can lose commits', (version) => {
  expect(() => checkSqliteVersion(version)).toThrow(StartupError);
});

test('the driver of the readers cannot write, nor move the log into the file', async () => {
  const path = await databaseFile();
  const writer = new Sqlite(path);
  onTestFinished(() => writer.close());
  writer.exec("INSERT INTO tag (tag_type, tag_name, tag_scope) VALUES ('a', 'b', 'global')");
  const reader = openReader(path);
  for (const sql of ['DELETE FROM tag', 'PRAGMA wal_checkpoint(TRUNCATE)', 'VACUUM']) {
    const tried = reader.prepare(sql).then((statement: { all(values: []): unknown }) => statement.all([]));
    await expect(tried, sql).rejects.toThrow(/readonly|read-only|disk I\/O error/);
  }
  reader.close();
  expect(writer.all('SELECT tag_name FROM tag')).toEqual([{ tag_name: 'b' }]);
});

test('whole numbers are bound as integers, and a boolean not at all', () => {
  const db = new Sqlite(':memory:');
  onTestFinished(() => db.close());
  expect(db.all('SELECT typeof(?) AS whole, typeof(?) AS big, typeof(?) AS real', [1, 2n ** 62n, 1.5])).toEqual([
    { whole: 'integer', big: 'integer', real: 'real' },
  ]);
  expect(() => db.all('SELECT ?', [true as unknown as number])).toThrow(TypeError);
  expect(() => db.all('SELECT ?', [1, 2])).toThrow('column index out of range');
});

test('a statement that failed may be used again, and what it wrote is gone', () => {
  const db = new Sqlite(':memory:');
  onTestFinished(() => db.close());
  db.exec('CREATE TABLE t (a INTEGER PRIMARY KEY)');
  expect(() => db.runEach('INSERT INTO t VALUES (?)', [[1], [1]])).toThrow('UNIQUE');
  expect(db.runEach('INSERT INTO t VALUES (?)', [[2], [3]])).toBe(2);
  expect(db.all('SELECT count(*) AS rows FROM t')).toEqual([{ rows: 3 }]);
});
