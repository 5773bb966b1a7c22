/** Requests of cc-backend's pages as they send them, several fields at once, without a metric store (contract/frontend.md §1.4). */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dataOf } from '../support/graphql.ts';
import { job, NOW, type TestApp, testApp } from '../support/test-app.ts';

const SEEN = NOW - 600;

let service: TestApp;
beforeAll(async () => {
  const running = { jobState: 'running', duration: 0, startTime: NOW - 3_600 } as const;
  service = await testApp({
    sql: `INSERT INTO node (id, hostname, cluster, subcluster) VALUES (1, 'n01', 'small', 'main'), (2, 'n02', 'small', 'main');
      INSERT INTO node_state (time_stamp, jobs_running, cpus_allocated, memory_allocated, gpus_allocated, node_state, health_state, health_metrics, node_id) VALUES
        (${SEEN}, 1, 4, 0, 0, 'allocated', 'full', '', 1), (${SEEN}, 0, 0, 0, 0, 'idle', 'partial', '', 2);`,
    jobs: [
      job({ ...running, jobId: 11, user: 'ada' }),
      job({ ...running, jobId: 12, user: 'bob', subCluster: 'big', resources: [{ hostname: 'big1' }], numNodes: 1 }),
      job({ jobId: 13, user: 'ada', footprint: { cpu_load_avg: 36, mem_used_max: 64 } }),
    ],
  });
});
afterAll(() => service.close());

const FROM = new Date((NOW - 300) * 1_000).toISOString(); // with milliseconds
const TO = new Date(NOW * 1_000).toISOString();

test('status: measurements are empty, and everything else is answered', async () => {
  const query = `query ($cluster: String!, $metrics: [String!], $from: Time!, $to: Time!, $clusterFrom: Time!,
      $jobFilter: [JobFilter!]!, $nodeFilter: [NodeFilter!]!, $paging: PageRequest!, $sorting: OrderByInput!) {
    nodeMetrics(cluster: $cluster, metrics: $metrics, from: $from, to: $to) {
      host subCluster metrics { name metric { series { data } } }
    }
    clusterMetrics(cluster: $cluster, metrics: $metrics, from: $clusterFrom, to: $to) {
      nodeCount metrics { name unit { prefix base } timestep data }
    }
    jobs(filter: $jobFilter, order: $sorting, page: $paging) { items { jobId resources { hostname } } count }
    allocatedNodes(cluster: $cluster) { name count }
    nodeStates(filter: $nodeFilter) { state count }
    jobsStatistics(filter: $jobFilter, page: $paging, sortBy: TOTALJOBS, groupBy: SUBCLUSTER) {
      id totalJobs totalUsers totalCores totalAccs
    }
  }`;
  const variables = {
    cluster: 'small',
    metrics: ['flops_any', 'mem_bw'],
    from: FROM,
    to: TO,
    clusterFrom: FROM,
    jobFilter: [{ state: ['running'] }, { cluster: { eq: 'small' } }],
    nodeFilter: { cluster: { eq: 'small' } }, // one object, as they send it
    paging: { itemsPerPage: -1, page: 1 },
    sorting: { field: 'startTime', type: 'col', order: 'DESC' },
  };
  expect(await dataOf(service.ask(query, variables))).toEqual({
    nodeMetrics: [],
    clusterMetrics: { nodeCount: 0, metrics: [] },
    jobs: {
      items: [
        { jobId: 12, resources: [{ hostname: 'big1' }] },
        { jobId: 11, resources: [{ hostname: 'n01' }] },
      ],
      count: 2,
    },
    allocatedNodes: [
      { name: 'big', count: 1 },
      { name: 'main', count: 1 },
    ],
    nodeStates: [
      { state: 'allocated', count: 1 },
      { state: 'idle', count: 1 },
      { state: 'full', count: 1 },
      { state: 'partial', count: 1 },
    ],
    jobsStatistics: [
      { id: 'big', totalJobs: 1, totalUsers: 1, totalCores: 4, totalAccs: 0 },
      { id: 'main', totalJobs: 1, totalUsers: 1, totalCores: 4, totalAccs: 0 },
    ],
  });
});

test('nodes: a list without measurements, with the jobs of a node', async () => {
  const query = `query ($cluster: String!, $subCluster: String!, $nodeFilter: String!, $stateFilter: String!,
      $metrics: [String!], $scopes: [MetricScope!]!, $from: Time!, $to: Time!, $paging: PageRequest!,
      $selectedResolution: Int, $jobs: [JobFilter!]!) {
    nodeMetricsList(cluster: $cluster, subCluster: $subCluster, nodeFilter: $nodeFilter, stateFilter: $stateFilter,
        scopes: $scopes, metrics: $metrics, from: $from, to: $to, page: $paging, resolution: $selectedResolution) {
      items { host nodeState subCluster metrics { name scope metric { timestep } } }
      totalNodes hasNextPage
    }
    jobs(filter: $jobs) { count }
  }`;
  const variables = {
    cluster: 'small',
    subCluster: '',
    nodeFilter: '',
    stateFilter: 'all',
    metrics: ['cpu_load'],
    scopes: ['core', 'socket', 'accelerator'],
    from: FROM,
    to: TO,
    paging: { itemsPerPage: 10, page: 1 },
    selectedResolution: 0,
    jobs: [{ cluster: { eq: 'small' } }, { node: { contains: 'n01' } }, { state: ['running'] }],
  };
  expect(await dataOf(service.ask(query, variables))).toEqual({
    nodeMetricsList: { items: [], totalNodes: 0, hasNextPage: false },
    jobs: { count: 1 },
  });
});

test('analysis: totals, histograms and ranked users in one request, footprints of no metric', async () => {
  const query = `query ($jobFilters: [JobFilter!]!, $paging: PageRequest!, $withUsers: Boolean!) {
    stats: jobsStatistics(filter: $jobFilters) {
      totalJobs shortJobs totalWalltime totalNodeHours
      histNumNodes { count value }
    }
    topList: jobsStatistics(filter: $jobFilters, page: $paging, sortBy: TOTALNODEHOURS, groupBy: USER)
      @include(if: $withUsers) { id totalNodeHours }
    footprints: jobsFootprints(filter: $jobFilters, metrics: []) { timeWeights { nodeHours } metrics { metric } }
  }`;
  const variables = {
    jobFilters: [{ cluster: { eq: 'small' } }],
    paging: { itemsPerPage: 10, page: 1 },
    withUsers: true,
  };
  expect(await dataOf(service.ask(query, variables))).toMatchObject({
    stats: [{ totalJobs: 3, shortJobs: 2, totalNodeHours: 3, histNumNodes: [{ count: 3, value: 1 }] }],
    topList: [
      { id: 'ada', totalNodeHours: 2 },
      { id: 'bob', totalNodeHours: 1 },
    ],
    footprints: { metrics: [] },
  });
});
