import { FIELDS } from '../../jobs/fields.ts';
import { groupMembers, groupsRead } from '../../jobs/groups.ts';
import { ENDED_STATES } from '../../jobs/job-enums.ts';
import { offsetOf } from '../../jobs/paging.ts';
import { MOST_WALLTIME_SEC, UNUSED_TOTALS, type UnusedTotal } from '../../jobs/unused-hours.ts';
import { type DuckDbQuery, wholeLiteral } from '../duckdb-query.ts';
import { groupKey, jobsByKey } from '../group-keys/duckdb.ts';
import { duckDbDurationAt, hours, LAST_ROW } from '../statistics/duckdb.ts';
import { fractionColumn } from '../used-fractions/duckdb.ts';
import { type FilterContext, isMember, matchingJobs } from '../where/duckdb.ts';
import type { UnusedQuestion } from './question.ts';

/** The rows of src/questions/unused-hours/sqlite.ts. */
export function unusedQuery(question: UnusedQuestion, context: FilterContext): DuckDbQuery {
  const { jobs, groupBy = [], sortBy, nowSec } = question;
  const page = groupsRead(question);
  const keys = groupBy.map((_, at) => `key${at}`);
  const keyed = groupBy.map((name, at) => `${groupKey(name, 'jobs', question)} AS key${at}, `).join('');
  const ended = isMember(FIELDS.state, ENDED_STATES);
  const each = `SELECT ${keyed}greatest(0, ${duckDbDurationAt(nowSec)}) AS d,
      CASE WHEN ${ended} THEN greatest(0, least(walltime, ${wholeLiteral(MOST_WALLTIME_SEC)}) - CAST(duration AS BIGINT)) ELSE 0 END AS unused,
      CAST(num_hwthreads AS BIGINT) AS threads, CAST(num_acc AS BIGINT) AS acc,
      ${fractionColumn(FIELDS['cores-used'], context)} AS cores_used, ${fractionColumn(FIELDS['acc-used'], context)} AS acc_used
    FROM ${jobsByKey(`(SELECT * FROM ${matchingJobs(jobs.conditions, context)})`, groupBy, context)}`;
  const seconds = `SELECT ${keys.map((key) => `${key}, `).join('')}d * threads AS cores, unused * threads AS unused, d * acc AS accs,
      ${idle('d * threads', 'cores_used')} AS idle_cores, ${idle('d * acc', 'acc_used')} AS idle_accs FROM (${each}) AS each`;
  const totals = UNUSED_TOTALS.map((name) => `${TOTALS[name]} AS "${name}"`).join(', ');
  const groups =
    keys.length === 0
      ? `SELECT '' AS key0, ${totals} FROM (${seconds}) AS seconds`
      : `SELECT ${keys.join(', ')}, ${totals} FROM (${seconds}) AS seconds GROUP BY ${keys.join(', ')}`;
  const order = [...UNUSED_TOTALS.filter((name) => name === sortBy).map((name) => `groups."${name}" DESC`), ...keys];
  const inOrder = keys.length === 0 ? '' : ` ORDER BY ${order.join(', ')}`;
  const offset = page === undefined ? 0n : offsetOf(page);
  const slice =
    page === undefined || keys.length === 0
      ? ''
      : ` LIMIT ${wholeLiteral(page.itemsPerPage)} OFFSET ${wholeLiteral(offset < LAST_ROW ? offset : LAST_ROW)}`;
  const texts = [
    ...groupMembers(question).map(({ id }, at) => `CAST(key${at} AS VARCHAR) AS ${id}`),
    ...UNUSED_TOTALS.map((name) => `CAST("${name}" AS VARCHAR) AS "${name}"`),
  ];
  return {
    sql: `SELECT ${texts.join(', ')} FROM (${groups}) AS groups${inOrder}${slice}`,
    parameters: context.parameters.values,
  };
}

const TOTALS: Readonly<Record<UnusedTotal, string>> = {
  totalJobs: 'count(*)',
  measuredJobs: 'count(coalesce(idle_cores, idle_accs))',
  totalCoreHours: hours('cores'),
  measuredCoreHours: hours('CASE WHEN idle_cores IS NOT NULL THEN cores END'),
  idleCoreHours: hours('idle_cores'),
  unusedWalltimeCoreHours: hours('unused'),
  totalAccHours: hours('accs'),
  measuredAccHours: hours('CASE WHEN idle_accs IS NOT NULL THEN accs END'),
  idleAccHours: hours('idle_accs'),
};

/** NULL if the fraction is unknown. least() ignores NULL. */
function idle(seconds: string, used: string): string {
  return `CASE WHEN ${used} IS NOT NULL THEN ${seconds} - CAST(trunc(CAST(${seconds} AS DOUBLE) * least(1.0::DOUBLE, ${used})) AS BIGINT) END`;
}
