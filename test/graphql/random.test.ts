/** Random documents: what they say of jobs is what the REST routes say of the same jobs. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Job } from '../../src/jobs/job.ts';
import { bodyOf, job, NOW, type TestApp, testApp } from '../support/test-app.ts';

const RUNS = Number(process.env['FUZZ_RUNS'] ?? 40);
const NAMES = ['ada', 'bob', 'Ada', 'ad%a', 'a_a', "o'x"];
const STATES = ['running', 'completed', 'failed', 'timeout'] as const;
const KEYS = ['flops_any_avg', 'mem_used_max', 'load'];

const jobs = fc.sample(
  fc.record({
    user: fc.constantFrom(...NAMES),
    project: fc.constantFrom('p1', 'p2', 'P1'),
    partition: fc.constantFrom('', 'long'),
    jobState: fc.constantFrom(...STATES),
    startTime: fc.integer({ min: NOW - 40 * 86_400, max: NOW - 1 }),
    duration: fc.constantFrom(0, 1, 299, 300, 3_600, 7_201, 90_000),
    numNodes: fc.constantFrom(1, 2, 7),
    numHwthreads: fc.constantFrom(0, 4, 72),
    numAcc: fc.constantFrom(0, 1, 8),
    energy: fc.constantFrom(0, 0.5, 12.25),
    shared: fc.constantFrom('none', 'single_user', 'multi_user'),
    metaData: fc.constantFrom(null, { jobName: 'interactive' }, { jobName: 'Relax' }),
    resources: fc.constantFrom([{ hostname: 'n01' }], [{ hostname: 'n02' }, { hostname: 'x01' }]),
    footprint: fc.constantFrom(null, { flops_any_avg: 1.5, mem_used_max: 3 }, { flops_any_avg: 0.25, load: 7 }),
  }),
  { numRuns: 120, seed: 7 },
);

let service: TestApp;
beforeAll(async () => {
  service = await testApp({
    jobs: jobs.map(
      (each, at): Job =>
        job({ ...(each as unknown as Partial<Job>), jobId: 1_000 + at, arrayJobId: at % 3 === 0 ? 77 : 0 }),
    ),
    sql: "INSERT INTO tag (id, tag_type, tag_name, tag_scope) VALUES (1, 't', 'a', 'global'), (2, 't', 'b', 'global')",
  });
  await service.write('INSERT INTO jobtag (job_id, tag_id) SELECT id, 1 + id % 2 FROM job WHERE id % 4 < 2');
});
afterAll(() => service.close());

/** A condition in both languages. */
interface Both {
  graphql: object;
  rest: [string, string][];
}

const text = (field: string, parameter: string, values: string[], operators = true): fc.Arbitrary<Both> => {
  const value = fc.constantFrom(...values, '');
  const forms: [string, string][] = operators
    ? [
        ['eq', parameter],
        ['neq', `${parameter}.not`],
        ['contains', `${parameter}.contains`],
        ['startsWith', `${parameter}.starts-with`],
        ['endsWith', `${parameter}.ends-with`],
      ]
    : [['eq', parameter]];
  return fc
    .tuple(fc.constantFrom(...forms), value)
    .map(([[operator, name], one]) => ({ graphql: { [field]: { [operator]: one } }, rest: [[name, one]] }));
};

const whole = (field: string, parameter: string, values: number[]): fc.Arbitrary<Both> => {
  const end = fc.constantFrom(0, ...values);
  return fc.tuple(end, end).map(([from, to]) => ({
    graphql: { [field]: { from, to } },
    rest: from === 0 && to === 0 ? [] : [[parameter, `${from === 0 ? '' : from}-${to === 0 ? '' : to}`]],
  }));
};

