import type { Database } from '../../db/port.ts';
import type { Deadline } from '../../deadline.ts';
import { Fault } from '../../faults.ts';
import { BOUNDS } from '../../jobs/input-bounds.ts';
import type { NodeFilter, NodeNow, NodeStateCount, NodeStateHistory, StateKind } from './question.ts';
import { nodeNow, nodeStateCounts, nodeStateHistory, nodesNow } from './sqlite.ts';

/** As many nodes as a report may have. */
const MOST_NODES = BOUNDS.nodesInReport.most;
/** Nodes per statement. A libSQL server sends at most 10 MB. */
const PART_NODES = 8_000;
/** Before every id. */
const FIRST_ID = -(2n ** 63n);
/** Points of a history: a state at a time. A report each minute makes 9,000 in a day, if all states occur. */
const MOST_POINTS = 100_000;

/**
 * The questions about nodes. Each method throws the faults of the Database port, and invalid_request if the answer would
 * be too large.
 */
export class NodeQuestions {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Returns the nodes that have reported, by name, each in its newest state. */
  async list(filter: NodeFilter, options: { withMeta: boolean }, deadline: Deadline): Promise<NodeNow[]> {
    const nodes: NodeNow[] = [];
    let part: NodeNow[];
    do {
      const after = nodes.at(-1)?.id ?? FIRST_ID;
      part = await this.#db.read(nodesNow(filter, { ...options, after, limit: PART_NODES }), deadline);
      nodes.push(...part);
      if (nodes.length > MOST_NODES)
        throw new Fault('invalid_request', `more than ${MOST_NODES} nodes match: use a narrower filter`);
    } while (part.length === PART_NODES);
    return nodes.sort(byName);
  }

  /** Returns a node in its newest state. Undefined if it does not exist or has never reported. */
  async one(id: number | bigint, deadline: Deadline): Promise<NodeNow | undefined> {
    return (await this.#db.read(nodeNow(id), deadline))[0];
  }

  /** Returns how many nodes are now in each state of the scheduler, then in each state of health. */
  async counts(filter: NodeFilter, deadline: Deadline): Promise<NodeStateCount[]> {
    return await this.#db.read(nodeStateCounts(filter), deadline);
  }

  /** Returns how many nodes reported each state at each time after `afterSec`. States that do not occur are left out. */
  async history(
    filter: NodeFilter,
    options: { kind: StateKind; afterSec?: number | bigint | undefined },
    deadline: Deadline,
  ): Promise<NodeStateHistory[]> {
    const { kind, afterSec } = options;
    const rows = await this.#db.read(nodeStateHistory(filter, { kind, afterSec, limit: MOST_POINTS + 1 }), deadline);
    if (rows.reduce((sum, { points }) => sum + points, 0) > MOST_POINTS)
      throw new Fault('invalid_request', `the history has more than ${MOST_POINTS} points: use a later timeStart`);
    return rows.map(({ state, times, counts }) => ({ state, times: JSON.parse(times), counts: JSON.parse(counts) }));
  }
}

function byName(a: NodeNow, b: NodeNow): number {
  return compare(a.hostname, b.hostname) || compare(a.cluster, b.cluster);
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
