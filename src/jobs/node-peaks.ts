import type { Clusters } from '../clusters/clusters.ts';

/** The largest possible values of metrics on one node of a subcluster, in the unit of the metric. */
export interface NodePeaks {
  readonly cluster: string;
  readonly subCluster: string;
  readonly memory?: number | undefined;
  readonly accelerators?: number | undefined;
  /** One MB (2^20 bytes) in the unit of the memory. Undefined if that is no unit of bytes. */
  readonly memoryOfMb?: number | undefined;
}

/** The metrics whose peaks are all that a job can use. */
export const PEAK_METRICS = { memory: 'mem_used', accelerators: 'acc_utilization' } as const;
export type Peak = keyof typeof PEAK_METRICS | 'memoryOfMb';

const MB = 2 ** 20;
const PREFIXES: Readonly<Record<string, number>> = { '': 1, K: 1e3, M: 1e6, G: 1e9, T: 1e12 };

const peaks = new WeakMap<Clusters, readonly NodePeaks[]>();

/** Returns the peaks of all subclusters. A metric without a peak is left out. */
export function nodePeaksOf(clusters: Clusters): readonly NodePeaks[] {
  const known =
    peaks.get(clusters) ??
    clusters.list.flatMap(({ name, subClusters }) =>
      subClusters.map(({ name: subCluster, metricConfig }) => {
        const peakOf = (metric: string) => {
          const peak = metricConfig.find((config) => config.name === metric)?.peak ?? 0;
          return peak > 0 ? peak : undefined;
        };
        const { memory, accelerators } = PEAK_METRICS;
        const unit = metricConfig.find((config) => config.name === memory)?.unit;
        const bytes = unit?.base === 'B' ? PREFIXES[unit.prefix] : undefined;
        return {
          cluster: name,
          subCluster,
          memory: peakOf(memory),
          accelerators: peakOf(accelerators),
          memoryOfMb: bytes === undefined ? undefined : MB / bytes,
        };
      }),
    );
  peaks.set(clusters, known);
  return known;
}
