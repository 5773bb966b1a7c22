/**
 * Who gets what from each field of Query and Mutation (contract/graphql.md §2 and §8). A field that is new needs an
 * entry here.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ClusterFileSchema } from '../../src/clusters/cluster-schema.ts';
import { Clusters } from '../../src/clusters/clusters.ts';
import { deriveCluster } from '../../src/clusters/derive-cluster.ts';
import { makeSchema } from '../../src/graphql/schema.ts';
import { writeFiles } from '../support/archive.ts';
import { dataOf, errorsOf } from '../support/graphql.ts';
import { smallCluster } from '../support/small-cluster.ts';
import { job, NOW, type TestApp, testApp } from '../support/test-app.ts';

interface Caller {
  name: string;
  roles: string[];
  projects: string[];
  /** The ids of the jobs that the caller sees; none: asking for jobs is an error. */
  jobs: number[];
  /** The scopes of tags, besides the caller's own. */
  readsTags: string[];
  writesTags: string[];
  deletesTags: string[];
  seesNodes: boolean;
  readsAccounts: boolean;
  seesRestricted: boolean;
}

const NOTHING = {
  projects: [],
  jobs: [],
  readsTags: ['global'],
  writesTags: [],
  deletesTags: [],
  seesNodes: false,
  readsAccounts: false,
  seesRestricted: false,
};
const CALLERS: Caller[] = [
  { ...NOTHING, name: 'guest', roles: ['guest'] },
  {
    ...{ ...NOTHING, name: 'robot', roles: ['api'], jobs: [1, 2, 3, 4, 5], seesRestricted: true },
    ...{ writesTags: ['admin', 'global'], deletesTags: ['admin', 'global'] }, // as by REST
  },
  { ...NOTHING, name: 'ada', roles: ['user'], projects: ['p1'], jobs: [1] },
  { ...NOTHING, name: 'max', roles: ['manager', 'user'], projects: ['p1'], jobs: [1, 2, 4], readsAccounts: true },
  { ...NOTHING, name: 'mona', roles: ['manager'], jobs: [5], readsAccounts: true },
  {
    ...{ ...NOTHING, name: 'sue', roles: ['support'], jobs: [1, 2, 3, 4, 5], seesNodes: true, readsAccounts: true },
    ...{ seesRestricted: true, readsTags: ['admin', 'global'], writesTags: ['global'] },
  },
  {
    ...{ name: 'root', roles: ['admin', 'api'], projects: [], jobs: [1, 2, 3, 4, 5], seesNodes: true },
    ...{ readsAccounts: true, seesRestricted: true, readsTags: ['admin', 'global'] },
    ...{ writesTags: ['admin', 'global'], deletesTags: ['admin', 'global'] },
  },
];

/** Users and projects of the jobs 1 to 5. */
const OWNERS = [
  ['ada', 'p1'],
  ['bob', 'p1'],
  ['eve', 'p2'],
  ['max', 'p3'],
  ['mona', 'p3'],
] as const;
const IDS = OWNERS.map((_, at) => at + 1);

let service: TestApp;
beforeAll(async () => {
  const accounts = CALLERS.map(
    ({ name, roles, projects }) => `('${name}', '', 0, '${JSON.stringify(roles)}', '${JSON.stringify(projects)}')`,
  );
  service = await testApp({
    settings: { JWT_VALIDATE_USER: 'on' },
    jobs: OWNERS.map(([user, project], at) =>
      job({ jobId: at + 1, user, project, startTime: NOW - 7_200, monitoringStatus: 3 }),
    ),
    sql: `INSERT INTO hpc_user (username, password, ldap, roles, projects) VALUES ${accounts.join()};
      INSERT INTO node (id, hostname, cluster, subcluster) VALUES (1, 'n01', 'small', 'main');
      INSERT INTO node_state (time_stamp, node_state, health_state, node_id) VALUES (100, 'idle', 'full', 1);`,
    fill: async ({ archiveRoot }) => {
      for (const id of IDS) await writeFiles(archiveRoot, archivedFiles(id));
    },
    service: () => ({ clusters }),
  });
});
afterAll(() => service.close());

const small = smallCluster();
const roofline = ['flops_any', 'mem_bw'].map((name) => ({ ...small.metricConfig[1], name, footprint: 'avg' }));
const clusters = new Clusters([
  deriveCluster(ClusterFileSchema.parse({ ...small, metricConfig: [...small.metricConfig, ...roofline] })),
]);

