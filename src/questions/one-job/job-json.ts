import { type RawBuilder, type SqlBool, sql } from 'kysely';
import { anyOf } from '../../db/sql/conditions.ts';
import { type JobColumn, sqlBuilder } from '../../db/sql/sql-builder.ts';
import { ASKED_MEMORY } from '../../db/sql/stored-asked-memory.ts';
import { printedJson, storedJson } from '../../db/sql/stored-json.ts';
import { SUBMIT_TIME, waitSince } from '../../db/sql/stored-submit-time.ts';
import { isLeftOutAsZero, WIRE_NUMBERS, type WireNumber } from '../../jobs/api-number-fields.ts';
import type { HiddenMetrics } from '../../jobs/hidden-metrics.ts';
import type { Tag } from '../../jobs/job.ts';
import type { VisibleJobs } from '../../jobs/visibility.ts';
import { column, userOf } from '../where/sqlite.ts';
import { type BriefJob, briefHosts, briefMetadata, briefName } from './brief-job-json.ts';

export interface JobJsonOptions {
  /** Unix seconds at which the duration of running jobs ends. */
  readonly nowSec: number | bigint;
  readonly withMetadata: boolean;
  /** The REST routes never show it (contract/rest.md §3). */
  readonly withEnergyFootprint?: boolean | undefined;
  /** By default true. If false, the member is null. The resources and footprints are most of the bytes of a row. */
  readonly withResources?: boolean | undefined;
  readonly withFootprint?: boolean | undefined;
  /** Adds the member `account` of the job's user, null without one. */
  readonly withAccount?: boolean | undefined;
  /** For a page: members `hosts`, `metadata` and `jobName` replace `resources` and `metaData` (brief-job-json.ts). */
  readonly brief?: BriefJob | undefined;
}

/** Which data of a job to show, and the tags of which scopes. */
export interface ShownParts extends Pick<VisibleJobs, 'alsoTags' | 'hidden' | 'named'> {
  readonly tagScopes: readonly string[] | 'all';
}

/** The parts of a job that are the same for every caller. */
const BEFORE_USER = fixed(
  sql.join([
    sql`'{"cluster":', ${quoted(column('cluster'))}`,
    sql`',"subCluster":', ${quoted(column('subcluster'))}`,
    sql`CASE WHEN ${column('cluster_partition')} <> '' THEN concat(',"partition":', ${quoted(column('cluster_partition'))}) END`,
    sql`',"project":', ${quoted(column('project'))}`,
  ]),
);
const AFTER_USER = fixed(
  sql`',"shared":', ${quoted(column('shared'))}, ',"jobState":', ${quoted(column('job_state'))}`,
);
const RESOURCES = fixed(sql`',"resources":', ${printedJson(column('resources'), 'array')}`);
const METADATA = fixed(sql`',"metaData":', ${printedJson(column('meta_data'), 'object')}`);
const FOOTPRINTS = {
  footprint: fixed(printedJson(column('footprint'), 'object')),
  energy_footprint: fixed(printedJson(column('energy_footprint'), 'object')),
};
const NUMBERS = new Map<string, RawBuilder<unknown>>(
  WIRE_NUMBERS.map((number) => [
    number.property,
    fixed(member(number, number.kind === 'decimal' ? decimalText(number.column) : whole(column(number.column)))),
  ]),
);
const SUBMITTED_BY_METADATA = fixed(
  sql`CASE WHEN ${sql.raw(SUBMIT_TIME)} <> 0 THEN concat(',"submitTime":', ${sql.raw(SUBMIT_TIME)}) END`,
);
const WAITED = fixed(waitMember('CAST(job.submit_time AS INTEGER)'));
const MEMORY_ASKED = fixed(sql`',"memoryAsked":' || ${sql.raw(ASKED_MEMORY)}`);
const WAITED_BY_METADATA = fixed(waitMember(SUBMIT_TIME));

/** Seconds so far of a running job, 0 before its start, and the stored duration of any other. */
export function durationAt(nowSec: number | bigint): RawBuilder<number> {
  return sql<number>`CASE ${column('job_state')} WHEN 'running' THEN max(0, ${nowSec} - ${column('start_time')}) ELSE ${column('duration')} END`;
}

