import type { SubCluster } from './derive-cluster.ts';

/** Statistics of one metric over a whole job. */
export interface Statistic {
  avg: number;
  min: number;
  max: number;
}

/** The statistic of a metric that has none. */
export const NO_STATISTIC: Statistic = { avg: 0, min: 0, max: 0 };

/** Values computed from a job's statistics at its import. */
export interface Footprints {
  /** `<metric>_<stat>` -> value. 0 for a metric without statistics. */
  footprint: Record<string, number>;
  /** metric -> kWh. */
  energyFootprint: Record<string, number>;
  /** The sum of `energyFootprint` in kWh. */
  energy: number;
}

/** Rounds halves away from zero, as Go's math.Round does. Math.round rounds -2.5 to -2. */
export function round2(value: number): number {
  return (Math.sign(value) * Math.round(Math.abs(value) * 100)) / 100;
}

/**
 * Footprint and energy of a job (contract/archive.md §5). cc-backend's importer always uses the average. This function
 * uses the configured statistic, as cc-backend's archiver does. Energy of type `energy` is not defined there and counts
 * as 0.
 */
export function footprintsOf(
  subCluster: SubCluster,
  job: { numNodes: number; duration: number },
  statistics: Readonly<Record<string, Statistic>>,
): Footprints {
  const configOf = (name: string) => subCluster.metricConfig.find((metric) => metric.name === name);
  const statisticOf = (name: string): Statistic =>
    Object.hasOwn(statistics, name) ? (statistics[name] ?? NO_STATISTIC) : NO_STATISTIC;
  const footprint: Record<string, number> = {};
  for (const name of subCluster.footprint) {
    const stat = statOf(configOf(name)?.footprint);
    footprint[`${name}_${stat}`] = statisticOf(name)[stat];
  }
  const energyFootprint: Record<string, number> = {};
  let energy = 0;
  for (const name of subCluster.energyFootprint) {
    const isPower = configOf(name)?.energy === 'power';
    const kWh = isPower ? round2((statisticOf(name).avg * job.numNodes * (job.duration / 3600)) / 1000) : 0;
    energyFootprint[name] = kWh;
    energy += kWh;
  }
  return { footprint, energyFootprint, energy: round2(energy) };
}

function statOf(configured: string | undefined): keyof Statistic {
  return configured === 'min' || configured === 'max' ? configured : 'avg';
}