const condition: fc.Arbitrary<Both> = fc.oneof(
  text('user', 'user', ['ada', 'A', 'a_', '%', "'"]),
  text('project', 'project', ['p1', 'P', '2']),
  text('jobName', 'job-name', ['interactive', 'rel', 'AX']),
  text('node', 'node', ['n01', 'X', '01']),
  text('partition', 'partition', ['long'], false),
  fc.subarray(NAMES).map(
    (names): Both => ({
      graphql: { user: { in: names } },
      rest: names.length === 0 ? [['db-id', '-1']] : names.map((name) => ['user', name]),
    }),
  ),
  whole('duration', 'duration', [1, 299, 300, 3_600, 80_000]),
  whole('numNodes', 'num-nodes', [1, 2, 5]),
  whole('numHWThreads', 'num-hwthreads', [4, 8]),
  whole('numAccelerators', 'num-acc', [1, 8]),
  whole('energy', 'energy', [1, 12]),
  fc.tuple(fc.constantFrom(...KEYS), fc.constantFrom(0.25, 1, 1.5, 3)).map(
    ([key, from]): Both => ({
      graphql: { metricStats: [{ metricName: key, range: { from, to: 0 } }] },
      rest: [[`metric.${key}`, `${from}-`]],
    }),
  ),
  fc.subarray([...STATES], { minLength: 1 }).map(
    (states): Both => ({
      graphql: { state: states },
      rest: states.map((state) => ['state', state]),
    }),
  ),
  fc.constantFrom('none', 'single_user').map((shared): Both => ({ graphql: { shared }, rest: [['shared', shared]] })),
  fc
    .constantFrom('interactive', 'batch')
    .map((schedule): Both => ({ graphql: { schedule }, rest: [['schedule', schedule]] })),
  fc.constantFrom('last6h', 'last24h', 'last7d', 'last30d').map(
    (range): Both => ({
      graphql: { startTime: { range } },
      rest: [['start-time', range]],
    }),
  ),
  fc.integer({ min: 0, max: 40 }).map((days): Both => {
    const from = NOW - days * 86_400;
    return {
      graphql: { startTime: { from: new Date(from * 1000).toISOString() } },
      rest: [['start-time', `${from}-`]],
    };
  }),
  fc.subarray([1, 2, 3, 50, 999]).map(
    (ids): Both => ({
      graphql: { dbId: ids.map(String) },
      rest: ids.length === 0 ? [['db-id', '-1']] : ids.map((id) => ['db-id', String(id)]),
    }),
  ),
  fc.subarray([1, 2], { minLength: 1 }).map(
    (ids): Both => ({
      graphql: { tags: ids },
      rest: ids.map((id) => ['tag', String(id)]),
    }),
  ),
  fc
    .constantFrom(1_003, 1_050)
    .map((id): Both => ({ graphql: { jobId: { eq: String(id) } }, rest: [['job-id', String(id)]] })),
  fc.constant<Both>({ graphql: { arrayJobId: 77 }, rest: [['array-job-id', '77']] }),
);

/** REST joins values of one name by "or", so a name occurs in one condition. */
const filters = fc.uniqueArray(condition, {
  maxLength: 3,
  selector: ({ rest }) => rest[0]?.[0] ?? 'none',
});

const callers = fc.constantFrom<[string, ...string[]]>(
  ['root', 'admin', 'api'],
  ['sue', 'support', 'api'],
  ['ada', 'user', 'api'],
  ['robot', 'api'],
);

const DOCUMENT = `query ($f: [JobFilter!]) {
  one: jobs(filter: $f, order: {field: "startTime", type: "col", order: DESC}, page: {page: 1, itemsPerPage: 7}) {
    items { ...All } hasNextPage
  }
  two: jobs(filter: $f, order: {field: "startTime", type: "col", order: DESC}, page: {page: 2, itemsPerPage: 7}) {
    items { id } count
  }
  all: jobsStatistics(filter: $f) { ...Totals histDuration { value count } histNumAccs { value count } }
  users: jobsStatistics(filter: $f, groupBy: USER, sortBy: TOTALWALLTIME, page: {page: 1, itemsPerPage: 3}) { ...Totals }
}
fragment All on Job {
  id jobId user project cluster subCluster duration walltime numNodes numHWThreads numAcc energy shared partition
  arrayJobId state metaData resources { hostname } tags { id }
}
fragment Totals on JobsStatistics {
  id name totalJobs totalUsers runningJobs shortJobs totalWalltime totalNodes totalNodeHours totalCores totalCoreHours
  totalAccs totalAccHours
}`;

interface RestJob {
  id: number;
  [name: string]: unknown;
}

