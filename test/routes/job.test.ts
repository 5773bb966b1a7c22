import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeFiles } from '../support/archive.ts';
import { bodyOf, faultIn, job, NOW, type TestApp, testApp } from '../support/test-app.ts';

const START = NOW - 4000;
const metric = (value: number) => ({
  unit: { base: 'B', prefix: 'G' },
  timestep: 60,
  series: [{ hostname: 'n01', statistics: { min: value, avg: value, max: value }, data: [value, null] }],
});

let service: TestApp;
beforeAll(async () => {
  service = await testApp({
    jobs: [
      job({ jobId: 1, startTime: START, monitoringStatus: 3, metaData: { jobName: 'sim' } }),
      job({ jobId: 2, startTime: START, jobState: 'running', monitoringStatus: 1, user: 'bob' }),
      job({ jobId: 3, startTime: START, monitoringStatus: 3, cluster: 'gone' }),
      job({ jobId: 4, startTime: START, monitoringStatus: 3 }),
      job({ jobId: 5, startTime: START, monitoringStatus: 3, numNodes: 2 }),
    ],
  });
  const data = {
    mem_used: { node: metric(1), core: metric(2) },
    cpu_load: { node: metric(3) },
  };
  await writeFiles(service.archiveRoot, {
    [`small/0/001/${START}/data.json`]: data,
    [`small/0/003/${START}/data.json`]: data,
    [`small/0/004/${START}/data.json`]: 'broken',
    [`small/0/005/${START}/data.json`]: data,
    [`gone/0/003/${START}/data.json`]: data,
  });
});
afterAll(() => service.close());

type Data = Record<string, Record<string, object>>;
interface Found<Data> {
  Meta: Record<string, unknown>;
  Data: Data;
}

describe('GET /api/jobs/{id}', () => {
  const found = async (id: number, query = '') =>
    await bodyOf<Found<Data | null>>(await service.get(`/api/jobs/${id}${query}`));

  test('has the job with its metadata', async () => {
    const { Meta, Data } = await found(1);
    expect(Meta).toMatchObject({ id: 1, jobId: 1, metaData: { jobName: 'sim' }, statistics: null });
    expect(Data).toBeNull();
  });

  test('has the metric data with all-metrics=true and no other word', async () => {
    expect(Object.keys((await found(1, '?all-metrics=true')).Data ?? {}).sort()).toEqual(['cpu_load', 'mem_used']);
    for (const word of ['1', 'TRUE', '', 'false']) expect((await found(1, `?all-metrics=${word}`)).Data).toBeNull();
  });

  test('has the data of cores for one node, of nodes for several', async () => {
    expect(Object.keys((await found(1, '?all-metrics=true')).Data?.['mem_used'] ?? {})).toEqual(['core']);
    expect(Object.keys((await found(5, '?all-metrics=true')).Data?.['mem_used'] ?? {})).toEqual(['node']);
  });

  test.each([
    ['runs', 2],
    ['has a cluster that is not configured any more', 3],
    ['has data that cannot be read', 4],
  ])('has no data where the job %s', async (_, id) => {
    expect((await found(id, '?all-metrics=true')).Data).toBeNull();
  });

  test.each(['x', '1.5', '1e3', '9223372036854775808', '%20'])('refuses the id %s', async (id) => {
    const [status, code, error] = await faultIn(await service.get(`/api/jobs/${id}`));
    expect([status, code]).toEqual([400, 'invalid_request']);
    expect(error).toBe('the id in the path must be an integer');
  });

  test.each(['0', '-1', '99', '9223372036854775807'])('answers 422 for a job that is not: %s', async (id) => {
    expect((await faultIn(await service.get(`/api/jobs/${id}`))).slice(0, 2)).toEqual([422, 'not_found']);
  });

  test('answers 422 for a job the user may not see', async () => {
    const of = async (id: number) => (await service.get(`/userapi/jobs/${id}`, 'ada', 'user', 'api')).status;
    expect([await of(1), await of(2)]).toEqual([200, 422]);
  });
});

describe('POST /api/jobs/{id}', () => {
  const post = async (id: number | string, body: string) =>
    await service.app.request(`/api/jobs/${id}`, {
      method: 'POST',
      headers: { 'X-Auth-Token': await service.token() },
      body,
    });
  const names = async (id: number, body: string) => {
    const { Data } = await bodyOf<Found<{ name: string; scope: string; metric: object }[]>>(await post(id, body));
    return Data.map(({ name, scope }) => `${name}/${scope}`).sort();
  };

  test('has the metrics asked for, null being all of them', async () => {
    expect(await names(1, '["cpu_load","nothing"]')).toEqual(['cpu_load/node']);
    expect(await names(1, 'null')).toEqual(['cpu_load/node', 'mem_used/core']);
    expect(await names(1, '[]')).toEqual([]);
  });

  test('has no data where there is none', async () => {
    expect(await names(2, 'null')).toEqual([]);
    expect(await names(4, 'null')).toEqual([]);
  });

  test.each(['', '{}', '[1]', '"cpu_load"', '["a"] x', '[null]'])('refuses the body %j', async (body) => {
    const [status, code, error] = await faultIn(await post(1, body));
    expect([status, code]).toEqual([400, 'invalid_request']);
    expect(error).toMatch(/^parsing request body failed: /);
  });

  test('answers 422 for a job that is not, 400 for an id that is none', async () => {
    expect((await faultIn(await post(99, '[]'))).slice(0, 2)).toEqual([422, 'not_found']);
    expect((await faultIn(await post('x', '[]'))).slice(0, 2)).toEqual([400, 'invalid_request']);
  });
});

describe('GET /api/jobs/metrics/{id}', () => {
  interface Answer {
    data: { jobMetrics: { name: string; scope: string; metric: object }[] } | null;
    error: { message: string } | null;
  }
  const metrics = async (path: string, ...who: string[]) => {
    const [user, ...roles] = who;
    const answer = await service.get(path, user, ...roles);
    expect(answer.status).toBe(200);
    return await bodyOf<Answer>(answer);
  };
  const names = ({ data }: Answer) => data?.jobMetrics.map(({ name, scope }) => `${name}/${scope}`).sort();

  test('has all metrics in all scopes, or those asked for', async () => {
    expect(names(await metrics('/api/jobs/metrics/1'))).toEqual(['cpu_load/node', 'mem_used/core', 'mem_used/node']);
    expect(names(await metrics('/api/jobs/metrics/1?metric=mem_used&scope=core'))).toEqual(['mem_used/core']);
    expect(names(await metrics('/api/jobs/metrics/1?metric=mem_used&metric=cpu_load&scope=node'))).toEqual([
      'cpu_load/node',
      'mem_used/node',
    ]);
  });

  test.each(['/api/jobs/metrics/99', '/api/jobs/metrics/x', '/api/jobs/metrics/2', '/api/jobs/metrics/4'])(
    'has a message where there is nothing: %s',
    async (path) => {
      expect(await metrics(path)).toEqual({ data: null, error: { message: expect.any(String) } });
    },
  );

  test('has a message for a job the user may not see', async () => {
    const answer = await metrics('/userapi/jobs/metrics/2', 'ada', 'user', 'api');
    expect(answer.error?.message).toContain('finding job with db id 2 failed');
  });

  test('refuses a scope that is none', async () => {
    const [status, code, error] = await faultIn(await service.get('/api/jobs/metrics/1?scope=rack'));
    expect([status, code]).toEqual([400, 'invalid_request']);
    expect(error).toContain('scope');
  });
});
