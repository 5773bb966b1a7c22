import { offsetOf } from '../../jobs/paging.ts';
import { isDecimalMeasure, PERCENTILE_DIGITS } from '../../jobs/percentiles.ts';
import { wholeLiteral } from '../duckdb-query.ts';
import type { PercentilesOptions } from './question.ts';

/** 100 % in units of the smallest step of a percentile. */
const WHOLE = 10 ** (2 + PERCENTILE_DIGITS);
/** Beyond any list, and valid as a limit in DuckDB. */
const LAST_ROW = 2n ** 53n;

/**
 * SQL for both engines: the rows of an answer, with values as text, which is exact. `valued` is the name of a table
 * with `key`, `value`, `step` and `jobs`: a number of jobs with this value. `step` does not decrease when the value
 * increases. Both are NULL for jobs without the value.
 *
 * Neither engine keeps all values of a group in memory for this, as their own functions for percentiles do. First the
 * jobs of each step are counted and summed up in order. Only the values of steps with a percentile are then sorted.
 */
export function percentileRows(
  valued: string,
  { of, percentiles, groupBy, page }: PercentilesOptions,
  decimalText: (value: string) => string,
): string {
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
  const key = groupBy === undefined ? "'' AS key" : 'key';
  const slice =
    groupBy === undefined || page === undefined
      ? ''
      : ` LIMIT ${wholeLiteral(page.itemsPerPage)} OFFSET ${wholeLiteral(least(offsetOf(page), LAST_ROW))}`;
  return `steps AS MATERIALIZED (SELECT key, step, sum(jobs) AS own FROM ${valued} GROUP BY key, step),
    sums AS (SELECT ${key}, ${sums} FROM steps${groupBy === undefined ? '' : ' GROUP BY key'}),
    groups AS (SELECT * FROM sums ORDER BY key${slice}),
    summed AS (SELECT key, step, own, sum(own) OVER (PARTITION BY key ORDER BY step ROWS UNBOUNDED PRECEDING) AS upto
      FROM steps WHERE step IS NOT NULL),
    placed AS (SELECT summed.key AS key, step, upto - own AS before, upto, jobs
      FROM summed JOIN groups ON groups.key = summed.key),
    wanted AS MATERIALIZED (SELECT key, step, before, jobs FROM placed WHERE ${isWanted.join(' OR ')}),
    counted AS (SELECT wanted.key AS key, wanted.step AS step, value, sum(valued.jobs) AS own,
        max(before) AS before, max(wanted.jobs) AS jobs
      FROM ${valued} AS valued JOIN wanted ON wanted.key = valued.key AND wanted.step = valued.step
      GROUP BY wanted.key, wanted.step, value),
    ranked AS (SELECT key, value, jobs,
        before + sum(own) OVER (PARTITION BY key, step ORDER BY value ROWS UNBOUNDED PRECEDING) AS upto FROM counted),
    found AS (SELECT key, ${values.join(', ')} FROM ranked GROUP BY key)
    SELECT CAST(groups.key AS TEXT) AS id, CAST(groups.jobs AS DOUBLE) AS jobs, CAST(groups.unknown AS DOUBLE) AS unknown,
      ${columns.map((name) => `${text(`found.${name}`)} AS ${name}`).join(', ')}
    FROM groups LEFT JOIN found ON found.key = groups.key ORDER BY groups.key`;
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
