import { describe, expect, test } from 'vitest';
import { clusterJson } from '../../src/clusters/cluster-json.ts';
import { ClusterFileSchema } from '../../src/clusters/cluster-schema.ts';
import { Clusters } from '../../src/clusters/clusters.ts';
import { deriveCluster } from '../../src/clusters/derive-cluster.ts';
import { footprintsOf, round2 } from '../../src/clusters/footprint.ts';
import { globalMetrics, histogramMetric } from '../../src/clusters/metrics.ts';
import { smallCluster } from '../support/small-cluster.ts';

const derive = (changes: object = {}) => deriveCluster(ClusterFileSchema.parse({ ...smallCluster(), ...changes }));

describe('a cluster', () => {
  test('gives each subcluster its own metrics: overridden wholly, or removed', () => {
    const [main, big] = derive().subClusters;
    expect(main?.metricConfig.map(({ name, peak }) => [name, peak])).toEqual([
      ['cpu_load', 72],
      ['mem_used', 256],
      ['cpu_power', 500],
    ]);
    // The override of cpu_load sets only peak and footprint: normal, caution and alert become 0 and are not inherited.
    expect(big?.metricConfig[0]).toMatchObject({ peak: 104, footprint: 'max', normal: 0, caution: 0, alert: 0 });
    expect(big?.metricConfig.map(({ name }) => name)).toEqual(['cpu_load', 'mem_used']);
  });

  test('lists the metrics of footprint and energy', () => {
    const [main, big] = derive().subClusters;
    expect([main?.footprint, main?.energyFootprint]).toEqual([['cpu_load', 'mem_used'], ['cpu_power']]);
    expect([big?.footprint, big?.energyFootprint]).toEqual([['cpu_load', 'mem_used'], []]);
  });

  test('answers with the fields of the contract, zero values in, empty lists out', () => {
    const json = clusterJson(derive());
    expect(Object.keys(json.metricConfig[0] ?? {}).sort()).toEqual(
      'aggregation alert caution energy footprint lowerIsBetter name normal peak restrict scope subClusters timestep unit'.split(
        ' ',
      ),
    );
    expect(json.metricConfig[0]?.subClusters?.[0]).toEqual({
      name: 'big',
      unit: { base: '' },
      footprint: 'max',
      energy: '',
      peak: 104,
      normal: 0,
      caution: 0,
      alert: 0,
      lowerIsBetter: false,
      restrict: false,
      remove: false,
    });
    expect(json.metricConfig[2]).not.toHaveProperty('footprint');
    expect(json.subClusters[1]).not.toHaveProperty('energyFootprint');
    expect(json.subClusters[1]?.topology).toEqual({ node: [0, 1], socket: null, memoryDomain: null, core: null });
    expect(json.metricConfig[1]?.unit).toEqual({ base: 'B', prefix: 'G' });
  });

  test.each([
    [{ name: '' }, 'name'],
    [{ metricConfig: [] }, 'metricConfig'],
    [{ subClusters: [] }, 'subClusters'],
    [{ metricConfig: [{ name: 'x', timestep: 0 }] }, 'timestep'],
    [{ metricConfig: [{ name: 'x', timestep: 1, scope: 'rack' }] }, 'scope'],
  ])('is refused with %j', (changes, where) => {
    const parsed = ClusterFileSchema.safeParse({ ...smallCluster(), ...changes });
    expect(parsed.error?.issues[0]?.path).toContain(where);
  });

  test('with a bad node list is refused, naming the subcluster', () => {
    expect(() => derive({ subClusters: [{ name: 'main', nodes: 'n[1-10]' }] })).toThrow(/subcluster 'main'/);
  });

  test('finds the subcluster of a host, the first one if it is *', () => {
    const clusters = new Clusters([derive()]);
    expect(clusters.subClusterOf('small', 'n02')).toBe('main');
    expect(clusters.subClusterOf('small', 'big1')).toBe('big');
    expect(clusters.subClusterOf('small', 'other')).toBeUndefined();
    expect(clusters.subClusterOf('unknown', 'n02')).toBeUndefined();
    const star = new Clusters([derive({ subClusters: [{ name: 'all', nodes: '*' }] })]);
    expect(star.subClusterOf('small', 'other')).toBe('all');
  });
});

describe('metrics over clusters', () => {
  const second = derive({
    name: 'second',
    metricConfig: [
      { name: 'cpu_load', timestep: 30, peak: 128, footprint: 'avg' },
      { name: 'ipc', timestep: 60, peak: 4 },
    ],
  });
  const clusters = new Clusters([derive(), second]);

  test('take the largest peak of the clusters asked for', () => {
    expect(histogramMetric(clusters, 'cpu_load', ['small'])).toEqual({
      metric: 'cpu_load',
      unit: '',
      stat: 'avg',
      peak: 72,
    });
    expect(histogramMetric(clusters, 'cpu_load', ['small', 'second']).peak).toBe(128);
    expect(histogramMetric(clusters, 'cpu_load', null).peak).toBe(128);
    expect(histogramMetric(clusters, 'mem_used', null)).toMatchObject({ unit: 'GB', stat: 'max', peak: 256 });
  });

  test('fall back to all clusters, and to nothing', () => {
    expect(histogramMetric(clusters, 'mem_used', ['second']).peak).toBe(256);
    expect(histogramMetric(clusters, 'ipc', null)).toMatchObject({ stat: '', peak: 4 });
    expect(histogramMetric(clusters, 'nothing', null)).toEqual({ metric: 'nothing', unit: '', stat: '', peak: 0 });
  });

  test('are listed once, with where they are available', () => {
    const cpuPower = globalMetrics(clusters).find(({ name }) => name === 'cpu_power');
    expect(cpuPower?.availability).toEqual([{ cluster: 'small', subClusters: ['main'], unrestricted: [] }]);
    expect(globalMetrics(clusters).map(({ name }) => name)).toEqual(['cpu_load', 'mem_used', 'cpu_power', 'ipc']);
  });
});

describe('the footprint of an imported job', () => {
  test('takes the configured stat, and energy from power', () => {
    const [main] = derive().subClusters;
    const statistics = {
      cpu_load: { avg: 36.5, min: 0, max: 72 },
      mem_used: { avg: 10, min: 1, max: 20 },
      cpu_power: { avg: 250, min: 0, max: 400 },
    };
    // 250 W * 4 nodes * 1.5 h = 1.5 kWh
    expect(main && footprintsOf(main, { numNodes: 4, duration: 5400 }, statistics)).toEqual({
      footprint: { cpu_load_avg: 36.5, mem_used_max: 20 },
      energyFootprint: { cpu_power: 1.5 },
      energy: 1.5,
    });
    expect(main && footprintsOf(main, { numNodes: 1, duration: 1 }, {}).footprint).toEqual({
      cpu_load_avg: 0,
      mem_used_max: 0,
    });
  });

  test('rounds halves away from zero', () => {
    expect([0.125, -0.125, 2.675, 1.1].map(round2)).toEqual([0.13, -0.13, 2.68, 1.1]);
  });
});
