/** What the pages of cc-backend's front end ask of POST /query, with the names and fields that they send. */

export interface PageRequest {
  readonly query: string;
  readonly variables?: Readonly<Record<string, unknown>>;
}

const UNIT = 'unit { base prefix }';
const CLUSTERS = `clusters {
    name partitions
    subClusters {
      name nodes numberOfNodes processorType socketsPerNode coresPerSocket threadsPerCore
      flopRateScalar { ${UNIT} value } flopRateSimd { ${UNIT} value } memoryBandwidth { ${UNIT} value }
      topology { node socket memoryDomain core accelerators { id } }
      metricConfig { name ${UNIT} scope aggregation timestep peak normal caution alert lowerIsBetter }
      footprint
    }
  }
  tags { id name type scope }
  globalMetrics { name scope footprint ${UNIT} availability { cluster subClusters } }`;

/** The first request of every page. */
export const INIT: PageRequest = { query: `query { ${CLUSTERS} }` };

const LIST = `query ($filter: [JobFilter!]!, $sorting: OrderByInput!, $paging: PageRequest!) {
  jobs(filter: $filter, order: $sorting, page: $paging) {
    items {
      id jobId user project cluster subCluster startTime duration numNodes numHWThreads numAcc walltime
      resources { hostname } SMT shared partition arrayJobId monitoringStatus state
      tags { id type name scope } userData { name } metaData footprint { name stat value }
    }
    count hasNextPage
  }
}`;

/** A page of the list of jobs. */
export function jobList(itemsPerPage: number, filter: readonly object[] = []): PageRequest {
  return {
    query: LIST,
    variables: {
      filter,
      sorting: { field: 'startTime', type: 'col', order: 'DESC' },
      paging: { itemsPerPage, page: 1 },
    },
  };
}

const METRICS_OF_JOB = `query ($dbid: ID!, $selectedMetrics: [String!]!, $selectedScopes: [MetricScope!]!, $selectedResolution: Int) {
  jobMetrics(id: $dbid, metrics: $selectedMetrics, scopes: $selectedScopes, resolution: $selectedResolution) {
    name scope
    metric {
      ${UNIT} timestep
      statisticsSeries { mean median min max }
      series { hostname id data statistics { min avg max } }
    }
  }
}`;
const STATISTICS_OF_JOB = `query ($dbid: ID!, $selectedMetrics: [String!]!, $selectedScopes: [MetricScope!]!) {
  scopedJobStats(id: $dbid, metrics: $selectedMetrics, scopes: $selectedScopes) {
    name scope stats { hostname id data { min avg max } }
  }
}`;

/** The ten requests of the page of a job. Its first document has the id in its text, so it is another one for each job. */
export function jobPage(id: number, metrics: readonly string[]): PageRequest[] {
  const job = `job(id: "${id}") {
    id jobId user project cluster subCluster startTime duration numNodes numHWThreads numAcc walltime SMT shared
    partition arrayJobId monitoringStatus state energy tags { id type name scope }
    resources { hostname hwthreads accelerators } metaData concurrentJobs { items { id jobId } count listQuery }
    energyFootprint { hardware metric value } footprint { name stat value } userData { name email }
  }`;
  const scopes = ['node', 'core'];
  const selected = { dbid: String(id), selectedScopes: scopes };
  return [
    { query: `query { ${job} ${CLUSTERS} }` },
    ...metrics.map((metric) => ({
      query: METRICS_OF_JOB,
      variables: { ...selected, selectedMetrics: [metric], selectedResolution: 0 },
    })),
    { query: STATISTICS_OF_JOB, variables: { ...selected, selectedMetrics: metrics } },
    {
      query: STATISTICS_OF_JOB.replace('data { min avg max }', ''),
      variables: { ...selected, selectedMetrics: metrics },
    },
    {
      query:
        'query ($dbid: ID!, $selectedMetrics: [String!]!) { jobStats(id: $dbid, metrics: $selectedMetrics) { name data { min max avg } } }',
      variables: { dbid: String(id), selectedMetrics: metrics },
    },
  ];
}

