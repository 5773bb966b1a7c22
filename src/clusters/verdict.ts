import type { SubCluster, SubClusterMetric } from './derive.ts';

/** What a value of a job's footprint means by the thresholds of its subcluster. */
export type Verdict = 'normal' | 'caution' | 'alert' | 'unknown';

export interface Thresholds {
  peak: number;
  normal: number;
  caution: number;
  alert: number;
  lowerIsBetter: boolean;
}

/** What of a job's node decides over its thresholds. */
interface Shape {
  shared: string;
  numHwthreads: number;
  numNodes: number;
}

/**
 * The thresholds of a metric for one job: those of a node, or of the part of it that a job on shared nodes has, where the metric is a
 * sum over the node. Undefined for a metric without a peak.
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

/** As ClusterCockpit's own pages judge. */
export function verdictOn(value: number, { peak, caution, alert, lowerIsBetter }: Thresholds): Verdict {
  if (value < 0 || value > peak) return 'unknown';
  if (lowerIsBetter) return value >= alert ? 'alert' : value >= caution ? 'caution' : 'normal';
  return value <= alert ? 'alert' : value <= caution ? 'caution' : 'normal';
}
