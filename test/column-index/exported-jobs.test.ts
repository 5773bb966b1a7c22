/** Parts of an export that the index writes have the rows of SQL in the same order. */
import { mkdirSync, readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import type { IndexSession } from '../../src/column-index/index-session.ts';
import { columnType, DEFAULT_COLUMNS, type ExportColumn, KNOWN_COLUMNS } from '../../src/jobs/export-columns.ts';
import { type VisibleJobs, visibleTo } from '../../src/jobs/visibility.ts';
import { exactJson } from '../../src/lossless-json.ts';
import { JoinedParquet } from '../../src/parquet/joined-parquet.ts';
import { openParquetFiles } from '../../src/parquet/parquet-files.ts';
import { exportedParts } from '../../src/questions/exported-jobs/parts.ts';
import {
  ExportPart,
  type ExportPartQuestion,
  exportPartQuestion,
  exportPartsQuestion,
} from '../../src/questions/exported-jobs/question.ts';
import { listBatches } from '../../src/questions/list/batches.ts';
import type { JobsBatch } from '../../src/questions/list/sqlite.ts';
import { ALL, answerOf, indexed, indexNextTo, isReady, jobs, withJobs } from '../support/column-index.ts';
import { testFolder } from '../support/folder.ts';
import { NODE_PEAKS } from '../support/naive-fractions.ts';
import { parquetRows } from '../support/parquet.ts';
import { testPool, until, within } from '../support/pool.ts';
import { randomFilter, randomUser } from '../support/random-filters.ts';
import { randomRows, store } from '../support/random-jobs.ts';
import { type TestDatabase, testDatabase } from '../support/sql.ts';
import { madeSuitable } from '../support/suitable-jobs.ts';
import { testApp } from '../support/test-app.ts';

const NOW = 1_700_000_000;
const RUNS = Number(process.env.FUZZ_RUNS ?? 10); // times 5 exports each

const METRICS = ['metric.load_avg', 'metric.other_avg', 'metric.missing'] as const;
const HELD = [...KNOWN_COLUMNS, ...METRICS].filter((column) => exportPartsQuestion(ALL, [column]) !== undefined);

interface Opened {
  readonly db: TestDatabase;
  readonly index: IndexSession;
  readonly folder: string;
}

/** All jobs of an export as its file has them. */
async function exported({ index, folder }: Opened, list: VisibleJobs, columns: readonly ExportColumn[], most: number) {
  const question = exportPartsQuestion(list, columns);
  if (question === undefined) throw new Error('the index lacks a column');
  const parts = (await answerOf(index, { ...question, most })).map((row) => ExportPart.parse(row));
  async function* files() {
    for (const part of parts) {
      const asked = exportPartQuestion(list, { columns, nowSec: NOW }, part);
      const file = asked === undefined ? undefined : await index.ask(asked);
      if (file === undefined) throw new Error('the index did not write a part');
      yield [file];
    }
  }
  const path = join(folder, 'joined.parquet');
  await writeFile(path, new JoinedParquet().bytes(files()));
  return await parquetRows(path);
}

async function rowsOfSql({ db }: Opened, list: VisibleJobs, columns: readonly ExportColumn[]) {
  const table = { format: 'ndjson', columns } as const;
  const all = { page: 1, itemsPerPage: Number.MAX_SAFE_INTEGER, withMetadata: false, nowSec: NOW, table };
  const texts = (await db.batches<JobsBatch>(listBatches(list, all))).map(({ text }) => text);
  const lines = texts.join('').trimEnd().split('\n').filter(Boolean);
  return lines.map((line) => {
    const values = exactJson(line) as Record<string, unknown>;
    return Object.fromEntries(
      columns.map((column) => {
        const value = values[column];
        return [column, columnType(column) === 'whole' && typeof value === 'number' ? BigInt(value) : value];
      }),
    );
  });
}

const asked = fc.array(
  fc.tuple(
    randomUser,
    fc.oneof({ arbitrary: fc.constant([]), weight: 3 }, randomFilter),
    fc.constantFrom<readonly ExportColumn[]>(HELD, DEFAULT_COLUMNS),
    fc.constantFrom(1, 7, 1_000),
    fc.constantFrom<Pick<VisibleJobs, 'named'>>({}, { named: { kind: 'owner', user: 'a', projects: ['A'] } }),
  ),
  { minLength: 5, maxLength: 5 },
);

test('the rows are those of the SQL, for every filter, user and column', async () => {
  const db = await testDatabase();
  onTestFinished(() => db.close());
  const index = await indexNextTo(db.path);
  onTestFinished(() => index.close());
  const opened = { db, index, folder: testFolder() };
  let rows = 0;
  await fc.assert(
    fc.asyncProperty(randomRows(60), asked, async (stored, exports) => {
      await store(db, stored.map(madeSuitable));
      for (const [user, filter, columns, most, named] of exports) {
        const list = { ...visibleTo(user, filter), ...named, nodePeaks: NODE_PEAKS };
        const file = await exported(opened, list, columns, most);
        expect(file).toEqual(await rowsOfSql(opened, list, columns));
        rows += file.length;
      }
    }),
    { numRuns: RUNS, interruptAfterTimeLimit: 120_000, endOnFailure: true },
  );
  expect(rows).toBeGreaterThan(RUNS);
});

test('what the index must not or cannot write', async () => {
  const metric = { columns: ['metric.load_avg'], nowSec: NOW } as const;
  const hidden = { ...ALL, hidden: { byCluster: [], elsewhere: ['load'], open: [] } };
  await expect(exportedParts(undefined, hidden, metric, within(20_000))).rejects.toMatchObject({ code: 'forbidden' });

  const part = exportPartQuestion(ALL, metric, { jobs: 245_760 });
  expect(exportPartQuestion(ALL, metric, { jobs: 245_761 })).toBeUndefined();

  // DuckDB cannot write the file: that must not look like damage to the index.
  const db = await testDatabase();
  onTestFinished(() => db.close());
  await db.exec(jobs(1, 1));
  const index = await indexNextTo(db.path);
  onTestFinished(() => index.close());
  mkdirSync(`${db.path}.columns.parts/1.parquet/folder`, { recursive: true, mode: 0o700 });
  await expect(index.ask(part as ExportPartQuestion)).rejects.toMatchObject({ code: 'internal' });
  expect(await index.ask(part as ExportPartQuestion)).toBeInstanceOf(Uint8Array);
});

/** As many columns as an export may have: then a part has 23,333 jobs. */
const MANY_COLUMNS = [...HELD, ...Array.from({ length: 60 - HELD.length }, (_, at) => `metric.m${at}`)].join();
const JOBS = 24_000;

test('through the service an export is joined of parts, and SQL reads the one that has a job which the index does not hold', async () => {
  const pool = await testPool();
  await withJobs(
    pool,
    `${jobs(1, JOBS)} UPDATE job SET start_time = 1000000 + id, duration = id % 100,
       submit_time = CASE id % 5 WHEN 0 THEN 1000000 WHEN 1 THEN 1000001 + id ELSE 0 END, footprint = '{"m1":' || (id % 7) || '}';
     UPDATE job SET hpc_user = CAST(x'61ff' AS TEXT) WHERE id = 300;`,
  );
  const folder = testFolder();
  const parquet = openParquetFiles({ tempDir: folder, queueLimit: 2, callerLimit: 2, log: { warn: () => {} } });
  onTestFinished(() => parquet.close());
  const both = indexed(pool);
  const service = await testApp({ service: () => ({ db: both.db, index: both.index, parquet: parquet.files }) });
  onTestFinished(() => service.close());
  await isReady(both);
  const saved = async (path: string, ...who: string[]) => {
    const file = join(folder, path.includes('parquet') ? 'answer.parquet' : 'answer.ndjson');
    const answer = await service.get(path, who[0], ...who.slice(1));
    expect(answer.status).toBe(200);
    await writeFile(file, new Uint8Array(await answer.arrayBuffer()));
    return file;
  };
  /** Compares the rows with those of NDJSON. Returns their number, and how many questions the index answered and left. */
  const compared = async (query: string, ...who: string[]) => {
    const before = both.index.status();
    const file = await saved(`/api/jobs.parquet?${query}`, ...who);
    const { answers, declined } = both.index.status();
    const described = await parquetRows('', `DESCRIBE FROM '${file}'`);
    const types = described.map(({ column_name: name, column_type: type }) => `'${name}': '${type}'`);
    const lines = `read_ndjson('${await saved(`/api/jobs.ndjson?${query}`, ...who)}', columns = {${types.join(', ')}}, auto_detect = false)`;
    const inOrder = (from: string) => `SELECT row_number() OVER () AS at, * FROM ${from}`;
    const [rows, expected] = [inOrder(`'${file}'`), `${inOrder(lines)} WHERE id IS NOT NULL`];
    expect(await parquetRows('', `(${rows} EXCEPT ${expected}) UNION ALL (${expected} EXCEPT ${rows})`)).toEqual([]);
    const [counted] = await parquetRows('', `SELECT count(*) AS rows FROM '${file}'`);
    return [Number(counted?.['rows']), answers - before.answers, declined - before.declined];
  };
  // How to divide the list, and two parts, of which the index leaves one.
  expect(await compared(`columns=${MANY_COLUMNS}`)).toEqual([JOBS, 2, 1]);
  expect(await compared('start-time=1020001-1024000')).toEqual([4_000, 2, 0]);
  expect(await compared('start-time=1-2')).toEqual([0, 2, 0]);
  // A page, and a column that the index does not have.
  expect(await compared('columns=id,user,metric.m1&items-per-page=30')).toEqual([30, 0, 0]);
  expect(await compared('columns=id,hosts,tags&start-time=1023901-')).toEqual([100, 0, 0]);

  // A client that reads nothing keeps no question running, and leaves no file.
  const headers = { 'X-Auth-Token': await service.token() };
  const answer = await service.app.request(`/api/jobs.parquet?columns=${MANY_COLUMNS}`, { headers });
  const reader = answer.body?.getReader();
  expect((await reader?.read())?.value?.byteLength).toBeGreaterThan(1_000);
  await until(() => both.index.processes().every(({ state }) => state === 'idle'), 20_000);
  expect(await compared('start-time=1020001-1024000', 'ben', 'admin', 'api')).toEqual([4_000, 2, 0]);
  await reader?.cancel();
  await until(() => parquet.status().processes.length === 0, 20_000);
  expect(readdirSync(`${pool.path}.columns.parts`)).toEqual([]);
});