/** A question of the Analysis and Status pages, and the routes that answer the same. */
export interface Twin {
  readonly name: string;
  readonly request: PageRequest;
  readonly paths: readonly string[];
}

const TOTALS = 'totalJobs totalUsers totalWalltime totalNodeHours totalCoreHours totalAccHours runningJobs shortJobs';
const CLUSTER = 'fern';
const OF_CLUSTER = { filter: [{ cluster: { eq: CLUSTER } }] };
const RUNNING = { filter: [{ cluster: { eq: CLUSTER } }, { state: ['running'] }] };
const STATISTICS = '/api/statistics/jobs';
const HISTOGRAMS = '/api/statistics/histograms';

function statistics(variables: PageRequest['variables'], ...fields: string[]): PageRequest {
  return { query: `query ($filter: [JobFilter!]!) { ${fields.join('\n')} }`, ...(variables && { variables }) };
}

/** Ranked groups, as in the pie charts of both pages. */
function ranked(filter: PageRequest['variables'], where: string, group: 'USER' | 'PROJECT'): Twin {
  const name = `ten ${group.toLowerCase()}s${where.includes('running') ? ', running' : ''}`;
  return {
    name,
    request: statistics(
      filter,
      `topList: jobsStatistics(filter: $filter, page: {page: 1, itemsPerPage: 10}, sortBy: TOTALCOREHOURS, groupBy: ${group}) {
        id name totalCoreHours totalNodeHours totalJobs
      }`,
    ),
    paths: [`${STATISTICS}?${where}&group-by=${group.toLowerCase()}&sort-by=totalCoreHours&page=1&items-per-page=10`],
  };
}

export const TWINS: readonly Twin[] = [
  {
    name: 'analysis: totals and two histograms',
    request: statistics(
      OF_CLUSTER,
      `stats: jobsStatistics(filter: $filter, numDurationBins: "1h") {
        ${TOTALS} histDuration { count value } histNumCores { count value }
      }`,
    ),
    paths: [`${STATISTICS}?cluster=${CLUSTER}`, `${HISTOGRAMS}?cluster=${CLUSTER}&bins=1h`],
  },
  {
    name: 'analysis: two metric histograms',
    request: statistics(
      OF_CLUSTER,
      `jobsStatistics(filter: $filter, metrics: ["flops_any", "mem_bw"], numMetricBins: 10) {
        histMetrics { metric unit stat data { min max count bin } }
      }`,
    ),
    paths: [`${HISTOGRAMS}?cluster=${CLUSTER}&metric=flops_any&metric=mem_bw&metric-bins=10`],
  },
  ranked(OF_CLUSTER, `cluster=${CLUSTER}`, 'USER'),
  ranked(OF_CLUSTER, `cluster=${CLUSTER}`, 'PROJECT'),
  ranked(RUNNING, `cluster=${CLUSTER}&state=running`, 'USER'),
  {
    name: 'status: users and projects at once',
    request: statistics(
      RUNNING,
      'users: jobsStatistics(filter: $filter, groupBy: USER) { id totalJobs totalCores totalAccs }',
      'projects: jobsStatistics(filter: $filter, groupBy: PROJECT) { id totalJobs totalCores totalAccs }',
    ),
    paths: ['user', 'project'].map((group) => `${STATISTICS}?cluster=${CLUSTER}&state=running&group-by=${group}`),
  },
  {
    name: 'status: by cluster',
    request: statistics(
      { filter: [] },
      `jobsStatistics(filter: $filter, page: {page: 1, itemsPerPage: -1}, sortBy: TOTALJOBS, groupBy: CLUSTER) {
        id totalJobs totalUsers totalCores totalAccs
      }`,
    ),
    paths: [`${STATISTICS}?group-by=cluster&sort-by=totalJobs`],
  },
  {
    name: 'status: histograms of durations and nodes',
    request: statistics(
      RUNNING,
      `jobsStatistics(filter: $filter, numDurationBins: "1h") {
        histDuration { count value } histNumNodes { count value } histNumAccs { count value }
      }`,
    ),
    paths: [`${HISTOGRAMS}?cluster=${CLUSTER}&state=running&bins=1h`],
  },
];
