import { type RawBuilder, type SqlBool, sql } from 'kysely';
import { z } from 'zod';
import { allOf, NOTHING, textMatches } from '../../db/sql/conditions.ts';
import { statementOf, wholeOf } from '../../db/sql/sql-rows.ts';
import { printedJson } from '../../db/sql/stored-json.ts';
import type { RowParser, Statement } from '../../db/statement.ts';
import { HEALTH_STATES, NODE_STATES } from '../../jobs/node-state.ts';
import type { NodeCondition, NodeFilter, NodeNow, NodeStateCount, StateKind } from './question.ts';

/**
 * The newest state of the current node. The index (node_id, time_stamp DESC) leads to it, so the work does not depend on
 * the number of stored states. Of several reports in the same second, the last one counts.
 */
const NEWEST = sql`(SELECT newest.id FROM node_state AS newest WHERE newest.node_id = node.id ORDER BY newest.time_stamp DESC, newest.id DESC LIMIT 1)`;
/** Nodes without a state are left out. CROSS JOIN keeps SQLite from reading all states. */
const NODES = sql`node CROSS JOIN node_state AS state ON state.id = ${NEWEST}`;

const COLUMN = { scheduler: 'state.node_state', health: 'state.health_state' } as const;
const STATES = { scheduler: NODE_STATES, health: HEALTH_STATES } as const;

/** The first `limit` nodes after an id, by id. */
export function nodesNow(
  filter: NodeFilter,
  { withMeta, after, limit }: { withMeta: boolean; after: number | bigint; limit: number },
): Statement<NodeNow> {
  return nodes(allOf([sql<SqlBool>`node.id > ${after}`, whereNode(filter)]), withMeta, limit);
}

/** The node with this id. No row if there is none, or if no state of it is stored. */
export function nodeNow(id: number | bigint): Statement<NodeNow> {
  return nodes(sql`node.id = ${id}`, true, 1);
}

function nodes(where: RawBuilder<SqlBool>, withMeta: boolean, limit: number): Statement<NodeNow> {
  const text = (name: string) => sql`CAST(${sql.ref(name)} AS TEXT)`;
  const whole = (name: string) => sql`CAST(CAST(${sql.ref(name)} AS INTEGER) AS TEXT)`;
  const json = (name: string) => (withMeta ? printedJson(sql.ref(name), 'object') : sql`NULL`);
  const query = sql`SELECT CAST(node.id AS TEXT) AS id, ${text('node.hostname')} AS hostname, ${text('node.cluster')} AS cluster, ${text('node.subcluster')} AS "subCluster",
      ${whole('state.jobs_running')} AS "jobsRunning", ${whole('state.cpus_allocated')} AS "cpusAllocated", ${whole('state.memory_allocated')} AS "memoryAllocated", ${whole('state.gpus_allocated')} AS "gpusAllocated",
      state.node_state AS "schedulerState", state.health_state AS "healthState", ${json('node.meta_data')} AS "metaData", ${json('state.health_metrics')} AS "healthData"
    FROM ${NODES} WHERE ${where} ORDER BY node.id LIMIT ${limit}`;
  return { ...statementOf('nodes', query, NodeRow), row: NODE_ROW };
}

/** The columns of a row. */
const NodeRow = z.object({
  id: z.string(),
  hostname: z.string(),
  cluster: z.string(),
  subCluster: z.string(),
  jobsRunning: z.string(),
  cpusAllocated: z.string(),
  memoryAllocated: z.string(),
  gpusAllocated: z.string(),
  schedulerState: z.enum(NODE_STATES),
  healthState: z.string(),
  metaData: z.string().nullable(),
  healthData: z.string().nullable(),
});

