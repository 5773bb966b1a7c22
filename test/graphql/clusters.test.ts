/** The configured clusters by /query (contract/graphql.md §9). */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ClusterFileSchema } from '../../src/clusters/cluster-schema.ts';
import { Clusters } from '../../src/clusters/clusters.ts';
import { deriveCluster } from '../../src/clusters/derive-cluster.ts';
import { smallCluster } from '../support/small-cluster.ts';
import { bodyOf, type TestApp, testApp } from '../support/test-app.ts';

let service: TestApp;
beforeAll(async () => {
  const file = smallCluster();
  const restricted = {
    ...file,
    metricConfig: file.metricConfig.map((metric) => ({ ...metric, restrict: metric.name === 'mem_used' })),
  };
  const clusters = new Clusters([deriveCluster(ClusterFileSchema.parse(restricted))]);
  service = await testApp({ service: () => ({ clusters }), settings: { RESTRICTED_METRICS: 'show' } });
});
afterAll(() => service.close());

async function metricsFor(user: string, ...roles: string[]): Promise<string[]> {
  const answer = await service.ask(
    '{ globalMetrics { name unit { base prefix } availability { cluster subClusters } } }',
    null,
    user,
    ...roles,
  );
  const { data } = await bodyOf<{ data: { globalMetrics: { name: string }[] } }>(answer);
  return data.globalMetrics.map(({ name }) => name);
}

test('restricted metrics are in the list of those who may see them', async () => {
  const all = await metricsFor('root', 'admin');
  expect(all).toContain('mem_used');
  expect(await metricsFor('sue', 'support')).toEqual(all);
  for (const role of ['user', 'manager']) {
    expect(await metricsFor('ada', role)).toEqual(all.filter((name) => name !== 'mem_used'));
  }
});

test('a cluster has what its configuration says', async () => {
  const answer = await service.ask(
    '{ clusters { name subClusters { name nodes numberOfNodes socketsPerNode topology { node socket } metricConfig { name subClusters { name } } footprint } } }',
    null,
    'ada',
    'user',
  );
  const { data, errors } = await bodyOf<{
    data: { clusters: { name: string; subClusters: { numberOfNodes: number }[] }[] };
    errors?: unknown;
  }>(answer);
  expect(errors).toBeUndefined();
  expect(data.clusters.map(({ name }) => name)).toEqual(['small']);
  expect(data.clusters[0]?.subClusters[0]?.numberOfNodes).toBeGreaterThan(0);
});
