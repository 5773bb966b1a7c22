/** Parquet files are read again by DuckDB, and have what NDJSON has. */
import { readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { columnType, exportColumns, KNOWN_COLUMNS } from '../../src/jobs/export-columns.ts';
import type { TableColumn } from '../../src/jobs/export-format.ts';
import { visibleTo } from '../../src/jobs/visibility.ts';
import { exactJson } from '../../src/lossless-json.ts';
import { parquetFile } from '../../src/parquet/parquet-writer.ts';
import { listBatches } from '../../src/questions/list/batches.ts';
import { makeFolder, removeFolder } from '../support/folder.ts';
import { parquetRows } from '../support/parquet.ts';
import { randomRows, store } from '../support/random-jobs.ts';
import { testDatabase } from '../support/sql.ts';

const log = { warn: () => {} };
const NEVER = new AbortController().signal;

let folder: string;
beforeAll(() => {
  folder = makeFolder();
});
afterAll(() => removeFolder(folder));

async function* batchesOf(...texts: string[]) {
  for (const text of texts) yield Buffer.from(text);
}

/** The rows of a file, 64-bit integers as bigint. */
async function rowsIn(file: AsyncIterable<Uint8Array>): Promise<Record<string, unknown>[]> {
  const path = join(folder, 'read.parquet');
  await writeFile(path, file);
  return await parquetRows(path);
}

/** A line of NDJSON as DuckDB reads the row. */
function expectedOf(line: string, columns: readonly TableColumn[]): Record<string, unknown> {
  const values = exactJson(line) as Record<string, unknown>;
  return Object.fromEntries(
    columns.map(({ name, type }) => {
      const value = values[name];
      return [name, type === 'whole' && typeof value === 'number' ? BigInt(value) : value];
    }),
  );
}

/** Children of this process that write a file. */
function writers(): string[] {
  const tasks = readdirSync('/proc/self/task');
  const children = tasks.flatMap((task) => readFileSync(`/proc/self/task/${task}/children`, 'latin1').split(' '));
  return children.filter(Boolean).filter((pid) => commandOf(pid).includes('src/parquet/program.ts'));
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
  } catch {
    return ''; // it has ended
  }
}

/** The largest RSS of a process so far, in MB. */
function peakMb(pid: string): number {
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]) / 1024;
}

const start = (rows: AsyncIterable<Uint8Array>, columns: readonly TableColumn[], signal: AbortSignal = NEVER) =>
  parquetFile(rows, columns, { tempDir: folder, log }, signal);

test('every row equals that of NDJSON', async () => {
  const db = await testDatabase();
  const names = exportColumns([...KNOWN_COLUMNS, 'metric.load_avg', 'metric.mem_max'].join());
  const columns = names.map((name) => ({ name, type: columnType(name) }));
  const jobs = visibleTo({ name: 'root', roles: new Set(['admin']), projects: [] }, []);
  await fc.assert(
    fc.asyncProperty(randomRows(300), async (rows) => {
      await store(db, rows);
      const page = { page: 1, itemsPerPage: 1e9, nowSec: 1_700_000_000, withMetadata: false };
      const table = { format: 'ndjson', columns: names } as const;
      const batches = (await db.batches(listBatches(jobs, { ...page, table }))).filter((batch) => batch.rows > 0);
      const lines = batches.flatMap(({ text }) => text.trimEnd().split('\n'));
      const written = await rowsIn(start(batchesOf(...batches.map(({ text }) => text)), columns));
      expect(written).toEqual(lines.map((line) => expectedOf(line, columns)));
      expect(Object.keys(written[0] ?? {})).toEqual(written.length > 0 ? names : []);
    }),
    { numRuns: 4, endOnFailure: true },
  );
  db.close();
});

test('hostile texts and the ends of 64 bits are kept', async () => {
  const columns: TableColumn[] = [
    { name: `a'"\\ b`, type: 'text' },
    { name: 'whole', type: 'whole' },
    { name: 'decimal', type: 'decimal' },
    { name: 'list', type: 'texts' },
  ];
  const texts = ['', '\0', 'a\0b', '\x01', '"', "'", '=1', '\r\n', ',', '🎉', '\ufffd', 'NULL', 'x'.repeat(1_000_000)];
  const wholes = ['9223372036854775807', '-9223372036854775808', '0', 'null'];
  const lines = texts.map((text, at) => {
    const list = JSON.stringify(at % 3 === 0 ? [] : [text, 'a']);
    return `{${JSON.stringify(columns[0]?.name)}:${JSON.stringify(text)},"whole":${wholes[at % 4]},"decimal":${at}.1,"list":${list}}\n`;
  });
  const rows = await rowsIn(start(batchesOf(lines.join('')), columns));
  expect(rows).toEqual(lines.map((line) => expectedOf(line, columns)));
});

