import { type RawBuilder, sql } from 'kysely';
import { jsonNumberText, jsonText } from '../../db/sql/stored-json.ts';
import { SUBMIT_TIME } from '../../db/sql/stored-submit-time.ts';
import {
  columnType,
  type ExportColumn,
  isFractionColumn,
  isMetricColumn,
  type JobsTable,
  type KnownColumn,
} from '../../jobs/export-columns.ts';
import {
  type ColumnType,
  FORMULA_STARTS,
  INNER_FORMULAS,
  INNER_STARTS,
  NO_FORMULA,
  type TextFormat,
} from '../../jobs/export-format.ts';
import {
  DERIVED_FIELDS,
  FIELDS,
  FRACTION_FIELDS,
  type FractionField,
  JOB_FIELDS,
  METRIC,
  type ValueField,
} from '../../jobs/fields.ts';
import { UNFILTERED_NUMBERS } from '../../jobs/number-fields.ts';
import type { VisibleJobs } from '../../jobs/visibility.ts';
import { decimalText, durationAt, readableTags, realText } from '../one-job/job-json.ts';
import { HOSTNAME, HOSTS } from '../where/hosts.ts';
import { END, HAS_ENDED } from '../where/run-times.ts';
import { column, fieldValue, userOf } from '../where/sqlite.ts';

/** The value of a column for the current job. `texts` are a JSON array. An unknown number is NULL. */
interface Value {
  readonly type: ColumnType;
  readonly sql: RawBuilder<unknown>;
}

/**
 * A job as one row of an export, with its line end. SQLite writes the text, so that no process makes an object of each
 * job: twice as fast.
 */
export function exportRow(jobs: VisibleJobs, { format, columns }: JobsTable, nowSec: number): RawBuilder<string> {
  const values = columns.map((name) => {
    const type = columnType(name);
    return { name, value: { type, sql: typed(type, columnValue(name, jobs, nowSec)) } };
  });
  return ROW[format](values);
}

const ROW: Readonly<Record<TextFormat, (values: { name: string; value: Value }[]) => RawBuilder<string>>> = {
  csv(values) {
    return csvLine(values.map(({ value }) => csvField(value)));
  },
  ndjson(values) {
    const members = values.map(({ name, value }, at) => {
      const start = sql.lit(`${at === 0 ? '{' : ','}${JSON.stringify(name)}:`);
      return sql`${start}, ${jsonValue(value)}`;
    });
    return sql`concat(${sql.join(members)}, '}', char(10))`;
  },
};

/** concat() writes NULL as ''. */
function csvField({ type, sql: value }: Value): RawBuilder<unknown> {
  if (type === 'whole' || type === 'decimal') return value;
  if (type === 'text') return csvText(value);
  // A subquery without FROM joins the texts once.
  const joined = sql`(SELECT group_concat(each.value, ';') FROM json_each(${value}) AS each)`;
  return sql`(SELECT ${csvText(sql.ref('joined.text'))} FROM (SELECT ${joined} AS text) AS joined)`;
}

/** The same as `csvText` of src/jobs/export-format.ts. Most texts need one comparison. */
function csvText(text: RawBuilder<unknown>): RawBuilder<unknown> {
  const [from, to] = NO_FORMULA;
  const starts = sql.join(FORMULA_STARTS.map((start) => sql.lit(start)));
  const isFormula = sql`${text} NOT BETWEEN ${sql.lit(from)} AND ${sql.lit(to)} AND substr(${text}, 1, 1) IN (${starts})`;
  return sql`concat('"', CASE WHEN ${isFormula} THEN '''' END, replace(${text}, '"', '""'), '"')`;
}

