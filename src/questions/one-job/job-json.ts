import { type RawBuilder, type SqlBool, sql } from 'kysely';
import type { JobTable } from '../../db/schema/tables.ts';
import { anyOf } from '../../db/sql/conditions.ts';
import { printedJson, storedJson } from '../../db/sql/stored-json.ts';
import type { HiddenMetrics } from '../../jobs/hidden-metrics.ts';
import type { Tag } from '../../jobs/job.ts';
import type { VisibleJobs } from '../../jobs/visibility.ts';
import { column, userOf } from '../where/sqlite.ts';
import { type BriefJob, briefHosts, briefMetadata, briefName } from './brief-job-json.ts';

export interface JobJsonOptions {
  /** Unix seconds: running jobs last until now. */
  readonly nowSec: number | bigint;
  readonly withMetadata: boolean;
  /** For a page: in place of `resources` and `metaData` the members `hosts`, `metadata` and `jobName` (brief-job-json.ts). */
  readonly brief?: BriefJob | undefined;
}

/** What is shown of a job; the tags of all scopes in a copy of it. */
export interface ShownParts extends Pick<VisibleJobs, 'alsoTags' | 'hidden' | 'named'> {
  readonly tagScopes: readonly string[] | 'all';
}

/** Seconds so far of a running job, the stored duration of any other. */
export function durationAt(nowSec: number | bigint): RawBuilder<number> {
  return sql<number>`CASE ${column('job_state')} WHEN 'running' THEN ${nowSec} - ${column('start_time')} ELSE ${column('duration')} END`;
}

/**
 * A job as one line of JSON text, as contract/rest.md §3 has it: which members there are and when one is left out. What
 * is stored broken reads as null. `"statistics":null` comes last, so that a caller who has the job's archive can put
 * the statistics there.
 *
 * concat() and not ||, which copies the text again for each part (200,000 against 130,000 rows a second).
 */
export function jobJson(shown: ShownParts, { nowSec, withMetadata, brief }: JobJsonOptions): RawBuilder<string> {
  const parts = [
    sql`'{"cluster":', ${quoted(column('cluster'))}`,
    sql`',"subCluster":', ${quoted(column('subcluster'))}`,
    sql`CASE WHEN ${column('cluster_partition')} <> '' THEN concat(',"partition":', ${quoted(column('cluster_partition'))}) END`,
    sql`',"project":', ${quoted(column('project'))}`,
    sql`',"user":', ${quoted(userOf(shown))}`,
    sql`',"shared":', ${quoted(column('shared'))}`,
    sql`',"jobState":', ${quoted(column('job_state'))}`,
    tags(shown.tagScopes, shown.alsoTags ?? []),
    brief === undefined
      ? sql`',"resources":', ${printedJson(column('resources'), 'array')}`
      : sql`',"hosts":', ${briefHosts(brief)}, ',"metadata":', ${briefMetadata(brief)}, ',"jobName":', json_quote(${briefName(brief)})`,
    sql`',"energyFootprint":null,"footprint":', ${footprint(shown.hidden)}`,
    withMetadata && brief === undefined
      ? sql`',"metaData":', ${printedJson(column('meta_data'), 'object')}`
      : sql`',"metaData":null'`,
    sql`',"concurrentJobs":{"items":null,"count":0},"energy":', ${real('energy')}`,
    unlessZero('array_job_id', 'arrayJobId'),
    unlessZero('walltime', 'walltime'),
    sql`',"jobId":', ${whole(column('job_id'))}`,
    sql`',"duration":', ${whole(durationAt(nowSec))}`,
    sql`',"numNodes":', ${whole(column('num_nodes'))}`,
    sql`',"startTime":', ${whole(column('start_time'))}`,
    unlessZero('smt', 'smt'),
    unlessZero('num_acc', 'numAcc'),
    unlessZero('num_hwthreads', 'numHwthreads'),
    unlessZero('monitoring_status', 'monitoringStatus'),
    sql`',"id":', ${column('id')}`,
    sql`',"statistics":null}'`,
  ];
  return sql<string>`concat(${sql.join(parts)})`;
}

