/** Whatever document a caller sends to /query within its limits, and however large the answer, others get their turns. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { jobs as jobsOf } from '../support/column-index.ts';
import { longestShare, type MeasuredService, measuredService } from '../support/measured-service.ts';
import { type SharedJobs, sharedJobs } from '../support/setups.ts';
import { openSqlite } from '../support/sqlite.ts';

const USERS = 50_000;
const PAGE = 10_000; // GRAPHQL_MOST_JOBS
const NODES = 10_000;

/** SQL for the resources of a job. */
const resources = (nodes: number, more = '') =>
  `(WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < ${nodes})
    SELECT json_group_array(json_object('hostname', 'node' || x ${more})) FROM n)`;
const THREADS = `, 'hwthreads', json('[${Array.from({ length: 72 }, (_, nth) => nth).join()}]')`;

let jobs: SharedJobs;
let service: MeasuredService;
/** The database id of the job with the most nodes. */
let largest: number;
beforeAll(async () => {
  jobs = await sharedJobs(300);
  const db = openSqlite(jobs.path, 1_000);
  await db.exec(`${jobsOf(1_000_000, 1_000_000 + USERS - 1, "'u' || x, 10")}
    UPDATE job SET cluster = 'b', resources = ${resources(32)} WHERE cluster = 'a' AND id % 5 = 0;
    UPDATE job SET cluster = 'c', num_nodes = ${NODES}, resources = ${resources(NODES, THREADS)}
      WHERE id = (SELECT max(id) FROM job);
    PRAGMA wal_checkpoint(TRUNCATE)`);
  db.close();
  service = await measuredService(jobs);
  const { data } = await ask({ query: '{ jobs(filter: [{cluster: {eq: "c"}}]) { items { id } } }' });
  largest = (data as { jobs: { items: { id: number }[] } }).jobs.items[0]?.id ?? 0;
}, 120_000);
afterAll(async () => {
  await service.stop();
  jobs.remove();
});

interface Request {
  query: string;
  variables?: object;
}

interface Body {
  status: number;
  bytes: number;
  data: unknown;
  codes: string[];
}

async function ask(request: Request): Promise<Body> {
  const answer = await fetch(`${service.url}/query`, {
    method: 'POST',
    headers: { 'X-Auth-Token': service.token, 'Content-Type': 'application/json' },
    body: JSON.stringify(request),
  });
  const text = await answer.text();
  const { data, errors = [] } = JSON.parse(text) as { data: unknown; errors?: { extensions?: { code?: string } }[] };
  return {
    status: answer.status,
    bytes: text.length,
    data,
    codes: errors.map(({ extensions }) => extensions?.code ?? 'none'),
  };
}

/** The answer, and its longest turn as a share of the limit: the least of some tries. */
async function longestOf(request: Request): Promise<Body & { share: number }> {
  let answer = await ask({ query: '{ __typename }' });
  const share = await longestShare(service, async () => {
    answer = await ask(request);
  });
  return { ...answer, share };
}

const times = (count: number, piece: (nth: number) => string, between = ' ') =>
  Array.from({ length: count }, (_, nth) => piece(nth)).join(between);

