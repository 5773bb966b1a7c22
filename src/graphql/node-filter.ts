import type { NodeCondition, NodeFilter } from '../questions/nodes/question.ts';
import {
  checkConditionCount,
  checkCount,
  type Given,
  isGiven,
  operatorOf,
  type StringInput,
} from './argument-values.ts';

/** The arguments of the schema, as its scalars read them. */
export interface NodeFilterInput {
  readonly hostname?: Given<StringInput>;
  readonly cluster?: Given<StringInput>;
  readonly subCluster?: Given<StringInput>;
  readonly schedulerState?: Given<string>;
  readonly healthState?: Given<string>;
  readonly timeStart?: Given<bigint>;
}

const TEXTS = { hostname: 'hostname', cluster: 'cluster', subCluster: 'subcluster' } as const;
const STATES = { schedulerState: 'scheduler', healthState: 'health' } as const;

/**
 * Returns the conditions of a filter (contract/graphql.md §10), without `timeStart`. Throws invalid_request with the
 * field. A difference to cc-backend: `%` and `_` are ordinary characters.
 */
export function nodeFilterOf(filters: Given<readonly NodeFilterInput[]>): NodeFilter {
  const conditions = (filters ?? []).flatMap((filter, index) => [
    ...Object.entries(TEXTS).flatMap(([name, field]): NodeCondition[] => {
      const asked = operatorOf(filter[name as keyof typeof TEXTS], `filter.${index}.${name}`);
      if (asked === undefined) return [];
      const operator = asked.operator === 'in' ? 'is' : asked.operator;
      return [{ kind: 'text', field, operator, values: asked.values }];
    }),
    ...Object.entries(STATES).flatMap(([name, of]): NodeCondition[] => {
      const state = filter[name as keyof typeof STATES];
      return isGiven(state) ? [{ kind: 'state', of, state }] : [];
    }),
  ]);
  checkConditionCount(conditions);
  // A history repeats them for each state, and SQLite allows 32,766 parameters.
  checkCount(
    conditions.flatMap((condition) => (condition.kind === 'text' ? condition.values : [])),
    'filter',
  );
  return conditions;
}

/** The Unix second after which a history begins. Undefined if no filter has one. */
export function timeStartOf(filters: Given<readonly NodeFilterInput[]>): bigint | undefined {
  const starts = (filters ?? []).flatMap(({ timeStart }) => (isGiven(timeStart) ? [timeStart] : []));
  return starts.length === 0 ? undefined : starts.reduce((latest, start) => (start > latest ? start : latest));
}