/**
 * A job as one line of JSON text with the members specified in contract/rest.md §3. Invalid stored values become null.
 * `"statistics":null` is last, so that a caller with access to the job's archive can insert the statistics there.
 *
 * Uses concat() instead of ||, which copies the text for each part (200,000 against 130,000 rows a second).
 */
export function jobJson(shown: ShownParts, options: JobJsonOptions): RawBuilder<string> {
  const { nowSec, withMetadata, withResources = true, withFootprint = true, brief } = options;
  const { withEnergyFootprint = false, withAccount = false } = options;
  // The metadata is looked into only where it is read anyway: lists of the API must not parse it for every job.
  const looksIntoMetadata = withMetadata || brief !== undefined;
  const submitTime = looksIntoMetadata ? SUBMITTED_BY_METADATA : NUMBERS.get('submitTime');
  const numberOf = ({ property }: WireNumber) => {
    if (property === 'duration') return sql`',"duration":', ${whole(durationAt(nowSec))}`;
    return property === 'submitTime' ? submitTime : NUMBERS.get(property);
  };
  const parts = [
    BEFORE_USER,
    sql`',"user":', ${quoted(userOf(shown))}`,
    ...(withAccount ? [sql`',"account":', ${accountOf(userOf(shown))}`] : []),
    AFTER_USER,
    tags(shown.tagScopes, shown.alsoTags ?? []),
    brief === undefined
      ? withResources
        ? RESOURCES
        : sql`',"resources":null'`
      : sql`',"hosts":', ${briefHosts(brief)}, ',"metadata":', ${briefMetadata(brief)}, ',"jobName":', json_quote(${briefName(brief)})`,
    sql`',"energyFootprint":', ${withEnergyFootprint ? shownNumbers('energy_footprint', shown.hidden) : sql`'null'`}`,
    sql`',"footprint":', ${withFootprint ? shownNumbers('footprint', shown.hidden) : sql`'null'`}`,
    withMetadata && brief === undefined ? METADATA : sql`',"metaData":null'`,
    sql`',"concurrentJobs":{"items":null,"count":0}'`,
    ...WIRE_NUMBERS.map(numberOf),
    looksIntoMetadata ? WAITED_BY_METADATA : WAITED,
    ...(looksIntoMetadata ? [MEMORY_ASKED] : []),
    sql`',"id":', ${column('id')}`,
    sql`',"statistics":null}'`,
  ];
  return sql<string>`concat(${sql.join(parts)})`;
}

/** The names and the address of a user. NULL values are empty. */
function accountOf(user: RawBuilder<unknown>): RawBuilder<unknown> {
  const members = sql`'username', CAST(username AS TEXT), 'name', CAST(ifnull(name, '') AS TEXT), 'email', CAST(ifnull(email, '') AS TEXT)`;
  return sql`ifnull((SELECT json_object(${members}) FROM hpc_user WHERE username = CAST(${user} AS TEXT)), 'null')`;
}

const HAS_TAGS = sql`EXISTS (SELECT 1 FROM jobtag WHERE jobtag.job_id = job.id)`;

/** Converts a value of json_each back to JSON, numbers with all digits. */
const keptValue = sql`CASE kept.type WHEN 'real' THEN CASE WHEN CAST(CAST(kept.value AS TEXT) AS REAL) = kept.value OR abs(kept.value) > 1e308 THEN json_quote(kept.value) ELSE printf('%!.17g', kept.value) END
  WHEN 'integer' THEN json_quote(kept.value) WHEN 'text' THEN json_quote(kept.value) WHEN 'object' THEN kept.value WHEN 'array' THEN kept.value ELSE kept.type END`;

/** A stored footprint, without the keys of metrics that are hidden from the caller in the job's cluster. */
function shownNumbers(name: 'footprint' | 'energy_footprint', hidden: HiddenMetrics | undefined): RawBuilder<unknown> {
  const stored = FOOTPRINTS[name];
  if (hidden === undefined) return stored;
  const without = (metrics: readonly string[]) => {
    if (metrics.length === 0) return stored;
    const names = sql.join(metrics);
    // A key is a metric, an underscore and a statistic. rtrim removes the statistic.
    const metric = sql`rtrim(rtrim(kept.key, replace(kept.key, '_', '')), '_')`;
    return sql`CASE ${stored} WHEN 'null' THEN 'null' ELSE (SELECT concat('{', group_concat(concat(json_quote(kept.key), ':', ${keptValue}), ','), '}')
      FROM json_each(${storedJson(column(name), 'object', '{}')}) AS kept WHERE kept.key NOT IN (${names}) AND NOT (instr(kept.key, '_') > 0 AND ${metric} IN (${names}))) END`;
  };
  const cases = hidden.byCluster.map(([name, metrics]) => sql`WHEN ${name} THEN ${without(metrics)}`);
  return sql`CASE CAST(${column('cluster')} AS TEXT) ${sql.join(cases, sql` `)} ELSE ${without(hidden.elsewhere)} END`;
}

