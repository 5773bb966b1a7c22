import type { FractionField } from '../../src/jobs/fields.ts';
import type { NodePeaks } from '../../src/jobs/node-peaks.ts';
import type { Row } from './random-jobs.ts';

/** Peaks of some of the clusters of random jobs. Names are as hostile as those of the jobs. */
export const NODE_PEAKS: readonly NodePeaks[] = [
  { cluster: 'a', subCluster: 'a', memory: 10, accelerators: 100, memoryOfMb: 0.001048576 },
  { cluster: 'a', subCluster: "'", memory: 0.3 },
  { cluster: "' OR 1=1 --", subCluster: '', accelerators: 7 },
  { cluster: '', subCluster: 'a', memoryOfMb: 1 },
];

/** A fraction by its definition in docs/api.md. Undefined if it is unknown. */
export function naiveFraction(
  row: Row,
  name: FractionField['name'],
  peaks: readonly NodePeaks[] = [],
): number | undefined {
  const footprint = row.footprint.meaning ?? {};
  const measured = (key: string) =>
    (footprint[key] ?? 0) >= 1e-9 && (footprint[key] ?? 0) <= 1e15 ? footprint[key] : undefined;
  const isAlone = row.shared === 'none';
  const peak = peaks.find(
    ({ cluster, subCluster }) =>
      row.cluster.equals(Buffer.from(cluster)) && row.subcluster.equals(Buffer.from(subCluster)),
  );
  const memory = measured('mem_used_max') ?? measured('mem_used_avg');
  const load = measured('cpu_load_avg');
  switch (name) {
    case 'walltime-used':
      if (['pending', 'running', 'suspended'].includes(row.state) || row.walltime <= 0n) return undefined;
      return Number(row.duration) / Number(row.walltime);
    case 'cores-used': {
      const [nodes, threads] = [Number(row['num-nodes']), Number(row['num-hwthreads'] ?? 0n)];
      if (!isAlone || load === undefined || nodes <= 0 || threads <= 0) return undefined;
      return (load * nodes) / threads;
    }
    case 'memory-used': {
      const asked = row.metadata.meaning?.memoryAsked;
      const ofNode =
        asked !== undefined && peak?.memoryOfMb !== undefined && row['num-nodes'] > 0n
          ? (Number(asked) * peak.memoryOfMb) / Number(row['num-nodes'])
          : peak?.memory;
      return isAlone && memory !== undefined && ofNode !== undefined ? memory / ofNode : undefined;
    }
    case 'acc-used': {
      if ((row['num-acc'] ?? 0n) <= 0n || peak?.accelerators === undefined) return undefined;
      const used = measured('acc_utilization_avg');
      if (used !== undefined) return used / peak.accelerators;
      return footprint['acc_utilization_avg'] === 0 && (load !== undefined || memory !== undefined) ? 0 : undefined;
    }
  }
}
