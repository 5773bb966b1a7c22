import { groupMembers, groupsRead } from '../../jobs/groups.ts';
import { offsetOf } from '../../jobs/paging.ts';
import { isDecimalMeasure, PERCENTILE_DIGITS } from '../../jobs/percentiles.ts';
import { wholeLiteral } from '../duckdb-query.ts';
import type { PercentilesOptions } from './question.ts';

/** 100 % in units of the smallest step of a percentile. */
const WHOLE = 10 ** (2 + PERCENTILE_DIGITS);
/** Beyond any list, and valid as a limit in DuckDB. */
const LAST_ROW = 2n ** 53n;

/** Only the number of groups matters here. */
interface RanksOptions extends Pick<PercentilesOptions, 'of' | 'percentiles' | 'page' | 'most'> {
  readonly groupBy?: readonly string[] | undefined;
}

/**
 * SQL for both engines: the rows of an answer, with values as text, which is exact. `valued` is the name of a table
 * with keys, `value`, `step` and `jobs`: a number of jobs with this value. `step` does not decrease when the value
 * increases. Both are NULL for jobs without the value. `key0` is '' without groups.
 *
 * Neither engine keeps all values of a group in memory for this, as their own functions for percentiles do. First the
 * jobs of each step are counted and summed up in order. Only the values of steps with a percentile are then sorted.
 */
export function percentileRows(valued: string, options: RanksOptions, decimalText: (value: string) => string): string {
  const { of, percentiles, groupBy = [] } = options;
  const page = groupsRead(options);
  const text = (value: string) => (isDecimalMeasure(of) ? decimalText(value) : `CAST(${value} AS TEXT)`);
  const columns = percentiles.map((_, at) => `p${at}`);
  const shares = percentiles.map((p) => wholeLiteral(Math.round((p * WHOLE) / 100)));
  const reaches = (upto: string, share: string) => `${upto} * ${WHOLE} >= ${share} * jobs`;
  const isWanted = shares.map(
    (share) => `(${reaches('upto', share)} AND (before = 0 OR NOT ${reaches('before', share)}))`,
  );
  const values = shares.map((share, at) => `min(CASE WHEN ${reaches('upto', share)} THEN value END) AS p${at}`);
  const isKnown = 'CASE WHEN step IS NULL THEN 0 ELSE own END';
  const isUnknown = 'CASE WHEN step IS NULL THEN own ELSE 0 END';
  const sums = `coalesce(sum(${isKnown}), 0) AS jobs, coalesce(sum(${isUnknown}), 0) AS unknown`;
  const members = groupMembers(options);
  const keys = members.map((_, at) => `key${at}`).join(', ');
  const keysOf = (table: string) => members.map((_, at) => `${table}.key${at} AS key${at}`).join(', ');
  const isSame = (one: string, other: string) =>
    members.map((_, at) => `${one}.key${at} = ${other}.key${at}`).join(' AND ');
  const slice =
    page === undefined
      ? ''
      : ` LIMIT ${wholeLiteral(page.itemsPerPage)} OFFSET ${wholeLiteral(least(offsetOf(page), LAST_ROW))}`;
  const ids = members.map(({ id }, at) => `CAST(groups.key${at} AS TEXT) AS ${id}`).join(', ');
  const ofAll = groupBy.length === 0 ? `SELECT '' AS key0, ${sums} FROM steps` : undefined;
  return `steps AS MATERIALIZED (SELECT ${keys}, step, sum(jobs) AS own FROM ${valued} GROUP BY ${keys}, step),
    sums AS (${ofAll ?? `SELECT ${keys}, ${sums} FROM steps GROUP BY ${keys}`}),
    groups AS (SELECT * FROM sums ORDER BY ${keys}${slice}),
    summed AS (SELECT ${keys}, step, own,
        sum(own) OVER (PARTITION BY ${keys} ORDER BY step ROWS UNBOUNDED PRECEDING) AS upto
      FROM steps WHERE step IS NOT NULL),
    placed AS (SELECT ${keysOf('summed')}, step, upto - own AS before, upto, jobs
      FROM summed JOIN groups ON ${isSame('groups', 'summed')}),
    wanted AS MATERIALIZED (SELECT ${keys}, step, before, jobs FROM placed WHERE ${isWanted.join(' OR ')}),
    counted AS (SELECT ${keysOf('wanted')}, wanted.step AS step, value, sum(valued.jobs) AS own,
        max(before) AS before, max(wanted.jobs) AS jobs
      FROM ${valued} AS valued JOIN wanted ON ${isSame('wanted', 'valued')} AND wanted.step = valued.step
      GROUP BY ${members.map((_, at) => `wanted.key${at}`).join(', ')}, wanted.step, value),
    ranked AS (SELECT ${keys}, value, jobs,
        before + sum(own) OVER (PARTITION BY ${keys}, step ORDER BY value ROWS UNBOUNDED PRECEDING) AS upto
      FROM counted),
    found AS (SELECT ${keys}, ${values.join(', ')} FROM ranked GROUP BY ${keys})
    SELECT ${ids}, CAST(groups.jobs AS DOUBLE) AS jobs, CAST(groups.unknown AS DOUBLE) AS unknown,
      ${columns.map((name) => `${text(`found.${name}`)} AS ${name}`).join(', ')}
    FROM groups LEFT JOIN found ON ${isSame('found', 'groups')}
    ORDER BY ${members.map((_, at) => `groups.key${at}`).join(', ')}`;
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