describe('no document', () => {
  const filters = (count: number, filter: string) => `{ jobs(filter: [${times(count, () => filter)}]) { count } }`;
  const DOCUMENTS: [name: string, request: Request][] = [
    ['names of 4,000 fields', { query: `{ jobs { items { ${times(3_990, (nth) => `a${nth}: id`)} } } }` }],
    ['names of 4,000 fields of the answer', { query: `{ ${times(3_990, (nth) => `a${nth}: __typename`)} }` }],
    ['the same field 4,990 times', { query: `{ jobs { items { ${times(4_990, () => 'jobId')} } } }` }],
    ['the same field with selections', { query: `{ ${times(1_600, () => 'jobs { items { id } }')} }` }],
    [
      'the same field with a filter',
      { query: `{ ${times(600, () => 'jobs(filter: [{user: {eq: "a"}}]) { count }')} }` },
    ],
    [
      'fields in conflict',
      { query: `{ ${times(740, (nth) => `jobs(page: {page: ${nth}, itemsPerPage: 1}) { count }`)} }` },
    ],
    ['empty filters', { query: filters(2_400, '{}') }],
    ['filters', { query: filters(2_000, '{shared:""}') }],
    ['filters of a known state', { query: filters(199, '{state: running}') }],
    ['a list of 11,900 ids', { query: `{ jobs(filter: [{dbId: [${times(11_900, String)}]}]) { count } }` }],
    ['nested lists', { query: `{ jobs(filter: ${'['.repeat(2_000)}${']'.repeat(2_000)}) { count } }` }],
    ['nested objects', { query: `{ jobs(filter: ${'{user:'.repeat(2_000)}1${'}'.repeat(2_000)}) { count } }` }],
    ['unknown fields of a filter', { query: filters(1, `{${times(3_900, (nth) => `a${nth}:1`)}}`) }],
    ['unknown arguments', { query: `{ jobs(${times(3_900, (nth) => `a${nth}:1`)}) { count } }` }],
    ['unknown fields', { query: `{ ${times(4_990, (nth) => `a${nth}`)} }` }],
    ['directives of one field', { query: `{ jobs { count ${times(1_700, () => '@skip(if:true)')} } }` }],
    ['directives without arguments', { query: `{ jobs { count ${times(5_900, () => '@a')} } }` }],
    ['directives of many fields', { query: `{ ${times(1_100, (nth) => `a${nth}: __typename @include(if: true)`)} }` }],
    ['variables', { query: `query (${times(1_990, (nth) => `$v${nth}: Int = ${nth}`)}) { __typename }` }],
    [
      'variables in use',
      {
        query: `query (${times(1_300, (nth) => `$v${nth}: ID`)}) { ${times(1, () => `jobs(filter: [{dbId: [${times(1_300, (nth) => `$v${nth}`)}]}]) { count }`)} }`,
      },
    ],
    ['unknown variables', { query: `{ jobs(filter: [{dbId: [${times(5_900, (nth) => `$v${nth}`)}]}]) { count } }` }],
    ['variables of one name', { query: `query (${times(2_900, () => '$v: Int')}) { __typename }` }],
    ['a block string', { query: `{ jobs(filter: [{user: {eq: """${'\n  x'.repeat(31_000)}"""}}]) { count } }` }],
    ['a string of escapes', { query: `{ jobs(filter: [{user: {eq: "${'\\u0041'.repeat(21_000)}"}}]) { count } }` }],
    ['a string', { query: `{ jobs(filter: [{user: {eq: "${'x'.repeat(128_000)}"}}]) { count } }` }],
    ['a number of 128,000 digits', { query: `{ jobs(filter: [{arrayJobId: ${'9'.repeat(128_000)}}]) { count } }` }],
    ['a name of 128,000 characters', { query: `{ ${'x'.repeat(128_000)} }` }],
    ['commas', { query: `{ __typename ${','.repeat(128_000)} }` }],
    ['comments', { query: `{ __typename ${'#\n'.repeat(11_000)} }` }],
    [
      '99 fragments, each in the next',
      {
        query: `{ ...f0 } ${times(98, (nth) => `fragment f${nth} on Query { ...f${nth + 1} ...f${nth + 1} }`)} fragment f98 on Query { __typename }`,
      },
    ],
    [
      '99 fragments, each in all others',
      {
        query: `{ ...f0 } ${times(99, (nth) => `fragment f${nth} on Query { ${times(50, (other) => `...f${(nth + other) % 99}`)} }`)}`,
      },
    ],
    [
      'spreads of a fragment',
      { query: `{ ${times(2_400, () => '...f')} } fragment f on Query { a: __typename b: __typename }` },
    ],
    ['spreads of unknown fragments', { query: `{ ${times(2_900, (nth) => `...f${nth}`)} }` }],
    ['inline fragments', { query: `{ ${times(1_900, () => '... on Query { __typename }')} }` }],
    [
      'inline fragments, 19 deep',
      { query: `{ ${times(150, () => `${'... { '.repeat(18)} __typename ${'}'.repeat(18)}`)} }` },
    ],
    ['operations', { query: times(99, (nth) => `query q${nth} { ${times(39, (field) => `a${field}: __typename`)} }`) }],
    [
      'values of variables',
      {
        query: 'query ($f: [JobFilter!]) { jobs(filter: $f) { count } }',
        variables: { f: Array.from({ length: 9_000 }, () => ({})) },
      },
    ],
    [
      'ids in variables',
      {
        query: 'query ($f: [JobFilter!]) { jobs(filter: $f) { count } }',
        variables: { f: [{ dbId: Array.from({ length: 19_000 }, (_, nth) => nth) }] },
      },
    ],
    [
      'unknown values of variables',
      {
        query: 'query ($f: [JobFilter!]) { jobs(filter: $f) { count } }',
        variables: { f: [Object.fromEntries(Array.from({ length: 9_000 }, (_, nth) => [`a${nth}`, nth]))] },
      },
    ],
    ['errors of many fields', { query: `{ ${times(1_080, (nth) => `a${nth}: job(id: "x") { id }`, '\n')} }` }],
    [
      'errors of many fields, not null',
      { query: `{ ${times(600, (nth) => `a${nth}: jobs(order: {field: "x", type: "col"}) { count }`, '\n\n\n')} }` },
    ],
    ['introspection', { query: `{ ${times(1_080, (nth) => `a${nth}: __type(name: "Job") { name }`)} }` }],
  ];
  test.each(DOCUMENTS)('%s', async (_, request) => {
    const { status, share } = await longestOf(request);
    expect([200, 400, 413, 422]).toContain(status);
    expect(share).toBeLessThan(1);
  });
});

