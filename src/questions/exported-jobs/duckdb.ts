import { columnType, isFractionColumn, isMetricColumn } from '../../jobs/export-columns.ts';
import { DERIVED_FIELDS, FIELDS, FRACTION_FIELDS, JOB_FIELDS, METRIC } from '../../jobs/fields.ts';
import { ENDED_STATES } from '../../jobs/job-enums.ts';
import { type DuckDbQuery, Parameters, wholeLiteral } from '../duckdb-query.ts';
import { footprintName, indexColumn, membersOf } from '../index-columns.ts';
import { PARQUET_TYPES } from '../parquet-format.ts';
import { duckDbDurationAt } from '../statistics/duckdb.ts';
import { fractionColumn } from '../used-fractions/duckdb.ts';
import { type FilterContext, isMember, jobsIn, matchingJobs, whereColumns } from '../where/duckdb.ts';
import type { ExportPartQuestion, ExportPartsQuestion, IndexedColumn } from './question.ts';

type Row = Record<string, unknown>;

/** The file of the index. */
interface Queryable {
  rows(query: DuckDbQuery): Promise<Row[]>;
}

/** Times into which a range of starts is divided to count their jobs. */
const STRETCHES = 4_096n;

/** Jobs that started at `from` or later, and before the next newer stretch. */
interface Stretch {
  readonly from: bigint;
  readonly jobs: number;
}

/**
 * Divides the list into parts by counting the jobs of 4,096 stretches of time, and of 4,096 stretches of each of these
 * that has too many. 64-bit numbers are text.
 */
export async function exportPartsOf(
  file: Queryable,
  { jobs, most }: ExportPartsQuestion,
  index: Omit<FilterContext, 'parameters'>,
): Promise<Row[]> {
  async function counted(first: bigint, last: bigint): Promise<Stretch[]> {
    const context = { ...index, parameters: new Parameters() };
    const width = (last - first) / STRETCHES + 1n;
    const within = `start_time BETWEEN ${wholeLiteral(first)} AND ${wholeLiteral(last)}`;
    const sql = `SELECT (start_time - ${wholeLiteral(first)}) // ${wholeLiteral(width)} AS stretch, count(*) AS jobs
      FROM ${matchingJobs(jobs.conditions, context)} AND ${within}
      GROUP BY stretch ORDER BY stretch DESC`;
    const found: Stretch[] = [];
    for (const row of await file.rows({ sql, parameters: context.parameters.values })) {
      const from = first + (row['stretch'] as bigint) * width;
      const stretch = { from, jobs: Number(row['jobs']) };
      if (stretch.jobs <= most || width === 1n) found.push(stretch);
      else found.push(...(await counted(from, from + width - 1n)));
    }
    return found;
  }

  const ends = `SELECT min(start_time) AS first, max(start_time) AS last FROM ${jobsIn(index)}`;
  const [{ first, last } = {}] = await file.rows({ sql: ends, parameters: [] });
  const stretches = typeof first === 'bigint' && typeof last === 'bigint' ? await counted(first, last) : [];
  return joined(stretches, most).map(({ from, to, jobs: count }) => ({
    ...(from === undefined ? {} : { from: String(from) }),
    ...(to === undefined ? {} : { to: String(to) }),
    jobs: count,
  }));
}

interface Part {
  from?: bigint;
  to?: bigint;
  jobs: number;
}

/** Joins adjacent stretches, newest first. The first part has no end and the last one no start, so that no job is left out. */
function joined(stretches: readonly Stretch[], most: number): Part[] {
  let part: Part = { jobs: 0 };
  const parts = [part];
  let from = 0n;
  for (const stretch of stretches) {
    if (part.jobs > 0 && part.jobs + stretch.jobs > most) {
      part.from = from;
      part = { to: from - 1n, jobs: 0 };
      parts.push(part);
    }
    part.jobs += stretch.jobs;
    from = stretch.from;
  }
  return parts;
}

/** The rows of a part, as src/questions/exported-jobs/sqlite.ts has them. */
export function exportPartQuery(
  { jobs, columns, nowSec }: ExportPartQuestion,
  index: Omit<FilterContext, 'parameters'>,
): DuckDbQuery {
  const context = { ...index, parameters: new Parameters() };
  const shown = columns.map((column) => {
    const value = columnValue(column, { named: jobs.named, nowSec }, context);
    return `CAST(${value} AS ${PARQUET_TYPES[columnType(column)]}) AS "${column}"`;
  });
  const sql = `SELECT ${shown.join(', ')} FROM ${matchingJobs(jobs.conditions, context)}
    ORDER BY job.start_time DESC, job.id DESC`;
  return { sql, parameters: context.parameters.values };
}

const PLAIN_FIELDS = [...JOB_FIELDS, ...DERIVED_FIELDS];
type PlainField = (typeof PLAIN_FIELDS)[number];
const MOST_WHOLE = 2n ** 63n - 1n;

function columnValue(
  column: IndexedColumn,
  { named, nowSec }: Pick<ExportPartQuestion, 'nowSec'> & Pick<ExportPartQuestion['jobs'], 'named'>,
  context: FilterContext,
): string {
  if (isMetricColumn(column)) {
    const at = context.footprintKeys.indexOf(column.slice(METRIC.length));
    return at < 0 ? 'NULL' : `job.${footprintName(at)}`;
  }
  if (isFractionColumn(column)) {
    const fraction = FRACTION_FIELDS.find(({ property }) => property === column);
    return fraction === undefined ? 'NULL' : fractionColumn(fraction, context);
  }
  switch (column) {
    case 'id':
      return 'job.id';
    case 'jobName':
      return "coalesce(job.job_name, '')";
    case 'user':
      return named === undefined
        ? 'job.hpc_user'
        : `CASE WHEN ${whereColumns([named], context)} THEN job.hpc_user ELSE '' END`;
    case 'submitTime':
      return 'coalesce(job.start_time - job.wait, job.late_submit, 0)';
    case 'endTime': {
      // SQLite cuts a sum of more than 64 bits.
      const end = `least(CAST(job.start_time AS HUGEINT) + greatest(job.duration, 0), ${wholeLiteral(MOST_WHOLE)})`;
      return `CASE WHEN ${isMember(FIELDS.state, ENDED_STATES)} THEN ${end} END`;
    }
    case 'duration':
      return duckDbDurationAt(nowSec);
    default:
      return plainValue(column);
  }
}

function plainValue(column: PlainField['property']): string {
  const field = PLAIN_FIELDS.find(({ property }) => property === column);
  if (field === undefined) throw new RangeError(`the index has no column ${column}`);
  const stored = `job.${indexColumn(field)}`;
  if (field.kind !== 'member') return stored;
  const names = membersOf(field).map((member, number) => `WHEN ${number} THEN '${member}'`);
  return `CASE ${stored} ${names.join(' ')} END`;
}