/** A value of json_each as JSON again, a number with all of its digits. */
const keptValue = sql`CASE kept.type WHEN 'real' THEN CASE WHEN CAST(CAST(kept.value AS TEXT) AS REAL) = kept.value OR abs(kept.value) > 1e308 THEN json_quote(kept.value) ELSE printf('%!.17g', kept.value) END
  WHEN 'integer' THEN json_quote(kept.value) WHEN 'text' THEN json_quote(kept.value) WHEN 'object' THEN kept.value WHEN 'array' THEN kept.value ELSE kept.type END`;

/** The stored footprint; for callers from whom metrics are hidden without their keys, by the cluster of the job. */
function footprint(hidden: HiddenMetrics | undefined): RawBuilder<unknown> {
  const stored = printedJson(column('footprint'), 'object');
  if (hidden === undefined) return stored;
  const without = (metrics: readonly string[]) => {
    if (metrics.length === 0) return stored;
    const names = sql.join(metrics);
    // A key is a metric, an underscore and a statistic; rtrim takes the statistic off.
    const metric = sql`rtrim(rtrim(kept.key, replace(kept.key, '_', '')), '_')`;
    return sql`CASE ${stored} WHEN 'null' THEN 'null' ELSE (SELECT concat('{', group_concat(concat(json_quote(kept.key), ':', ${keptValue}), ','), '}')
      FROM json_each(${storedJson(column('footprint'), 'object', '{}')}) AS kept WHERE kept.key NOT IN (${names}) AND NOT (instr(kept.key, '_') > 0 AND ${metric} IN (${names}))) END`;
  };
  const cases = hidden.byCluster.map(([name, metrics]) => sql`WHEN ${name} THEN ${without(metrics)}`);
  return sql`CASE CAST(${column('cluster')} AS TEXT) ${sql.join(cases, sql` `)} ELSE ${without(hidden.elsewhere)} END`;
}

function quoted(value: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`json_quote(CAST(${value} AS TEXT))`;
}

/** A foreign file may hold anything in a column of integers: what is none must not break the JSON. */
function whole(value: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`CAST(${value} AS INTEGER)`;
}

function unlessZero(name: keyof JobTable, member: string): RawBuilder<unknown> {
  const value = whole(column(name));
  return sql`CASE WHEN ${value} <> 0 THEN concat(${sql.lit(`,"${member}":`)}, ${value}) END`;
}

/** 15 digits where they say it all, else 17; json_quote also has a JSON number for infinity. */
function real(name: keyof JobTable): RawBuilder<unknown> {
  const value = sql`CAST(${column(name)} AS REAL)`;
  const isShort = sql`CAST(CAST(${value} AS TEXT) AS REAL) = ${value} OR abs(${value}) > 1e308`;
  // Most are rounded to two digits: whether three are enough is told by arithmetic, without the value's text.
  const isRounded = sql`abs(${value}) < 1e11 AND CAST(${value} * 1000 AS INTEGER) / 1000.0 = ${value}`;
  return sql`CASE WHEN ${isRounded} THEN json_quote(${value}) WHEN ${isShort} THEN json_quote(${value}) ELSE printf('%!.17g', ${value}) END`;
}

/** The tags the caller may read, by database id; no member at all when there are none. */
function tags(scopes: readonly string[] | 'all', also: readonly Tag[]): RawBuilder<unknown> {
  const tag = sql`json_object('type', CAST(tag.tag_type AS TEXT), 'name', CAST(tag.tag_name AS TEXT), 'scope', CAST(tag.tag_scope AS TEXT), 'id', tag.id)`;
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
  // An ORDER BY within the aggregate and HAVING are shorter; the parser of libSQL's server does not know them.
  const inOrder = sql`SELECT ${tag} AS tag FROM jobtag JOIN tag ON tag.id = jobtag.tag_id WHERE jobtag.job_id = ${column('id')} AND ${shown} ORDER BY tag.id`;
  // Most jobs have none: a look into the index then saves the sort of none.
  const hasTags = sql`EXISTS (SELECT 1 FROM jobtag WHERE jobtag.job_id = ${column('id')})`;
  return sql`CASE WHEN ${hasTags} THEN (SELECT CASE WHEN count(*) > 0 THEN concat(',"tags":[', group_concat(shown.tag, ','), ']') END FROM (${inOrder}) AS shown) END`;
}