describe('no answer', () => {
  const group = 'id name totalJobs totalUsers totalWalltime totalNodes totalCores totalAccs runningJobs shortJobs';
  const all = `id jobId user project cluster subCluster startTime duration numNodes numHWThreads numAcc walltime
    resources { hostname hwthreads accelerators configuration } SMT shared partition arrayJobId monitoringStatus state
    tags { id type name scope } metaData footprint { name stat value } energyFootprint { hardware metric value } energy`;
  const page = (itemsPerPage = PAGE) => `page: {page: 1, itemsPerPage: ${itemsPerPage}}`;
  const ANSWERS: [name: string, query: () => string, least: number][] = [
    [
      'a page of the most jobs',
      () => `{ jobs(${page()}, filter: [{cluster: {eq: "a"}}]) { items { ${all} } count } }`,
      3_000_000,
    ],
    [
      'a page of jobs with 32 nodes',
      () => `{ jobs(${page()}, filter: [{cluster: {eq: "b"}}]) { items { id resources { hostname } } } }`,
      3_000_000,
    ],
    [
      'all parts of them',
      () => `{ jobs(${page(3_000)}, filter: [{cluster: {eq: "b"}}]) { items { ${all} } } }`,
      3_000_000,
    ],
    ['a job with many nodes', () => `{ job(id: "${largest}") { id resources { hostname } } }`, 100_000],
    ['a job with many threads', () => `{ job(id: "${largest}") { ${all} } }`, 2_000_000],
    ['a list with it', () => `{ jobs(filter: [{cluster: {eq: "c"}}]) { items { ${all} } } }`, 2_000_000],
    ['statistics of each user', () => `{ jobsStatistics(groupBy: USER) { ${group} } }`, 5_000_000],
    [
      'twice',
      () =>
        `{ a: jobsStatistics(groupBy: USER) { ${group} } b: jobsStatistics(groupBy: USER, sortBy: TOTALJOBS) { ${group} } }`,
      10_000_000,
    ],
    [
      'ten pages of it',
      () =>
        `{ ${times(10, (nth) => `a${nth}: jobsStatistics(groupBy: USER, page: {page: ${nth + 1}, itemsPerPage: 900}) { ${group} }`)} }`,
      1_000_000,
    ],
    [
      'metric histograms',
      () =>
        `{ ${times(2, (nth) => `a${nth}: jobsStatistics(metrics: ["flops_any", "mem_bw"], numMetricBins: 1000${nth === 0 ? 0 : 1}) { histMetrics { metric unit stat data { bin min max count } } }`)} }`,
      0,
    ],
    [
      'histograms of jobs',
      () =>
        `{ jobsStatistics { histDuration { value count } histNumNodes { value count } histNumCores { value count } } }`,
      500,
    ],
  ];
  test.each(ANSWERS)('%s', async (_, query, least) => {
    const { status, bytes, share } = await longestOf({ query: query() });
    expect(status).toBe(200);
    expect(bytes).toBeGreaterThan(least);
    expect(share).toBeLessThan(1);
  });
});
