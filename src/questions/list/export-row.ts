import { type RawBuilder, sql } from 'kysely';
import { jsonNumberText, jsonText } from '../../db/sql/stored-json.ts';
import { SUBMIT_TIME } from '../../db/sql/stored-submit-time.ts';
import type { ExportColumn, JobsTable, KnownColumn } from '../../jobs/export-columns.ts';
import { type ExportFormat, FORMULA_STARTS } from '../../jobs/export-format.ts';
import { DERIVED_FIELDS, FIELDS, JOB_FIELDS, METRIC, type ValueField } from '../../jobs/fields.ts';
import type { VisibleJobs } from '../../jobs/visibility.ts';
import { decimalText, durationAt, readableTags } from '../one-job/job-json.ts';
import { HOSTNAME, HOSTS } from '../where/hosts.ts';
import { END, HAS_ENDED } from '../where/run-times.ts';
import { column, fieldValue, userOf } from '../where/sqlite.ts';

/** The value of a column for the current job, by its type: `list` is a JSON array of texts. An unknown number is NULL. */
interface Value {
  readonly type: 'text' | 'number' | 'list';
  readonly sql: RawBuilder<unknown>;
}

/**
 * A job as one row of an export, with its line end. SQLite writes the text, so that no process makes an object of each
 * job: twice as fast.
 */
export function exportRow(jobs: VisibleJobs, { format, columns }: JobsTable, nowSec: number): RawBuilder<string> {
  const values = columns.map((name) => ({ name, value: columnValue(name, jobs, nowSec) }));
  return ROW[format](values);
}

const ROW: Readonly<Record<ExportFormat, (values: { name: string; value: Value }[]) => RawBuilder<string>>> = {
  csv(values) {
    const fields = values.map(({ value }) => csvField(value));
    return sql`concat(${sql.join(fields, sql`, ',', `)}, char(13, 10))`;
  },
  ndjson(values) {
    const members = values.map(({ name, value }, at) => {
      const start = sql.lit(`${at === 0 ? '{' : ','}${JSON.stringify(name)}:`);
      return sql`${start}, ${jsonValue(value)}`;
    });
    return sql`concat(${sql.join(members)}, '}', char(10))`;
  },
};

/** The same as `csvText` of src/jobs/export-format.ts for a text. concat() writes NULL as ''. */
function csvField({ type, sql: value }: Value): RawBuilder<unknown> {
  if (type === 'number') return value;
  const text = type === 'text' ? value : sql`(SELECT group_concat(each.value, ';') FROM json_each(${value}) AS each)`;
  // All these starts are before 'A', and most texts are not, so that most need one comparison.
  const starts = sql.join(FORMULA_STARTS.map((start) => sql.lit(start)));
  const isFormula = sql`${text} < 'A' AND substr(${text}, 1, 1) IN (${starts})`;
  return sql`concat('"', CASE WHEN ${isFormula} THEN '''' END, replace(${text}, '"', '""'), '"')`;
}

function jsonValue({ type, sql: value }: Value): RawBuilder<unknown> {
  if (type === 'list') return value;
  return type === 'text' ? sql`json_quote(${value})` : sql`ifnull(${value}, 'null')`;
}

function columnValue(name: ExportColumn, jobs: VisibleJobs, nowSec: number): Value {
  if (isMetric(name)) return { type: 'number', sql: jsonNumberText(column('footprint'), name.slice(METRIC.length)) };
  switch (name) {
    case 'user':
      return text(userOf(jobs));
    case 'duration':
      return whole(durationAt(nowSec));
    case 'endTime':
      return whole(sql`CASE WHEN ${HAS_ENDED} THEN ${END} END`);
    case 'tags':
      return { type: 'list', sql: tagsOf(jobs) };
    default:
      return VALUES[name];
  }
}

type FixedColumn = Exclude<KnownColumn, 'user' | 'duration' | 'endTime' | 'tags'>;

/** The values that are the same for every caller at any time. */
const VALUES: Readonly<Record<FixedColumn, Value>> = {
  ...(Object.fromEntries([...JOB_FIELDS, ...DERIVED_FIELDS].map((field) => [field.property, ofField(field)])) as Record<
    FixedColumn,
    Value
  >),
  id: whole(column(FIELDS['db-id'].column)),
  jobName: text(sql`ifnull(${jsonText(column('meta_data'), 'jobName')}, '')`),
  submitTime: whole(sql.raw(SUBMIT_TIME)),
  smt: whole(column('smt')),
  monitoringStatus: whole(column('monitoring_status')),
  hosts: { type: 'list', sql: sql`(SELECT json_group_array(${HOSTNAME}) FROM ${HOSTS} WHERE ${HOSTNAME} IS NOT NULL)` },
};

function ofField(field: ValueField): Value {
  switch (field.kind) {
    case 'text':
    case 'member':
      return text(fieldValue(field));
    case 'decimal':
      return { type: 'number', sql: decimalText(field.column) };
    default:
      return whole(fieldValue(field));
  }
}

/** A foreign file may have anything in a column. */
function whole(value: RawBuilder<unknown>): Value {
  return { type: 'number', sql: sql`CAST(${value} AS INTEGER)` };
}

function text(value: RawBuilder<unknown>): Value {
  return { type: 'text', sql: sql`CAST(${value} AS TEXT)` };
}

/** `type:name` of each tag that the caller may read, by database id. */
function tagsOf({ tagScopes }: VisibleJobs): RawBuilder<unknown> {
  const name = sql`concat(CAST(tag.tag_type AS TEXT), ':', CAST(tag.tag_name AS TEXT))`;
  return sql`(SELECT json_group_array(shown.tag) FROM (${readableTags(name, tagScopes)}) AS shown)`;
}

function isMetric(name: ExportColumn): name is `${typeof METRIC}${string}` {
  return name.startsWith(METRIC);
}
