import { ACCOUNTS } from './account-fields.ts';
import { CLUSTERS } from './cluster-fields.ts';
import { JOBS } from './job-fields.ts';
import { ARCHIVED_METRICS } from './metric-fields.ts';
import { METRIC_STORE } from './metric-store.ts';
import { NODES } from './node-fields.ts';
import type { Resolver } from './resolver.ts';
import { STATISTICS } from './statistics-fields.ts';
import { TAGS } from './tag-fields.ts';

/** The resolvers by type and field. */
export const RESOLVERS: Readonly<Record<string, Readonly<Record<string, Resolver>>>> = merged([
  ACCOUNTS,
  ARCHIVED_METRICS,
  CLUSTERS,
  JOBS,
  METRIC_STORE,
  NODES,
  STATISTICS,
  TAGS,
]);

/** Several files have fields of Query. A field occurs once. */
function merged(all: readonly Readonly<Record<string, Readonly<Record<string, Resolver>>>>[]) {
  const result: Record<string, Record<string, Resolver>> = {};
  for (const [type, fields] of all.flatMap((resolvers) => Object.entries(resolvers))) {
    result[type] = { ...result[type], ...fields };
  }
  return result;
}
