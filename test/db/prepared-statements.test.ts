import { execFile } from 'node:child_process';
import { expect, test } from 'vitest';
import { ReadConnection } from '../../src/db/driver/read-connection.ts';
import { KNOWN_COLUMNS, MOST_COLUMNS } from '../../src/jobs/export-columns.ts';
import { TEXT_FORMATS } from '../../src/jobs/export-format.ts';
import { EVERY_JOB } from '../../src/jobs/visibility.ts';
import { listBatches } from '../../src/questions/list/batches.ts';
import { testConnection } from '../support/connection-settings.ts';
import { databaseFile } from '../support/local-database.ts';
import { fixture } from '../support/pool.ts';

test('a query can be interrupted whatever statements the garbage collector finds meanwhile', async () => {
  const args = ['--expose-gc', fixture('query-amid-garbage'), await databaseFile()];
  const printed = await new Promise<string>((resolve) => {
    execFile(process.execPath, args, { timeout: 120_000, killSignal: 'SIGKILL' }, (_error, stdout) => resolve(stdout));
  });
  expect(printed).toBe('deadline_exceeded');
});

test('a connection that has used up many statements says that it needs to be replaced', async () => {
  const connection = await ReadConnection.open({
    path: await databaseFile(),
    settings: testConnection({ cacheMb: 1 }),
  });
  const answers: string[] = [];
  for (let number = 0; number < 250; number += 1) {
    const { json } = await connection.query(`SELECT CAST('[${number}]' AS BLOB) AS json`, []);
    answers.push(new TextDecoder().decode(json));
  }
  expect(answers).toEqual(Array.from({ length: 250 }, (_, number) => `[${number}]`));
  expect(connection.needsReplacement).toBe(false);
  for (let number = 0; number < 100; number += 1) {
    await connection.query(`SELECT CAST('[${number}]' AS BLOB) AS json`, []);
  }
  expect(connection.needsReplacement).toBe(true);
  connection.close();
});

test('the batches of an export with as many columns as allowed use up no statement', async () => {
  const connection = await ReadConnection.open({
    path: await databaseFile(),
    settings: testConnection({ cacheMb: 1 }),
  });
  const metrics = Array.from(
    { length: MOST_COLUMNS - KNOWN_COLUMNS.length },
    (_, at) => `metric.quite_a_long_name_${at}_avg` as const,
  );
  for (const format of TEXT_FORMATS) {
    const table = { format, columns: [...KNOWN_COLUMNS, ...metrics] };
    const options = { page: 1, itemsPerPage: Number.MAX_SAFE_INTEGER, nowSec: 0, withMetadata: false, table };
    const [{ sql, parameters } = { sql: '', parameters: [] }] = await listBatches(EVERY_JOB, options)(undefined);
    expect(sql.length).toBeGreaterThan(17_000);
    for (let batch = 0; batch < 30; batch += 1) await connection.query(sql, parameters);
  }
  expect(connection.needsReplacement).toBe(false);
  connection.close();
});

test('so does one that has used up few, but long ones', async () => {
  const connection = await ReadConnection.open({
    path: await databaseFile(),
    settings: testConnection({ cacheMb: 1 }),
  });
  const list = (first: number) => Array.from({ length: 5_000 }, (_, at) => first + at).join(',');
  let asked = 0;
  for (; !connection.needsReplacement && asked < 50; asked += 1) {
    await connection.query(`SELECT CAST('[]' AS BLOB) AS json WHERE 1 NOT IN (${list(10_000 * (asked + 1))})`, []);
  }
  expect(asked).toBeLessThan(15); // of 25 to 30 KB each
  connection.close();
});
