/** Lists of jobs by /query: orders, pages, and what a job shows (contract/graphql.md §4, §5). */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bodyOf, job, NOW, type TestApp, testApp } from '../support/test-app.ts';

let service: TestApp;
beforeAll(async () => {
  service = await testApp({
    jobs: [
      job({ jobId: 3, user: 'bob', startTime: NOW - 100, footprint: { flops_any_avg: 2, mem_used_max: 1, x: 7 } }),
      job({
        ...{ jobId: 1, user: 'ada', startTime: NOW - 300, partition: 'long', jobState: 'running', numAcc: 2 },
        ...{ energyFootprint: { cpu_power: 1.5, acc_power: 2, MEM: 3, core_x: 4, total: 5 }, energy: 16 },
        metaData: { jobName: 'relax' },
        resources: [{ hostname: 'n01', hwthreads: [0, 1], accelerators: ['g0'] }, { hostname: 'n02' }],
      }),
      job({ jobId: 2, user: 'cyd', startTime: NOW - 200, footprint: { flops_any_avg: 9 } }),
    ],
  });
});
afterAll(() => service.close());

interface Answer {
  data: { jobs: { items: { jobId: number }[]; hasNextPage: boolean; count: number } } | null;
  errors?: { message: string; path: unknown[]; extensions: { code: string } }[];
}

async function list(args: string, fields = 'items { jobId } hasNextPage count', user = 'root', ...roles: string[]) {
  return await bodyOf<Answer>(await service.ask(`{ jobs${args} { ${fields} } }`, null, user, ...roles));
}

const ids = async (args: string) => (await list(args)).data?.jobs.items.map(({ jobId }) => jobId);

test.each([
  ['field: "startTime", type: "col", order: DESC', [3, 2, 1]],
  ['field: "start_time", type: "col"', [1, 2, 3]],
  ['field: "user", type: "col", order: DESC', [2, 3, 1]],
  ['field: "hpc_user", type: "col"', [1, 3, 2]],
  ['field: "jobId", type: "col"', [1, 2, 3]],
  ['field: "numAcc", type: "col", order: DESC', [1, 3, 2]],
  ['field: "numHWThreads", type: "col"', [3, 2, 1]],
  ['field: "partition", type: "col", order: DESC', [1, 3, 2]],
  ['field: "state", type: "col", order: DESC', [1, 3, 2]],
  ['field: "flops_any_avg", type: "foot", order: DESC', [2, 3, 1]],
  ['field: "flopsAnyAvg", type: "foot"', [1, 3, 2]],
  ['field: "no_such_key", type: "foot"', [3, 2, 1]],
])('ordered by %s', async (order, expected) => {
  expect(await ids(`(order: {${order}})`)).toEqual(expected);
});

test('without an order, jobs come by their database ids', async () => {
  expect(await ids('')).toEqual([3, 1, 2]);
});

test.each([
  ['(order: {field: "nothing", type: "col"})', 'order.field'],
  [`(order: {field: "x' --", type: "col"})`, 'order.field'],
  // Properties of every object of JavaScript.
  ['(order: {field: "constructor", type: "col"})', 'order.field'],
  ['(order: {field: "__proto__", type: "col"})', 'order.field'],
  [`(order: {field: "x') --", type: "foot"})`, 'order.field'],
  ['(page: {page: 1, itemsPerPage: 0})', 'itemsPerPage'],
  ['(page: {page: 1, itemsPerPage: -2})', 'itemsPerPage'],
  ['(filter: [{dbId: ["x"]}])', 'filter.0.dbId'],
])('%s is an error of the field', async (args, named) => {
  const { data, errors } = await list(args);
  expect([data, errors?.[0]?.path, errors?.[0]?.extensions.code]).toEqual([null, ['jobs'], 'invalid_request']);
  expect(errors?.[0]?.message).toContain(named);
});

describe('pages', () => {
  const page = async (number: number | string, size: number | string) => {
    const { data } = await list(`(page: {page: ${number}, itemsPerPage: ${size}})`);
    return [data?.jobs.items.map(({ jobId }) => jobId), data?.jobs.hasNextPage, data?.jobs.count];
  };

  test.each([
    [1, 2, [3, 1], true],
    [2, 2, [2], false],
    [3, 2, [], false],
    [1, 3, [3, 1, 2], false],
    [1, -1, [3, 1, 2], false],
    [0, 2, [3, 1], true],
    ['9223372036854775807', '9223372036854775807', [], false],
  ])('page %s of %s', async (number, size, items, hasNextPage) => {
    expect(await page(number, size)).toEqual([items, hasNextPage, 3]);
  });
});

