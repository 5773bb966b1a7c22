import { RECENT } from '../../jobs/recent-periods.ts';

const PERIODS = new Intl.ListFormat('en-GB', { type: 'disjunction' }).format(RECENT.map(({ word }) => word));

/** Jobs and their statistics, as in the schema of cc-backend 1.5.4 (contract/introspection.json). */
export const JOBS = /* GraphQL */ `
type Job {
  id: ID!
  jobId: Int!
  user: String!
  project: String!
  cluster: String!
  subCluster: String!
  startTime: Time!
  "Seconds. Of a running job: until now."
  duration: Int!
  "Requested seconds."
  walltime: Int!
  numNodes: Int!
  numHWThreads: Int!
  numAcc: Int!
  "kWh"
  energy: Float!
  SMT: Int!
  shared: String!
  partition: String!
  arrayJobId: Int!
  monitoringStatus: Int!
  state: JobState!
  tags: [Tag!]!
  resources: [Resource!]!
  "Jobs that ran at the same time on the first host of a job that shares its nodes."
  concurrentJobs: JobLinkResultList
  footprint: [FootprintValue]
  energyFootprint: [EnergyFootprintValue]
  metaData: Any
  userData: User
}

type Tag {
  id: ID!
  type: String!
  name: String!
  scope: String!
}

type Resource {
  hostname: String!
  hwthreads: [Int!]
  accelerators: [String!]
  configuration: String
}

type JobLink {
  id: ID!
  jobId: Int!
}

type JobLinkResultList {
  listQuery: String
  items: [JobLink!]!
  count: Int
}

type FootprintValue {
  name: String!
  stat: String!
  value: Float!
}

type EnergyFootprintValue {
  hardware: String!
  metric: String!
  value: Float!
}

type User {
  username: String!
  name: String!
  email: String!
}

type JobResultList {
  items: [Job!]!
  offset: Int
  limit: Int
  count: Int
  hasNextPage: Boolean
}

type JobsStatistics {
  id: ID!
  name: String!
  totalUsers: Int!
  totalJobs: Int!
  runningJobs: Int!
  shortJobs: Int!
  totalWalltime: Int!
  totalNodes: Int!
  totalNodeHours: Int!
  totalCores: Int!
  totalCoreHours: Int!
  totalAccs: Int!
  totalAccHours: Int!
  histDuration: [HistoPoint!]!
  histNumNodes: [HistoPoint!]!
  histNumCores: [HistoPoint!]!
  histNumAccs: [HistoPoint!]!
  histMetrics: [MetricHistoPoints!]!
}

type HistoPoint {
  count: Int!
  value: Int!
}

type MetricHistoPoints {
  metric: String!
  unit: String!
  stat: String
  data: [MetricHistoPoint!]
}

type MetricHistoPoint {
  bin: Int
  count: Int!
  min: Int
  max: Int
}

enum Aggregate {
  USER
  PROJECT
  CLUSTER
  SUBCLUSTER
}

enum SortByAggregate {
  TOTALWALLTIME
  TOTALJOBS
  TOTALUSERS
  TOTALNODES
  TOTALNODEHOURS
  TOTALCORES
  TOTALCOREHOURS
  TOTALACCS
  TOTALACCHOURS
}

"All conditions of a filter must hold, and all filters of a list. null means no condition."
input JobFilter {
  tags: [ID!]
  dbId: [ID!]
  jobId: StringInput
  arrayJobId: Int
  user: StringInput
  project: StringInput
  jobName: StringInput
  cluster: StringInput
  subCluster: StringInput
  partition: StringInput
  duration: IntRange
  energy: FloatRange
  numNodes: IntRange
  numAccelerators: IntRange
  numHWThreads: IntRange
  startTime: TimeRange
  state: [JobState!]
  metricStats: [MetricStatItem!]
  shared: String
  schedule: String
  node: StringInput
}

input MetricStatItem {
  "A key of the footprint, such as flops_any_avg."
  metricName: String!
  range: FloatRange!
}

input OrderByInput {
  field: String!
  "col: a field of a job. foot: a key of the footprint."
  type: String!
  order: SortDirectionEnum! = ASC
}

enum SortDirectionEnum {
  DESC
  ASC
}

"Only the first one given counts: eq, neq, startsWith, endsWith, contains, in."
input StringInput {
  eq: String
  neq: String
  contains: String
  startsWith: String
  endsWith: String
  in: [String!]
}

"Both ends are inclusive. 0 means open."
input IntRange {
  from: Int!
  to: Int!
}

input FloatRange {
  from: Float!
  to: Float!
}

input TimeRange {
  "${PERIODS}."
  range: String
  from: Time
  to: Time
}

input PageRequest {
  "-1: all."
  itemsPerPage: Int!
  page: Int!
}

type IntRangeOutput {
  from: Int!
  to: Int!
}

type TimeRangeOutput {
  range: String
  from: Time!
  to: Time!
}
`;
