/** The rows of an exported list are those of the JSON list. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { exportColumns, KNOWN_COLUMNS } from '../../src/jobs/export-columns.ts';
import { FRACTION_FIELDS } from '../../src/jobs/fields.ts';
import { hasEnded, type JobState } from '../../src/jobs/job-enums.ts';
import { visibleTo } from '../../src/jobs/visibility.ts';
import { listBatches } from '../../src/questions/list/batches.ts';
import { type CsvField, csvRows } from '../support/csv.ts';
import { NODE_PEAKS, naiveFraction } from '../support/naive-fractions.ts';
import { randomFilter, randomUser } from '../support/random-filters.ts';
import { type Row, randomRows, store } from '../support/random-jobs.ts';
import { type TestDatabase, testDatabase } from '../support/sql.ts';

const NOW = 1_700_000_000;
const RUNS = Number(process.env.FUZZ_RUNS ?? 10); // times 20 lists each
const FRACTIONS = FRACTION_FIELDS.map(({ property }) => property);
const ASKED = KNOWN_COLUMNS.filter((column) => !FRACTIONS.some((fraction) => fraction === column));
const COLUMNS = exportColumns([...ASKED, 'metric.load_avg', 'metric.mem_max', 'metric.other_avg'].join());

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
});
afterAll(() => db.close());

/** A number of JSON with its digits. */
class Digits {
  readonly digits: string;
  constructor(digits: string) {
    this.digits = digits;
  }
}

/** Parses JSON whose numbers keep their digits. */
function parsed(json: string): unknown {
  const digits = (_key: string, value: unknown, context?: { source: string }) =>
    typeof value === 'number' ? new Digits(context?.source ?? '') : value;
  return JSON.parse(json, digits as (key: string, value: unknown) => unknown);
}

/** A job of the API. Numbers are `Digits`. */
interface Listed extends Record<string, unknown> {
  id: Digits;
  jobState: JobState;
  startTime: Digits;
  duration: Digits;
  footprint: Record<string, unknown> | null;
  metaData: Record<string, unknown> | null;
  tags?: { type: string; name: string }[];
}

/** What the columns of an export have of a job of the API: a text, the digits of a number, or a list of texts. */
function expectedOf(job: Listed, rows: readonly Row[]): Record<string, unknown> {
  const { id, jobState, startTime, duration, footprint, metaData, tags = [] } = job;
  const hosts = rows[Number(id.digits) - 1]?.resources.meaning ?? []; // JSON.parse takes another of two equal keys
  const end = BigInt(startTime.digits) + BigInt(Math.max(0, Number(duration.digits)));
  const jobName = metaData?.['jobName'];
  const others: Record<string, unknown> = {
    jobName: typeof jobName === 'string' ? jobName : '',
    endTime: hasEnded(jobState) ? new Digits(String(end)) : null,
    wait: job['wait'] ?? null,
    memoryAsked: job['memoryAsked'] ?? null,
    partition: job['partition'] ?? '',
    hosts: hosts.map(String),
    tags: tags.map(({ type, name }) => `${type}:${name}`),
  };
  return Object.fromEntries(
    COLUMNS.map((column) => {
      if (column.startsWith('metric.')) {
        const value = footprint?.[column.slice('metric.'.length)];
        return [column, value instanceof Digits ? value : null];
      }
      return [column, column in others ? others[column] : (job[column] ?? new Digits('0'))];
    }),
  );
}

/** The field of CSV for a value. */
function fieldOf(value: unknown): CsvField {
  if (value === null) return { number: '' };
  if (value instanceof Digits) return { number: value.digits };
  const text = Array.isArray(value) ? value.join(';') : String(value);
  return { text: /^[=+\-@＝＋－＠\t\r\n]/.test(text) ? `'${text}` : text };
}

/** The fields of a line. If a text has a formula after a semicolon or a line end, each of these gets an apostrophe. */
function lineOf(fields: readonly CsvField[]): CsvField[] {
  const isInner = fields.some((field) => 'text' in field && /[;\r\n][=+\-@＝＋－＠"]/.test(field.text));
  const safe = (field: CsvField) => ('text' in field ? { text: field.text.replaceAll(/[;\r\n]/g, "$&'") } : field);
  return isInner ? fields.map(safe) : [...fields];
}

test('CSV and NDJSON have the jobs, the order and the values of the JSON list', async () => {
  const pages = fc.record({
    page: fc.constantFrom(1, 1, 2),
    itemsPerPage: fc.constantFrom(3, 120, 2 ** 53 - 1),
    width: fc.constantFrom(1, 2),
  });
  const asked = fc.array(fc.tuple(randomUser, randomFilter, pages), { minLength: 20, maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(randomRows(150), asked, async (rows, lists) => {
      await store(db, rows);
      for (const [user, filter, { width, ...page }] of lists) {
        const jobs = { ...visibleTo(user, filter), nodePeaks: NODE_PEAKS };
        const options = { ...page, nowSec: NOW, withMetadata: true };
        const textOf = async (format?: 'csv' | 'ndjson', columns = COLUMNS) => {
          const table = format === undefined ? undefined : { format, columns };
          const batches = await db.batches(listBatches(jobs, { ...options, table }), width);
          return batches.flatMap(({ text, rows }) => (rows === 0 ? [] : [text]));
        };
        const listed = (await textOf()).flatMap((text) => parsed(`[${text}]`) as Listed[]);
        const expected = listed.map((job) => expectedOf(job, rows));
        expect(csvRows((await textOf('csv')).join(''))).toEqual(
          expected.map((job) => lineOf(COLUMNS.map((name) => fieldOf(job[name])))),
        );
        const lines = (await textOf('ndjson')).join('').split('\n');
        expect(lines.pop()).toBe('');
        expect(lines.map(parsed)).toEqual(expected);
        for (const line of lines) expect(Object.keys(parsed(line) as object)).toEqual(COLUMNS);
        const fractions = (await textOf('ndjson', exportColumns(['id', ...FRACTIONS].join()))).join('').trim();
        for (const line of fractions === '' ? [] : fractions.split('\n')) {
          const { id, ...values } = JSON.parse(line) as { id: number };
          const row = rows[id - 1] as Row;
          expect(values).toEqual(
            Object.fromEntries(
              FRACTION_FIELDS.map(({ name, property }) => [property, naiveFraction(row, name, NODE_PEAKS) ?? null]),
            ),
          );
        }
      }
    }),
    { numRuns: RUNS, interruptAfterTimeLimit: 120_000, endOnFailure: true },
  );
});