test('a job has every field of the schema', async () => {
  const fields = `id jobId user project cluster subCluster startTime duration walltime numNodes numHWThreads numAcc energy SMT
    shared partition arrayJobId monitoringStatus state tags { id } resources { hostname hwthreads accelerators configuration }
    footprint { name stat value } energyFootprint { hardware metric value } metaData`;
  const { data } = await list('(filter: [{user: {eq: "ada"}}])', `items { ${fields} } offset limit`);
  expect(data?.jobs).toEqual({
    items: [
      {
        ...{ id: 2, jobId: 1, user: 'ada', project: 'p1', cluster: 'small', subCluster: 'main', duration: 300 },
        ...{ startTime: new Date((NOW - 300) * 1000).toISOString().replace('.000', ''), walltime: 7200, numNodes: 1 },
        ...{ numHWThreads: 4, numAcc: 2, energy: 16, SMT: 1, shared: 'none', partition: 'long', arrayJobId: 0 },
        ...{ monitoringStatus: 0, state: 'running', tags: [], footprint: [], metaData: { jobName: 'relax' } },
        resources: [
          { hostname: 'n01', hwthreads: [0, 1], accelerators: ['g0'], configuration: '' },
          { hostname: 'n02', hwthreads: null, accelerators: null, configuration: '' },
        ],
        energyFootprint: [
          { hardware: 'CPU', metric: 'cpu_power', value: 1.5 },
          { hardware: 'Accelerator', metric: 'acc_power', value: 2 },
          { hardware: 'Memory', metric: 'MEM', value: 3 },
          { hardware: 'Core', metric: 'core_x', value: 4 },
          { hardware: 'Other', metric: 'total', value: 5 },
        ],
      },
    ],
    offset: null,
    limit: null,
  });
  const { data: other } = await list('(filter: [{user: {eq: "bob"}}])', 'items { footprint { name stat value } }');
  expect(other?.jobs.items).toEqual([
    {
      footprint: [
        { name: 'flops_any', stat: 'avg', value: 2 },
        { name: 'mem_used', stat: 'max', value: 1 },
        { name: '', stat: 'x', value: 7 },
      ],
    },
  ]);
});

test('a job that the caller may not see is an error, not a bare null', async () => {
  const ask = async (id: string, ...who: string[]) =>
    await bodyOf<{ data: unknown; errors?: { extensions: { code: string } }[] }>(
      await service.ask('query ($id: ID!) { job(id: $id) { jobId } }', { id }, ...(who as [string])),
    );
  expect(await ask('2', 'ada', 'user')).toEqual({ data: { job: { jobId: 1 } } });
  expect(await ask('1', 'robot', 'api')).toEqual({ data: { job: { jobId: 3 } } });
  for (const answer of [await ask('1', 'ada', 'user'), await ask('99', 'root', 'admin')]) {
    expect([answer.data, answer.errors?.[0]?.extensions.code]).toEqual([{ job: null }, 'not_found']);
  }
  expect((await ask('abc', 'root', 'admin')).errors?.[0]?.extensions.code).toBe('invalid_request');
});

test('every value of a job is exact, under any name', async () => {
  const huge = '9223372036854775807';
  await service.write(
    `INSERT INTO job (job_id, cluster, subcluster, hpc_user, project, start_time, duration, walltime, num_nodes, shared, job_state, resources, meta_data)
      VALUES (${huge}, 'small', 'main', 'eve', 'p', 1, 1, 1, 1, 'none', 'completed', '[]', '{"n":${huge}}')`,
  );
  const args = '(filter: [{user: {eq: "eve"}}])';
  for (const [fields, shown] of [
    ['jobId', `{"jobId":${huge}}`],
    ['__proto__: user t: __typename', '{"__proto__":"eve","t":"Job"}'],
    ['metaData', `{"metaData":{"n":${huge}}}`],
  ]) {
    const answer = await service.ask(`{ jobs${args} { items { ${fields} } } }`);
    expect(await answer.text()).toContain(`"items":[${shown}]`);
  }
});
