import type { Context } from 'hono';
import type { JobFilter } from '../../jobs/filter.ts';
import { EVERY_JOB } from '../../jobs/visibility.ts';
import { NodeQuestions } from '../../questions/nodes/ask-nodes.ts';
import { unendedByOwner, unendedByPartition } from '../../questions/unended-jobs/sqlite.ts';
import { nowSec } from '../request-values.ts';
import type { AppEnv } from '../service.ts';
import type { ClusterFigures } from './prometheus-port.ts';

/** Series for each of the figures of partitions. */
const MOST_PARTITIONS = 1_000;
/** Clusters whose nodes and waits are read. */
const MOST_CLUSTERS = 50;
const WAIT_PERCENTILES = [50, 90];
/** The waits are those of jobs that started within this time. */
const WAIT_SEC = 3_600;
/** How long figures are kept: several servers may scrape, and each needs some queries. */
const KEPT_SEC = 10;

/** Reads the figures of the clusters and keeps them for some seconds. */
export class ClusterFiguresReader {
  #kept: { figures: ClusterFigures; atSec: number } | undefined;

  /** Rejects as the Database port does. */
  async read(c: Context<AppEnv>): Promise<ClusterFigures> {
    const atSec = nowSec(c);
    if (this.#kept !== undefined && Math.abs(atSec - this.#kept.atSec) < KEPT_SEC) return this.#kept.figures;
    const figures = await readFigures(c, atSec);
    this.#kept = { figures, atSec };
    return figures;
  }
}

async function readFigures(c: Context<AppEnv>, atSec: number): Promise<ClusterFigures> {
  const db = c.get('db');
  const deadline = c.get('deadline');
  const jobs = c.get('jobs');
  const service = c.get('service');
  const clusters = service.clusters.list.slice(0, MOST_CLUSTERS).map(({ name }) => name);
  const nodeQuestions = new NodeQuestions(db);
  const unended = await db.read(unendedByPartition(MOST_PARTITIONS), deadline);
  const nodes: ClusterFigures['nodes'][number][] = [];
  const waits: ClusterFigures['waits'][number][] = [];
  for (const cluster of clusters) {
    const ofCluster = { kind: 'text', field: 'cluster', operator: 'is', values: [cluster] } as const;
    const counts = await nodeQuestions.counts([ofCluster], deadline);
    nodes.push(...counts.map((count) => ({ cluster, ...count })));
    const started: JobFilter = [
      ofCluster,
      { kind: 'whole', field: 'start-time', range: { from: BigInt(atSec - WAIT_SEC), to: BigInt(atSec) } },
    ];
    const found = await jobs.percentiles(
      { ...EVERY_JOB, conditions: started },
      { of: 'wait', percentiles: WAIT_PERCENTILES, nowSec: atSec, groupBy: ['partition'] },
      deadline,
    );
    waits.push(
      ...found.map(({ id, jobs: count, values }) => ({ cluster, partition: id, jobs: count, seconds: values })),
    );
  }
  const most = service.settings.METRICS_TOP;
  const topOf = async (owner: 'user' | 'project') =>
    most === 0 ? [] : await db.read(unendedByOwner(owner, most), deadline);
  return { unended, nodes, waits, top: { user: await topOf('user'), project: await topOf('project') } };
}