test('a file without rows has its columns', async () => {
  const path = join(folder, 'empty.parquet');
  await writeFile(path, start(batchesOf(), [{ name: 'jobId', type: 'whole' }]));
  expect(await parquetRows(path, `DESCRIBE FROM '${path}'`)).toMatchObject([
    { column_name: 'jobId', column_type: 'BIGINT' },
  ]);
});

const WHOLE: TableColumn[] = [{ name: 'n', type: 'whole' }];
/** Rows without end. */
async function* endless() {
  for (let n = 0; ; n += 1) yield Buffer.from(`{"n":${n}}\n`.repeat(1000));
}

describe('a file that is not completed leaves no process and no file:', () => {
  const own = () => readdirSync(folder).filter((name) => name.startsWith('cc-jobs-parquet-'));

  test('its signal fires', async () => {
    const stop = new AbortController();
    const file = start(endless(), WHOLE, stop.signal);
    expect((await file.next()).value?.byteLength).toBeGreaterThan(0);
    expect([writers().length, own().length]).toEqual([1, 1]);
    const reason = new Error('enough');
    stop.abort(reason);
    await expect(drained(file)).rejects.toBe(reason);
    expect([writers(), own()]).toEqual([[], []]);
  });

  test('its reader leaves', async () => {
    const file = start(endless(), WHOLE);
    await file.next();
    await file.return();
    expect([writers(), own()]).toEqual([[], []]);
  });

  test('its process is killed', async () => {
    const file = start(endless(), WHOLE);
    await file.next();
    const [pid = ''] = writers();
    process.kill(Number(pid), 'SIGKILL');
    await expect(drained(file)).rejects.toMatchObject({ code: 'connection_lost' });
    expect([writers(), own()]).toEqual([[], []]);
  });

  test('its rows fail', async () => {
    const lost = new Error('lost');
    async function* failing() {
      yield Buffer.from('{"n":1}\n');
      throw lost;
    }
    await expect(drained(start(failing(), WHOLE))).rejects.toBe(lost);
    expect([writers(), own()]).toEqual([[], []]);
  });

  test('a row is too large', async () => {
    const rows = batchesOf(`{"n":"${'x'.repeat(5_000_000)}"}\n`, '{"n":"a"}\n');
    await expect(drained(start(rows, [{ name: 'n', type: 'text' }]))).rejects.toMatchObject({
      code: 'memory_limit_exceeded',
    });
    expect([writers(), own()]).toEqual([[], []]);
  });

  test('its columns differ only in case', async () => {
    const columns: TableColumn[] = [...WHOLE, { name: 'N', type: 'whole' }];
    await expect(drained(start(endless(), columns))).rejects.toMatchObject({ code: 'invalid_request' });
    expect([writers(), own()]).toEqual([[], []]);
  });
});

test('any number of rows needs the same memory', async () => {
  const columns: TableColumn[] = [...WHOLE, { name: 'text', type: 'text' }, { name: 'list', type: 'texts' }];
  const peaks: number[] = [];
  async function* many() {
    for (let batch = 0; batch < 300; batch += 1) {
      const texts = Array.from({ length: 1000 }, (_, at) => {
        const text = `${batch}.${at}`.repeat(20);
        return `{"n":${batch * 1000 + at},"text":"${text}","list":["${text}"]}\n`;
      });
      yield Buffer.from(texts.join(''));
      const [pid] = writers();
      if (pid !== undefined) peaks.push(peakMb(pid));
    }
  }
  await drained(start(many(), columns));
  const [early = 0, late = 0] = [peaks[100], peaks.at(-1)];
  expect(late - early).toBeLessThan(32); // of 60 MB of rows
  expect(late).toBeLessThan(220);
});

async function drained(file: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const _ of file) {
  }
}