function quoted(value: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`json_quote(CAST(${value} AS TEXT))`;
}

/** A foreign file may contain anything in an integer column. Other values must not break the JSON. */
function whole(value: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`CAST(${value} AS INTEGER)`;
}

function member(number: WireNumber, value: RawBuilder<unknown>): RawBuilder<unknown> {
  const name = sql.lit(`,"${number.property}":`);
  return isLeftOutAsZero(number)
    ? sql`CASE WHEN ${value} <> 0 THEN concat(${name}, ${value}) END`
    : sql`${name}, ${value}`;
}

/** The member is left out if the wait is unknown. */
function waitMember(submitTime: string): RawBuilder<unknown> {
  return sql`',"wait":' || ${sql.raw(waitSince(submitTime))}`;
}

/** A column of decimals as JSON: 15 digits if they are exact, otherwise 17. For infinity, json_quote returns a JSON number. */
export function decimalText(name: JobColumn): RawBuilder<unknown> {
  return realText(sql`CAST(${column(name)} AS REAL)`);
}

/** The same for any real number that is not NULL. */
export function realText(value: RawBuilder<unknown>): RawBuilder<unknown> {
  const isShort = sql`CAST(CAST(${value} AS TEXT) AS REAL) = ${value} OR abs(${value}) > 1e308`;
  // Most values are rounded to two digits. Arithmetic checks whether three are enough, without a conversion to text.
  const isRounded = sql`abs(${value}) < 1e11 AND CAST(${value} * 1000 AS INTEGER) / 1000.0 = ${value}`;
  return sql`CASE WHEN ${isRounded} THEN json_quote(${value}) WHEN ${isShort} THEN json_quote(${value}) ELSE printf('%!.17g', ${value}) END`;
}

/** The tags that the caller may read, by database id. The member is left out if there are none. */
function tags(scopes: readonly string[] | 'all', also: readonly Tag[]): RawBuilder<unknown> {
  const tag = sql`json_object('type', CAST(tag.tag_type AS TEXT), 'name', CAST(tag.tag_name AS TEXT), 'scope', CAST(tag.tag_scope AS TEXT), 'id', tag.id)`;
  const inOrder = readableTags(tag, scopes, also);
  // Most jobs have no tags. For them an index lookup avoids the sort.
  return sql`CASE WHEN ${HAS_TAGS} THEN (SELECT CASE WHEN count(*) > 0 THEN concat(',"tags":[', group_concat(shown.tag, ','), ']') END FROM (${inOrder}) AS shown) END`;
}

/** A query for the tags of the current job that the caller may read, each as `tag`, by database id. */
export function readableTags(
  tag: RawBuilder<unknown>,
  scopes: readonly string[] | 'all',
  also: readonly Tag[] = [],
): RawBuilder<unknown> {
  const inScope =
    scopes === 'all'
      ? sql<SqlBool>`1`
      : sql<SqlBool>`tag.tag_scope IN (${sql.join(scopes.map((scope) => scope.toWellFormed()))})`;
  const shown =
    also.length === 0
      ? inScope
      : anyOf([
          inScope,
          ...also.map(({ type, name }) => sql<SqlBool>`(tag.tag_type = ${type} AND tag.tag_name = ${name})`),
        ]);
  // An ORDER BY in the aggregate and HAVING would be shorter, but the parser of libSQL servers does not support them.
  return sql`SELECT ${tag} AS tag FROM jobtag JOIN tag ON tag.id = jobtag.tag_id WHERE jobtag.job_id = ${column('id')} AND ${shown} ORDER BY tag.id`;
}

/** The same SQL, compiled once: it has no parameters. Compiling all of it for each list would take 0.1 ms. */
function fixed(query: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql.raw(query.compile(sqlBuilder).sql);
}