/** The same as `csvLine` there. A subquery without FROM computes the line once. Most lines need three searches. */
function csvLine(fields: readonly RawBuilder<unknown>[]): RawBuilder<string> {
  const text = sql.ref('line.text');
  const hasAny = (parts: readonly string[]) =>
    sql.join(
      parts.map((part) => sql`instr(${text}, ${sql.lit(part)})`),
      sql` OR `,
    );
  const safe = INNER_STARTS.reduce<RawBuilder<unknown>>(
    (all, start) => sql`replace(${all}, ${sql.lit(start)}, ${sql.lit(`${start}'`)})`,
    text,
  );
  const isFormula = sql`(${hasAny(INNER_STARTS)}) AND (${hasAny(INNER_FORMULAS)})`;
  return sql`(SELECT concat(CASE WHEN ${isFormula} THEN ${safe} ELSE ${text} END, char(13, 10))
    FROM (SELECT concat(${sql.join(fields, sql`, ',', `)}) AS text) AS line)`;
}

function jsonValue({ type, sql: value }: Value): RawBuilder<unknown> {
  if (type === 'texts') return value;
  return type === 'text' ? sql`json_quote(${value})` : sql`ifnull(${value}, 'null')`;
}

/** A foreign file may have anything in a column. */
function typed(type: ColumnType, value: RawBuilder<unknown>): RawBuilder<unknown> {
  if (type === 'text') return sql`CAST(${value} AS TEXT)`;
  return type === 'whole' ? sql`CAST(${value} AS INTEGER)` : value;
}

function columnValue(name: ExportColumn, jobs: VisibleJobs, nowSec: number): RawBuilder<unknown> {
  if (isMetricColumn(name)) return jsonNumberText(column('footprint'), name.slice(METRIC.length));
  if (isFractionColumn(name)) {
    const field = FRACTION_FIELDS.find(({ property }) => property === name);
    return field === undefined ? sql`NULL` : fractionText(field, jobs);
  }
  switch (name) {
    case 'user':
      return userOf(jobs);
    case 'duration':
      return durationAt(nowSec);
    case 'endTime':
      return sql`CASE WHEN ${HAS_ENDED} THEN ${END} END`;
    case 'tags':
      return tagsOf(jobs);
    default:
      return VALUES[name];
  }
}

type FixedColumn = Exclude<KnownColumn, 'user' | 'duration' | 'endTime' | 'tags' | FractionField['property']>;

const PLAIN_FIELDS = [...JOB_FIELDS, ...DERIVED_FIELDS];
const PLAIN_VALUES = Object.fromEntries([
  ...PLAIN_FIELDS.map((field) => [field.property, ofField(field)]),
  ...UNFILTERED_NUMBERS.map((number) => [number.property, column(number.column)]),
]) as Readonly<Record<(typeof PLAIN_FIELDS | typeof UNFILTERED_NUMBERS)[number]['property'], RawBuilder<unknown>>>;

/** The values that are the same for every caller at any time. */
const VALUES: Readonly<Record<FixedColumn, RawBuilder<unknown>>> = {
  ...PLAIN_VALUES,
  id: column(FIELDS['db-id'].column),
  jobName: sql`ifnull(${jsonText(column('meta_data'), 'jobName')}, '')`,
  submitTime: sql.raw(SUBMIT_TIME),
  hosts: sql`(SELECT json_group_array(${HOSTNAME}) FROM ${HOSTS} WHERE ${HOSTNAME} IS NOT NULL)`,
};

function ofField(field: ValueField): RawBuilder<unknown> {
  return field.kind === 'decimal' ? decimalText(field.column) : fieldValue(field);
}

/** A subquery without FROM computes the fraction once. */
function fractionText(field: FractionField, { nodePeaks }: VisibleJobs): RawBuilder<unknown> {
  const text = realText(sql`used.fraction`);
  return sql`(SELECT CASE WHEN used.fraction IS NOT NULL THEN ${text} END FROM (SELECT ${fieldValue(field, nodePeaks)} AS fraction) AS used)`;
}

/** `type:name` of each tag that the caller may read, by database id. */
function tagsOf({ tagScopes }: VisibleJobs): RawBuilder<unknown> {
  const name = sql`concat(CAST(tag.tag_type AS TEXT), ':', CAST(tag.tag_name AS TEXT))`;
  return sql`(SELECT json_group_array(shown.tag) FROM (${readableTags(name, tagScopes)}) AS shown)`;
}
