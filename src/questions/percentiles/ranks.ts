import { offsetOf } from '../../jobs/paging.ts';
import { isDecimalMeasure, PERCENTILE_DIGITS } from '../../jobs/percentiles.ts';
import { wholeLiteral } from '../duckdb-query.ts';
import type { PercentilesOptions } from './question.ts';

/** 100 % in units of the smallest step of a percentile. */
const WHOLE = 10 ** (2 + PERCENTILE_DIGITS);
/** Beyond any list, and valid as a limit in DuckDB. */
const LAST_ROW = 2n ** 53n;

/**
 * SQL for both engines: the rows of an answer, with values as text, which is exact. `counted` is the name of a table with the number of `jobs` for each `key`
 * and `value`, NULL for jobs without the value. Neither engine keeps all values of a group in memory for this, as their
 * own functions for percentiles do: the values are counted, and the counts summed up in order.
 */
export function percentileRows(
  counted: string,
  { of, percentiles, groupBy, page }: PercentilesOptions,
  decimalText: (value: string) => string,
): string {
  const text = (value: string) => (isDecimalMeasure(of) ? decimalText(value) : `CAST(${value} AS TEXT)`);
  const columns = percentiles.map((_, at) => `p${at}`);
  const values = percentiles.map((p, at) => {
    const share = wholeLiteral(Math.round((p * WHOLE) / 100));
    return `min(CASE WHEN upto * ${WHOLE} >= ${share} * jobs THEN value END) AS p${at}`;
  });
  const isKnown = 'CASE WHEN value IS NULL THEN 0 ELSE jobs END';
  const isUnknown = 'CASE WHEN value IS NULL THEN jobs ELSE 0 END';
  const sums = `coalesce(sum(${isKnown}), 0) AS jobs, coalesce(sum(${isUnknown}), 0) AS unknown`;
  const key = groupBy === undefined ? "'' AS key" : 'key';
  const slice =
    groupBy === undefined || page === undefined
      ? ''
      : ` LIMIT ${wholeLiteral(page.itemsPerPage)} OFFSET ${wholeLiteral(least(offsetOf(page), LAST_ROW))}`;
  return `sums AS (SELECT ${key}, ${sums} FROM ${counted}${groupBy === undefined ? '' : ' GROUP BY key'}),
    groups AS (SELECT * FROM sums ORDER BY key${slice}),
    ranked AS (SELECT key, value, sum(jobs) OVER (PARTITION BY key ORDER BY value ROWS UNBOUNDED PRECEDING) AS upto
      FROM ${counted} WHERE value IS NOT NULL),
    found AS (SELECT ranked.key AS key, ${values.join(', ')} FROM ranked JOIN groups ON groups.key = ranked.key
      GROUP BY ranked.key)
    SELECT CAST(groups.key AS TEXT) AS id, CAST(groups.jobs AS DOUBLE) AS jobs, CAST(groups.unknown AS DOUBLE) AS unknown,
      ${columns.map((name) => `${text(`found.${name}`)} AS ${name}`).join(', ')}
    FROM groups LEFT JOIN found ON found.key = groups.key ORDER BY groups.key`;
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