/** A job of the REST list as the document asks for it. */
function shown(rest: RestJob) {
  const { id, jobId, user, project, cluster, subCluster, duration, numNodes, shared } = rest;
  return {
    ...{ id, jobId, user, project, cluster, subCluster, duration, numNodes, shared },
    walltime: rest['walltime'] ?? 0,
    numHWThreads: rest['numHwthreads'] ?? 0,
    numAcc: rest['numAcc'] ?? 0,
    energy: rest['energy'],
    partition: rest['partition'] ?? '',
    arrayJobId: rest['arrayJobId'] ?? 0,
    state: rest['jobState'],
    metaData: rest['metaData'],
    resources: (rest['resources'] as { hostname: string }[]).map(({ hostname }) => ({ hostname })),
    tags: ((rest['tags'] ?? []) as { id: number }[]).map((tag) => ({ id: tag.id })),
  };
}

/** A field of a job in a random place of the document. `first` and `second` are variables. */
const selected = fc.record({
  field: fc.constantFrom(
    ...['id', 'jobId', 'user', 'project', 'duration', 'walltime', 'numNodes', 'numHWThreads', 'energy', 'partition'],
    ...['state', 'metaData', 'resources', 'tags', '__typename'],
  ),
  alias: fc.boolean(),
  place: fc.constantFrom('itself', 'inline', 'named'),
  directive: fc.constantFrom(
    '',
    '@include(if: $first)',
    '@skip(if: $first)',
    '@skip(if: $second) @include(if: $first)',
  ),
});
type Selected = typeof selected extends fc.Arbitrary<infer One> ? One : never;

const MEMBERS: Readonly<Record<string, string>> = { resources: '{ hostname }', tags: '{ ...Tags }' };

/** The selection with one name for each field in the answer, and the fragments that it needs. */
function selectionOf(all: readonly Selected[]) {
  const fragments = all.some(({ field }) => field === 'tags') ? ['fragment Tags on Tag { id }'] : [];
  const parts = all.map(({ field, alias, place, directive }, at) => {
    const one = `${alias ? `as_${at}: ` : ''}${field}`;
    const members = MEMBERS[field] ?? '';
    if (place === 'itself') return `${one} ${directive} ${members}`;
    if (place === 'inline') return `... on Job ${directive} { ${one} ${members} }`;
    fragments.push(`fragment F${at} on Job { ${one} ${members} }`);
    return `...F${at} ${directive}`;
  });
  return { selection: parts.join(' '), fragments: fragments.join(' ') };
}

const isShown = ({ directive }: Selected, first: boolean, second: boolean) =>
  directive === '' ||
  (directive.startsWith('@include') ? first : directive.includes('$second') ? !second && first : !first);

/** Everything that a list can be sorted by, with its value in a REST job. */
const SORTS: Readonly<Record<string, (rest: RestJob) => unknown>> = {
  ...Object.fromEntries(
    [
      'id',
      'jobId',
      'user',
      'project',
      'cluster',
      'subCluster',
      'startTime',
      'duration',
      'numNodes',
      'shared',
      'energy',
    ].map((name) => [name, (rest: RestJob) => rest[name]]),
  ),
  state: (rest) => rest['jobState'],
  partition: (rest) => rest['partition'] ?? '',
  ...Object.fromEntries(
    [['walltime'], ['arrayJobId'], ['numHWThreads', 'numHwthreads'], ['numAcc']].map(([name = '', member = name]) => [
      name,
      (rest: RestJob) => rest[member] ?? 0,
    ]),
  ),
  ...Object.fromEntries(
    KEYS.map((key) => [key, (rest: RestJob) => (rest['footprint'] as Record<string, number> | null)?.[key] ?? -1]),
  ),
};

/** The jobs in an order of GraphQL: among equals the newest first. */
function sorted(listed: readonly RestJob[], field: string, order: string): RestJob[] {
  const of = SORTS[field] ?? (() => 0);
  const compared = (a: unknown, b: unknown) => (a === b ? 0 : (a as number) < (b as number) ? -1 : 1);
  const sign = order === 'ASC' ? 1 : -1;
  const among = field === 'startTime' ? sign : -1;
  return [...listed].sort(
    (a, b) =>
      sign * compared(of(a), of(b)) || among * (compared(a['startTime'], b['startTime']) || compared(a.id, b.id)),
  );
}