/** Each job has a cell of its own in the heat map, and its id as the average of mem_used. */
function archivedFiles(id: number) {
  const folder = `small/0/00${id}/${NOW - 7_200}`;
  const statistics = (value: number) => ({ unit: { base: 'B' }, avg: value, min: value, max: value });
  const samples = (value: number) => ({
    node: {
      unit: { base: 'B' },
      timestep: 60,
      series: [{ hostname: 'n01', statistics: { min: value, avg: value, max: value }, data: [value] }],
    },
  });
  return {
    [`${folder}/meta.json`]: { statistics: { mem_used: statistics(id) } },
    [`${folder}/data.json`]: { flops_any: samples(10 ** (id + 0.5)), mem_bw: samples(1), mem_used: samples(id) },
  };
}

/** The data as this caller gets it. Undefined if the caller may not have it. */
async function ask<Data>({ name, roles }: Caller, query: string, variables: object = {}): Promise<Data | undefined> {
  const answer = await service.ask(query, variables, name, ...roles);
  const [first] = await errorsOf(answer.clone());
  if (first === undefined) return await dataOf<Data>(answer);
  expect(['forbidden', 'not_found'], `${query}: ${first}`).toContain(first[1]);
  return undefined;
}

interface Field {
  /** What the caller gets. */
  got: (caller: Caller) => Promise<unknown>;
  expected: (caller: Caller) => unknown;
}

/** A list of jobs, or an answer that tells which jobs it is about. */
function jobs<Data>(query: string, idsIn: (data: Data) => number[]): Field {
  return {
    async got(caller) {
      const data = await ask<Data>(caller, query);
      return data === undefined ? 'refused' : idsIn(data).toSorted();
    },
    expected: (caller) => (caller.jobs.length === 0 ? 'refused' : caller.jobs),
  };
}

/** The members of a list for which the caller gets an answer. */
function those<Item>(
  items: readonly Item[] | ((caller: Caller) => readonly Item[]),
  query: string,
  variables: (item: Item, caller: Caller) => Promise<object> | object,
  expected: (caller: Caller) => readonly Item[],
): Field {
  return {
    async got(caller) {
      const found: Item[] = [];
      for (const item of typeof items === 'function' ? items(caller) : items) {
        if ((await ask(caller, query, await variables(item, caller))) !== undefined) found.push(item);
      }
      return found;
    },
    expected,
  };
}

const eachJob = (query: string, variables: (id: number, caller: Caller) => Promise<object> | object) =>
  those(IDS, query, variables, (caller) => caller.jobs);
const eachScope = (query: string, variables: (scope: string) => Promise<object> | object, of: keyof Caller) =>
  those(
    ({ name }) => ['admin', 'bob', 'global', name],
    query,
    variables,
    (caller) => [...(caller[of] as string[]), caller.name],
  );
const whether = (query: string, expected: (caller: Caller) => boolean): Field => ({
  got: async (caller) => (await ask(caller, query)) !== undefined,
  expected,
});
const everyone = (query: string) => whether(query, () => true);
const nodes = (query: string) => whether(query, ({ seesNodes }) => seesNodes);

let tagCount = 100;
/** Adds a tag that nobody has used. */
async function newTag(scope: string): Promise<number> {
  tagCount += 1;
  await service.write(
    `INSERT INTO tag (id, tag_type, tag_name, tag_scope) VALUES (${tagCount}, 'new', '${tagCount}', '${scope}')`,
  );
  return tagCount;
}

const SPAN = 'from: "2026-01-01T00:00:00Z", to: "2026-01-02T00:00:00Z"';

