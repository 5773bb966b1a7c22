/** A cluster.json with every kind of rule: overrides, a removed metric, footprints, energy, a prefix. */
export function smallCluster() {
  return {
    name: 'small',
    metricConfig: [
      {
        name: 'cpu_load',
        unit: { base: '' },
        timestep: 60,
        aggregation: 'avg',
        footprint: 'avg',
        peak: 72,
        normal: 72,
        caution: 36,
        alert: 20,
        subClusters: [{ name: 'big', peak: 104, footprint: 'max' }],
      },
      {
        name: 'mem_used',
        unit: { base: 'B', prefix: 'G' },
        scope: 'node',
        timestep: 60,
        aggregation: 'sum',
        footprint: 'max',
        peak: 256,
        normal: 128,
        caution: 200,
        alert: 240,
      },
      {
        name: 'cpu_power',
        unit: { base: 'W' },
        scope: 'socket',
        timestep: 60,
        aggregation: 'sum',
        energy: 'power',
        restrict: true,
        peak: 500,
        normal: 250,
        caution: 100,
        alert: 50,
        subClusters: [{ name: 'big', remove: true }],
      },
    ],
    subClusters: [
      { name: 'main', nodes: 'n[01-10]', topology: { node: [0, 1], socket: [[0, 1]], memoryDomain: [], core: [[0]] } },
      { name: 'big', nodes: 'big1', topology: { node: [0, 1] } },
    ],
  };
}