/** Written by hand: a schema would take a fifth of a second for 20,000 nodes. */
const NODE_ROW: RowParser<NodeNow> = {
  parse(value) {
    const row = value as z.output<typeof NodeRow>;
    return {
      ...row,
      id: wholeOf(row.id),
      jobsRunning: wholeOf(row.jobsRunning),
      cpusAllocated: wholeOf(row.cpusAllocated),
      memoryAllocated: wholeOf(row.memoryAllocated),
      gpusAllocated: wholeOf(row.gpusAllocated),
      metaData: objectOf(row.metaData),
      healthData: objectOf(row.healthData),
    };
  },
};

function objectOf(json: string | null): unknown {
  return json === null ? {} : (JSON.parse(json) ?? {});
}

/** The number of nodes in each state of the scheduler, then in each state of health, by name of the state. */
export function nodeStateCounts(filter: NodeFilter): Statement<NodeStateCount> {
  const query = sql`WITH now AS MATERIALIZED (SELECT state.node_state, state.health_state FROM ${NODES} WHERE ${whereNode(filter)})
    SELECT state, count FROM (
      SELECT 1 AS part, node_state AS state, count(*) AS count FROM now GROUP BY node_state
      UNION ALL SELECT 2, health_state, count(*) FROM now GROUP BY health_state
      ORDER BY part, state) AS counts`;
  return statementOf('node state counts', query, z.object({ state: z.string(), count: z.int() }));
}

/**
 * The history of each state that occurs, by name of the state. `times` and `counts` are JSON. Of each state at most
 * `limit` points are returned.
 *
 * Each state is read along its index, which ends in the time. One query for all states would sort all rows.
 */
export function nodeStateHistory(
  filter: NodeFilter,
  { kind, afterSec, limit }: { kind: StateKind; afterSec: number | bigint | undefined; limit: number },
) {
  const isAfter = afterSec === undefined ? sql<SqlBool>`1` : sql<SqlBool>`state.time_stamp > ${afterSec}`;
  const from = historiesOf(filter);
  const histories = STATES[kind].map((state) => {
    const where = allOf([sql<SqlBool>`${sql.ref(COLUMN[kind])} = ${sql.lit(state)}`, isAfter, whereNode(filter)]);
    const points = sql`SELECT state.time_stamp AS time, count(*) AS count FROM ${from} WHERE ${where} GROUP BY state.time_stamp ORDER BY state.time_stamp LIMIT ${limit}`;
    return sql`SELECT ${sql.lit(state)} AS state, json_group_array(CAST(time AS INTEGER)) AS times, json_group_array(count) AS counts, count(*) AS points FROM (${points})`;
  });
  return statementOf(
    'node state history',
    sql`SELECT state, times, counts, points FROM (${sql.join(histories, sql` UNION ALL `)}) AS histories WHERE points > 0 ORDER BY state`,
    z.object({ state: z.string(), times: z.string(), counts: z.string(), points: z.int() }),
  );
}

/** The states to count. A few nodes lead to their states, other conditions are checked for each state. */
function historiesOf(filter: NodeFilter): RawBuilder<unknown> {
  const ofNodes = filter.filter((condition) => condition.kind === 'text');
  if (ofNodes.length === 0) return sql`node_state AS state`; // the index alone has the answer
  const isNamed = ofNodes.some(({ field, operator }) => field === 'hostname' && operator === 'is');
  return isNamed
    ? sql`node CROSS JOIN node_state AS state ON state.node_id = node.id`
    : sql`node_state AS state JOIN node ON node.id = state.node_id`;
}

function whereNode(filter: NodeFilter): RawBuilder<SqlBool> {
  return allOf(filter.map(one));
}

function one(condition: NodeCondition): RawBuilder<SqlBool> {
  if (condition.kind === 'state') {
    // Only members of the closed set can be stored.
    const state = STATES[condition.of].find((known) => known === condition.state);
    return state === undefined ? NOTHING : sql<SqlBool>`${sql.ref(COLUMN[condition.of])} = ${sql.lit(state)}`;
  }
  const { field, operator, values } = condition;
  return textMatches(sql.ref(`node.${field}`), operator, values);
}
