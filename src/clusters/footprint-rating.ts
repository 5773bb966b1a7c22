import type { SubCluster, SubClusterMetric } from './derive-cluster.ts';

/** The rating of a footprint value by the thresholds of its subcluster. */
export type Verdict = 'normal' | 'caution' | 'alert' | 'unknown';

export interface Thresholds {
  peak: number;
  normal: number;
  caution: number;
  alert: number;
  lowerIsBetter: boolean;
}

/** The properties of a job's use of its nodes that determine its thresholds. */
interface Shape {
  shared: string;
  numHwthreads: number;
  numNodes: number;
}

/**
 * The thresholds of a metric for one job. They are those of a node. For a job on shared nodes they are scaled to its
 * part of the node if the metric is a sum over the node. Undefined for a metric without a peak.
 */
export function thresholdsFor(
  metric: SubClusterMetric,
  { topology }: SubCluster,
  { shared, numHwthreads, numNodes }: Shape,
): Thresholds | undefined {
  const { peak, normal, caution, alert, lowerIsBetter } = metric;
  if (!(peak > 0)) return undefined;
  const threads = topology.node?.length ?? 0;
  const isPart = shared !== 'none' && metric.aggregation === 'sum' && threads > 0 && numNodes > 0 && numHwthreads > 0;
  const part = isPart ? Math.min(1, numHwthreads / numNodes / threads) : 1;
  return { peak: peak * part, normal: normal * part, caution: caution * part, alert: alert * part, lowerIsBetter };
}

/** Rates a value as ClusterCockpit's own pages do. */
export function verdictOn(value: number, { peak, caution, alert, lowerIsBetter }: Thresholds): Verdict {
  if (value < 0 || value > peak) return 'unknown';
  if (lowerIsBetter) return value >= alert ? 'alert' : value >= caution ? 'caution' : 'normal';
  return value <= alert ? 'alert' : value <= caution ? 'caution' : 'normal';
}
