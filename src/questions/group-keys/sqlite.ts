import { type RawBuilder, sql } from 'kysely';
import { FIELDS } from '../../jobs/fields.ts';
import { FOLDED_ENDS, type Group, groupOf } from '../../jobs/groups.ts';
import type { VisibleJobs } from '../../jobs/visibility.ts';
import { HOSTNAME, HOSTS } from '../where/hosts.ts';
import { column, fieldValue, JOB_NAME } from '../where/sqlite.ts';
import { type Clock, keyOfStart, sizeKey, type TimeDialect } from './shared-key-sql.ts';

const DIALECT: TimeDialect = {
  divide: '/',
  least: 'min',
  greatest: 'max',
  month: (days) => `CAST(strftime('%Y%m', ${days} * 86400, 'unixepoch') AS INTEGER)`,
};

/** The distinct hosts of the current job, or NULL, as rows of `own_host`. */
const OWN_HOSTS = sql`json_each((SELECT ifnull(nullif(json_group_array(DISTINCT ${HOSTNAME}), '[]'), '[null]')
  FROM ${HOSTS} WHERE ${HOSTNAME} IS NOT NULL)) AS own_host`;

/** The key of the current job. Never NULL. */
export function groupKey(name: Group, clock: Clock): RawBuilder<unknown> {
  const group = groupOf(name);
  switch (group.kind) {
    case 'field':
      // `+` prevents the use of an index in the order of the groups, which would read all jobs of the table in random
      // order. A range of start times or a scan, followed by a sort, is faster.
      return sql`+${fieldValue(FIELDS[group.field])}`;
    case 'size':
      return sql.raw(sizeKey('job.num_nodes'));
    case 'name':
      return sql`rtrim(ifnull(${JOB_NAME}, ''), ${sql.lit(FOLDED_ENDS)})`;
    case 'tag':
      return sql`ifnull(own_tag.tag_id, 0)`;
    case 'node':
      return sql`ifnull(${column('cluster')} || '/' || own_host.value, '')`;
    case 'time':
      return sql.raw(keyOfStart(group.unit, 'job.start_time', clock, DIALECT));
  }
}

/** Table `job` in a FROM clause, with a row for each of the keys of a job. */
export function jobsByKey(groups: readonly Group[], { tagScopes }: VisibleJobs): RawBuilder<unknown> {
  const kinds = groups.map((name) => groupOf(name).kind);
  const scopes = sql.join(tagScopes.map((scope) => scope.toWellFormed()));
  const tags = sql` LEFT JOIN jobtag AS own_tag ON own_tag.job_id = job.id
    AND own_tag.tag_id IN (SELECT tag.id FROM tag WHERE tag.tag_scope IN (${scopes}))`;
  const hosts = sql` JOIN ${OWN_HOSTS}`;
  return sql`job${kinds.includes('tag') ? tags : sql``}${kinds.includes('node') ? hosts : sql``}`;
}

/** What people call the group with this key, or ''. */
export function groupName(name: Group | undefined, key: RawBuilder<unknown>): RawBuilder<unknown> {
  const found = name === undefined ? undefined : NAMES[name]?.(key);
  return found === undefined ? sql`''` : sql`CAST(ifnull((${found}), '') AS TEXT)`;
}

const NAMES: Readonly<Partial<Record<Group, (key: RawBuilder<unknown>) => RawBuilder<unknown>>>> = {
  user: (key) => sql`SELECT hpc_user.name FROM hpc_user WHERE hpc_user.username = ${key}`,
  tag: (key) => sql`SELECT tag.tag_type || ': ' || tag.tag_name FROM tag WHERE tag.id = ${key}`,
};