test('a random selection in a random order shows what the REST list shows', async () => {
  let shownJobs = 0;
  await fc.assert(
    fc.asyncProperty(
      filters,
      callers,
      fc.array(selected, { minLength: 1, maxLength: 9 }),
      fc.record({ field: fc.constantFrom(...Object.keys(SORTS)), order: fc.constantFrom('ASC', 'DESC') }),
      fc.record({ first: fc.boolean(), second: fc.boolean(), waits: fc.boolean() }),
      async (both, [user, ...roles], all, { field, order }, { waits, ...variables }) => {
        const { selection, fragments } = selectionOf(all);
        // A list with a field that waits is answered by the executor, and any other by list-without-executor.ts.
        const document = `query ($f: [JobFilter!], $o: OrderByInput, $first: Boolean!, $second: Boolean!) {
          jobs(filter: $f, order: $o, page: {page: 1, itemsPerPage: 20}) {
            items { a: __typename @skip(if: $first) b: id @skip(if: $second) ${selection} ${waits ? 'concurrentJobs { count }' : ''} }
          }
        } ${fragments}`;
        const o = { field, type: KEYS.includes(field) ? 'foot' : 'col', order };
        const f = both.map(({ graphql }) => graphql);
        const answer = await service.ask(document, { f, o, ...variables }, user, ...roles);
        const { data, errors } = await bodyOf<{ data: { jobs: { items: object[] } }; errors?: unknown }>(answer);
        expect(errors).toBeUndefined();
        const base = roles.includes('admin') || roles.length === 1 ? '/api' : '/userapi';
        const query = new URLSearchParams(both.flatMap(({ rest }) => rest));
        query.append('items-per-page', '200');
        query.append('with-metadata', 'true');
        const { jobs: listed } = await bodyOf<{ jobs: RestJob[] }>(
          await service.get(`${base}/jobs/?${query}`, user, ...roles),
        );
        const wanted = sorted(listed, field, order)
          .slice(0, 20)
          .map((rest) => {
            const values: Record<string, unknown> = { ...shown(rest), __typename: 'Job' };
            const { first, second } = variables;
            return Object.fromEntries([
              ...(first ? [] : [['a', 'Job']]),
              ...(second ? [] : [['b', rest.id]]),
              ...all.flatMap((one, at) =>
                isShown(one, first, second) ? [[one.alias ? `as_${at}` : one.field, values[one.field]]] : [],
              ),
            ]);
          });
        const items = data.jobs.items.map((item) => ({ ...item, concurrentJobs: undefined }));
        expect(items).toEqual(wanted);
        shownJobs += wanted.length;
      },
    ),
    { numRuns: RUNS, interruptAfterTimeLimit: 120_000, endOnFailure: true },
  );
  expect(shownJobs).toBeGreaterThan(0);
});

test('a document and the routes agree', async () => {
  let matched = 0;
  await fc.assert(
    fc.asyncProperty(filters, callers, async (both, [user, ...roles]) => {
      const answer = await service.ask(DOCUMENT, { f: both.map(({ graphql }) => graphql) }, user, ...roles);
      const { data, errors } = await bodyOf<{ data: Record<string, never>; errors?: unknown }>(answer);
      expect(errors).toBeUndefined();
      const base = roles.includes('admin') || roles.length === 1 ? '/api' : '/userapi';
      const get = async <Body>(path: string, more: Record<string, string> = {}) => {
        const query = new URLSearchParams([...both.flatMap(({ rest }) => rest), ...Object.entries(more)]);
        return await bodyOf<Body>(await service.get(`${base}/${path}?${query}`, user, ...roles));
      };
      const { jobs: listed } = await get<{ jobs: RestJob[] }>('jobs/', {
        'items-per-page': '14',
        'with-metadata': 'true',
      });
      const { count } = await get<{ count: number }>('jobs/count');
      matched += count;
      const histograms = await get<Record<string, unknown>>('statistics/histograms');
      const all = await get<{ statistics: object[] }>('statistics/jobs');
      const users = await get<{ statistics: object[] }>('statistics/jobs', {
        'group-by': 'user',
        'sort-by': 'totalWalltime',
        'items-per-page': '3',
      });
      expect(data).toEqual({
        one: { items: listed.slice(0, 7).map(shown), hasNextPage: count > 7 },
        two: { items: listed.slice(7).map(({ id }) => ({ id })), count },
        all: [
          { ...all.statistics[0], histDuration: histograms['histDuration'], histNumAccs: histograms['histNumAccs'] },
        ],
        users: users.statistics,
      });
    }),
    { numRuns: RUNS, interruptAfterTimeLimit: 120_000, endOnFailure: true },
  );
  expect(matched).toBeGreaterThan(0);
});
