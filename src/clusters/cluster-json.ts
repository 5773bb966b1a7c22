import type { MetricConfig, MetricOverride, Unit } from './cluster-schema.ts';
import type { Cluster, SubCluster, SubClusterMetric } from './derive-cluster.ts';

/** A cluster as in GET /api/clusters/ (contract/rest.md §8). Zero values are included unless it says otherwise. */
export function clusterJson(cluster: Cluster) {
  return {
    name: cluster.name,
    metricConfig: cluster.metricConfig.map(metricJson),
    subClusters: cluster.subClusters.map(subClusterJson),
  };
}

/** An empty prefix is left out. */
export function unitJson({ base, prefix }: Unit) {
  return prefix === '' ? { base } : { base, prefix };
}

function metricJson(metric: MetricConfig | SubClusterMetric) {
  const overrides = 'subClusters' in metric ? metric.subClusters : [];
  return {
    unit: unitJson(metric.unit),
    energy: metric.energy,
    name: metric.name,
    scope: metric.scope,
    aggregation: metric.aggregation,
    ...(metric.footprint === '' ? {} : { footprint: metric.footprint }),
    ...(overrides.length === 0 ? {} : { subClusters: overrides.map(overrideJson) }),
    peak: metric.peak,
    caution: metric.caution,
    alert: metric.alert,
    timestep: metric.timestep,
    normal: metric.normal,
    restrict: metric.restrict,
    lowerIsBetter: metric.lowerIsBetter,
  };
}

function overrideJson(override: MetricOverride) {
  return {
    name: override.name,
    unit: unitJson(override.unit),
    ...(override.footprint === '' ? {} : { footprint: override.footprint }),
    energy: override.energy,
    peak: override.peak,
    normal: override.normal,
    caution: override.caution,
    alert: override.alert,
    lowerIsBetter: override.lowerIsBetter,
    restrict: override.restrict,
    remove: override.remove,
  };
}

function subClusterJson(subCluster: SubCluster) {
  const { topology, metricConfig, footprint, energyFootprint } = subCluster;
  return {
    name: subCluster.name,
    nodes: subCluster.nodes,
    processorType: subCluster.processorType,
    topology: {
      node: topology.node,
      socket: topology.socket,
      memoryDomain: topology.memoryDomain,
      ...(topology.die === null || topology.die.length === 0 ? {} : { die: topology.die }),
      core: topology.core,
      ...(topology.accelerators.length === 0 ? {} : { accelerators: topology.accelerators }),
    },
    flopRateScalar: quantityJson(subCluster.flopRateScalar),
    flopRateSimd: quantityJson(subCluster.flopRateSimd),
    memoryBandwidth: quantityJson(subCluster.memoryBandwidth),
    ...(metricConfig.length === 0 ? {} : { metricConfig: metricConfig.map(metricJson) }),
    ...(footprint.length === 0 ? {} : { footprint }),
    ...(energyFootprint.length === 0 ? {} : { energyFootprint }),
    socketsPerNode: subCluster.socketsPerNode,
    coresPerSocket: subCluster.coresPerSocket,
    threadsPerCore: subCluster.threadsPerCore,
  };
}

function quantityJson({ unit, value }: { unit: Unit; value: number }) {
  return { unit: unitJson(unit), value };
}
