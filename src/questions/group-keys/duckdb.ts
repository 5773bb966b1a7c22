import { FIELDS } from '../../jobs/fields.ts';
import { FOLDED_ENDS, type Group, type Grouping, groupOf } from '../../jobs/groups.ts';
import { wholeLiteral } from '../duckdb-query.ts';
import { HOST_MARK, STATES } from '../index-columns.ts';
import type { SummaryName } from '../summaries/summary-tables.ts';
import type { FilterContext } from '../where/duckdb.ts';
import { type Clock, keyOfDay, keyOfStart, sizeKey, type TimeDialect } from './shared-key-sql.ts';

const DIALECT: TimeDialect = {
  divide: '//',
  least: 'least',
  greatest: 'greatest',
  month: (days) => {
    const date = `(DATE '1970-01-01' + CAST(${days} AS INTEGER))`;
    return `(year(${date}) * 100 + month(${date}))`;
  },
};

/**
 * What the rows of a FROM clause are:
 * - `jobs`: jobs, from `jobsByKey`
 * - `days`: the summary by days, with its column `span`
 * - `selection`: jobs that were read for several questions, with the columns of `selectedKey`
 */
export type Rows = 'jobs' | 'days' | 'selection';

/** The key in src/questions/group-keys/sqlite.ts. A test compares the two. */
export function groupKey(name: Group, rows: Rows, clock: Clock): string {
  const group = groupOf(name);
  switch (group.kind) {
    case 'field': {
      const { column } = FIELDS[group.field];
      return group.field === 'state' ? `[${STATES.map((state) => `'${state}'`).join(', ')}][job_state + 1]` : column;
    }
    case 'size':
      return sizeKey('num_nodes');
    case 'name':
      return `rtrim(coalesce(job_name, ''), '${FOLDED_ENDS}')`;
    case 'tag':
      return 'own_tag';
    case 'node':
      return "coalesce(cluster || '/' || own_host, '')";
    case 'time':
      if (rows === 'selection') return selectedName(name);
      return (
        (rows === 'days' ? keyOfDay(group.unit, 'span', DIALECT) : undefined) ??
        keyOfStart(group.unit, 'start_time', clock, DIALECT)
      );
  }
}

/** A FROM clause of jobs, with a row for each of the keys of a job. */
export function jobsByKey(from: string, groups: readonly Group[], { readableTags, parameters }: FilterContext): string {
  const kinds = groups.map((name) => groupOf(name).kind);
  const own: string[] = [];
  if (kinds.includes('tag')) {
    const readable = `CAST(string_split(${parameters.add([...readableTags].map(wholeLiteral).join())}, ',') AS BIGINT[])`;
    const tags = `list_intersect(CAST(string_split(trim(tags, ','), ',') AS BIGINT[]), ${readable})`;
    const found = readableTags.size === 0 ? '[]' : `CASE WHEN tags = '' THEN [] ELSE ${tags} END`;
    own.push(`unnest(coalesce(nullif(${found}, []), [CAST(0 AS BIGINT)])) AS own_tag`);
  }
  if (kinds.includes('node')) {
    const mark = `chr(${HOST_MARK.charCodeAt(0)})`;
    const hosts = `string_split(substring(hosts, 2, length(hosts) - 2), ${mark})`;
    own.push(`unnest(CASE WHEN hosts = '' THEN [NULL] ELSE ${hosts} END) AS own_host`);
  }
  // One list in each query: DuckDB pairs the values of two lists instead of combining them.
  return own.reduce((rows, key) => `(SELECT *, ${key} FROM ${rows})`, from);
}

/**
 * The summary with the keys of these groups. Undefined if only the jobs have them: the summaries have no hours and no
 * days of other time zones. Only this function decides that.
 */
export function summaryOf({ groupBy = [], zone = 'UTC' }: Grouping): SummaryName | undefined {
  const groups = groupBy.map(groupOf);
  if (groups.some(({ kind }) => kind === 'name' || kind === 'tag' || kind === 'node')) return undefined;
  const units = groups.flatMap((group) => (group.kind === 'time' ? [group.unit] : []));
  if (units.length === 0) return 'jobs_by_month';
  return zone === 'UTC' && !units.includes('hour') ? 'jobs_by_day' : undefined;
}

/** True if a selection of jobs can have these groups: a job has one key of each. */
export function isSelectable({ groupBy = [] }: Grouping): boolean {
  return groupBy.every((name) => !['name', 'tag', 'node'].includes(groupOf(name).kind));
}

/** The columns of a selection that a group needs. */
export function selectedColumns(name: Group, rows: Rows, clock: Clock): readonly string[] {
  const group = groupOf(name);
  if (group.kind === 'field') return [FIELDS[group.field].column];
  return group.kind === 'time' ? [`${groupKey(name, rows, clock)} AS ${selectedName(name)}`] : ['num_nodes'];
}

function selectedName(name: Group): string {
  return `"key of ${name}"`;
}