const QUERIES: Record<string, Field> = {
  jobs: jobs<{ jobs: { items: { id: number }[] } }>('{ jobs { items { id } } }', (data) =>
    data.jobs.items.map(({ id }) => id),
  ),
  jobsStatistics: jobs<{ jobsStatistics: { id: string }[] }>('{ jobsStatistics(groupBy: USER) { id } }', (data) =>
    data.jobsStatistics.map(({ id }) => OWNERS.findIndex(([user]) => user === id) + 1),
  ),
  jobsMetricStats: jobs<{ jobsMetricStats: { id: number }[] }>('{ jobsMetricStats { id } }', (data) =>
    data.jobsMetricStats.map(({ id }) => id),
  ),
  jobsFootprints: jobs<{ jobsFootprints: { metrics: { data: number[] }[] } }>(
    '{ jobsFootprints(metrics: ["mem_used"]) { metrics { data } } }',
    (data) => data.jobsFootprints.metrics.flatMap((metric) => metric.data),
  ),
  rooflineHeatmap: jobs<{ rooflineHeatmap: number[][] }>(
    '{ rooflineHeatmap(filter: [], rows: 6, cols: 6, minX: 1, minY: 1, maxX: 1000000, maxY: 1000000) }',
    (data) => IDS.filter((id) => (data.rooflineHeatmap[id]?.[id] ?? 0) > 0),
  ),
  job: eachJob('query ($id: ID!) { job(id: $id) { id } }', (id) => ({ id })),
  jobMetrics: eachJob('query ($id: ID!) { jobMetrics(id: $id) { name } }', (id) => ({ id })),
  jobStats: eachJob('query ($id: ID!) { jobStats(id: $id, metrics: ["mem_used"]) { name } }', (id) => ({ id })),
  scopedJobStats: eachJob('query ($id: ID!) { scopedJobStats(id: $id) { name } }', (id) => ({ id })),

  nodes: nodes('{ nodes { count } }'),
  nodesWithMeta: nodes('{ nodesWithMeta { count } }'),
  node: nodes('{ node(id: 1) { hostname } }'),
  nodeStates: nodes('{ nodeStates { state } }'),
  nodeStatesTimed: nodes('{ nodeStatesTimed(type: "node") { state } }'),
  nodeMetrics: nodes(`{ nodeMetrics(cluster: "small", ${SPAN}) { host } }`),
  nodeMetricsList: nodes(
    `{ nodeMetricsList(cluster: "small", subCluster: "", stateFilter: "all", nodeFilter: "", ${SPAN}) { count } }`,
  ),
  clusterMetrics: nodes(`{ clusterMetrics(cluster: "small", ${SPAN}) { nodeCount } }`),
  allocatedNodes: everyone('{ allocatedNodes(cluster: "small") { count } }'),
  clusters: everyone('{ clusters { name partitions } }'),

  globalMetrics: {
    async got(caller) {
      const data = await ask<{ globalMetrics: { name: string }[] }>(caller, '{ globalMetrics { name } }');
      return data?.globalMetrics.some(({ name }) => name === 'cpu_power');
    },
    expected: ({ seesRestricted }) => seesRestricted,
  },
  tags: {
    async got(caller) {
      for (const scope of ['admin', 'bob', 'global', caller.name]) await newTag(scope);
      const data = await ask<{ tags: { scope: string }[] }>(caller, '{ tags { scope } }');
      return new Set(data?.tags.map(({ scope }) => scope));
    },
    expected: ({ readsTags, name }) => new Set([...readsTags, name]),
  },
  user: those(
    ({ name }) => ['nobody', name],
    'query ($username: String!) { user(username: $username) { name } }',
    (username) => ({ username }),
    ({ readsAccounts, name }) => (readsAccounts ? ['nobody', name] : [name]),
  ),
};

const MUTATIONS: Record<string, Field> = {
  createTag: eachScope(
    'mutation ($name: String!, $scope: String!) { createTag(type: "t", name: $name, scope: $scope) { id } }',
    (scope) => {
      tagCount += 1;
      return { name: String(tagCount), scope };
    },
    'writesTags',
  ),
  deleteTag: eachScope(
    'mutation ($id: ID!) { deleteTag(id: $id) }',
    async (scope) => ({ id: await newTag(scope) }),
    'deletesTags',
  ),
  removeTagFromList: eachScope(
    'mutation ($id: ID!) { removeTagFromList(tagIds: [$id]) }',
    async (scope) => ({ id: await newTag(scope) }),
    'deletesTags',
  ),
  addTagsToJob: eachJob(
    'mutation ($job: ID!, $tag: ID!) { addTagsToJob(job: $job, tagIds: [$tag]) { id } }',
    async (id, { name }) => ({ job: id, tag: await newTag(name) }),
  ),
  removeTagsFromJob: eachJob(
    'mutation ($job: ID!, $tag: ID!) { removeTagsFromJob(job: $job, tagIds: [$tag]) { id } }',
    async (id, { name }) => ({ job: id, tag: await newTag(name) }),
  ),
  updateConfiguration: everyone('mutation { updateConfiguration(name: "a", value: "1") }'),
};

test('every field has an entry', () => {
  const schema = makeSchema();
  expect(Object.keys(QUERIES).sort()).toEqual(Object.keys(schema.getQueryType()?.getFields() ?? {}).sort());
  expect(Object.keys(MUTATIONS).sort()).toEqual(Object.keys(schema.getMutationType()?.getFields() ?? {}).sort());
});

describe.each(CALLERS)('$name with the roles $roles', (caller) => {
  test.each(Object.entries({ ...QUERIES, ...MUTATIONS }))('%s', async (_, { got, expected }) => {
    expect(await got(caller)).toEqual(expected(caller));
  });

  test('tags of a job only in scopes that the caller may use', async () => {
    const [id] = caller.jobs;
    const mutation = 'mutation ($job: ID!, $tag: ID!) { addTagsToJob(job: $job, tagIds: [$tag]) { id } }';
    const field = eachScope(mutation, async (scope) => ({ job: id ?? 1, tag: await newTag(scope) }), 'writesTags');
    expect(await field.got(caller)).toEqual(id === undefined ? [] : field.expected(caller));
  });
});
