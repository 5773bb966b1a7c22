import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeFiles } from '../support/archive.ts';
import { bodyOf, faultIn, job, NOW, type TestApp, testApp } from '../support/test-app.ts';

interface Listed {
  jobs: { jobId: number; statistics: unknown; metaData: unknown; duration: number; tags?: { name: string }[] }[];
  items: number;
  page: number;
}

const tag = (name: string, scope: string) => ({ type: 't', name, scope });

let service: TestApp;
beforeAll(async () => {
  service = await testApp({
    jobs: [
      job({ jobId: 1, startTime: NOW - 400, monitoringStatus: 3, tags: [tag('g', 'global'), tag('a', 'admin')] }),
      job({ jobId: 2, startTime: NOW - 300, monitoringStatus: 3, metaData: { jobName: 'sim' }, user: 'bob' }),
      job({ jobId: 3, startTime: NOW - 200, jobState: 'running', duration: 0, resources: [{ hostname: 'n02' }] }),
      job({ jobId: 4, startTime: NOW - 100, jobState: 'running', user: 'bob', resources: [{ hostname: 'n01' }] }),
    ],
  });
  await writeFiles(service.archiveRoot, {
    [`small/0/001/${NOW - 400}/meta.json`]: {
      statistics: { cpu_load: { unit: { base: '' }, avg: 1, min: 0, max: 2 } },
    },
    [`small/0/002/${NOW - 300}/meta.json`]: 'broken',
  });
});
afterAll(() => service.close());

const listed = async (query: string, ...who: string[]) => {
  const [user, ...roles] = who;
  return await bodyOf<Listed>(await service.get(`/api/jobs/${query}`, user, ...roles));
};
const ids = async (query: string) => (await listed(query)).jobs.map(({ jobId }) => jobId);

describe('GET /api/jobs/', () => {
  test('lists all jobs of the page, newest first', async () => {
    const { jobs, items, page } = await listed('');
    expect([jobs.map(({ jobId }) => jobId), items, page]).toEqual([[4, 3, 2, 1], 25, 1]);
  });

  test('pages', async () => {
    expect(await listed('?items-per-page=3&page=2')).toMatchObject({ jobs: [{ jobId: 1 }], items: 3, page: 2 });
    expect(await listed('?items-per-page=3&page=3')).toEqual({ jobs: [], items: 3, page: 3 });
  });

  test('has the statistics of archived jobs; where they cannot be read, null', async () => {
    const { jobs } = await listed('');
    expect(jobs.map(({ statistics }) => statistics)).toEqual([
      null,
      null,
      null,
      { cpu_load: { unit: { base: '' }, avg: 1, min: 0, max: 2 } },
    ]);
  });

  test('has metadata when asked for, and not when asked not to', async () => {
    const metaData = async (query: string) => (await listed(query)).jobs[2]?.metaData;
    expect(await metaData('?with-metadata=true')).toEqual({ jobName: 'sim' });
    expect(await metaData('?with-metadata')).toEqual({ jobName: 'sim' });
    for (const query of ['', '?with-metadata=false', '?with-metadata=0']) expect(await metaData(query)).toBeNull();
  });

  test('has the tags the caller may read', async () => {
    const tags = async (...who: string[]) => (await listed('', ...who)).jobs[3]?.tags?.map(({ name }) => name);
    expect(await tags('root', 'admin', 'api')).toEqual(['g', 'a']);
    expect(await tags('robot', 'api')).toEqual(['g']);
  });

  test('counts the duration of running jobs up to now', async () => {
    expect((await listed('')).jobs[1]?.duration).toBe(200);
  });

  test('filters', async () => {
    expect(await ids('?state=running')).toEqual([4, 3]);
    expect(await ids('?state=running&user=bob')).toEqual([4]);
    expect(await ids(`?start-time=${NOW - 300}-${NOW - 200}`)).toEqual([3, 2]);
    expect(await ids('?cluster=other')).toEqual([]);
  });

  test('answers what a scheduler adapter asks', async () => {
    const answer = await service.app.request(
      '/api/jobs/?state=running&items-per-page=9999999&page=1&with-metadata=false',
      {
        headers: {
          'X-AUTH-TOKEN': await service.token(),
          'Content-Type': 'application/json',
          accept: 'application/ld+json',
        },
      },
    );
    expect(await bodyOf(answer)).toMatchObject({ jobs: [{ jobId: 4 }, { jobId: 3 }], items: 9_999_999, page: 1 });
  });

  test.each([
    ['page=0', 'page'],
    ['page=x', 'page'],
    ['page=', 'page'],
    ['items-per-page=0', 'items-per-page'],
    ['items-per-page=-1', 'items-per-page'],
    ['state=stopped', 'state'],
    ['start-time=x', 'start-time'],
    ['start-time=1-2-3', 'start-time'],
    ['start-time=1-2&start-time=1-2', 'start-time'],
    ['duration=-', 'duration'],
    ['colour=red', 'invalid query parameter: colour'],
    ['__proto__=1', '__proto__'],
  ])('refuses %s by name', async (query, name) => {
    const [status, code, error] = await faultIn(await service.get(`/api/jobs/?${query}`));
    expect([status, code]).toEqual([400, 'invalid_request']);
    expect(error).toContain(name);
  });
});

describe('GET /api/jobs/count', () => {
  const count = async (query: string) => await bodyOf(await service.get(`/api/jobs/count${query}`));

  test('counts', async () => {
    expect(await count('')).toEqual({ count: 4 });
    expect(await count('?user=bob')).toEqual({ count: 2 });
    expect(await count('?user=bob&state=running')).toEqual({ count: 1 });
    expect(await count('?job-name.contains=SI')).toEqual({ count: 1 });
  });

  test('knows no page', async () => {
    expect((await faultIn(await service.get('/api/jobs/count?page=1')))[2]).toBe('invalid query parameter: page');
  });
});

describe('GET /api/jobs/used_nodes', () => {
  test('has the hosts of jobs that run and started before ts', async () => {
    const used = async (ts: number) => await bodyOf(await service.get(`/api/jobs/used_nodes?ts=${ts}`));
    expect(await used(NOW)).toEqual({ usedNodes: { small: ['n01', 'n02'] } });
    expect(await used(NOW - 100)).toEqual({ usedNodes: { small: ['n02'] } });
    expect(await used(0)).toEqual({ usedNodes: {} });
  });

  test('takes a date, with the time zone that is said', async () => {
    // NOW is 2027-01-15T08:00 in UTC. The jobs started within the last hours.
    const used = async (query: string) => await bodyOf(await service.get(`/api/jobs/used_nodes?${query}`));
    expect(await used('ts=2027-01-15T08:00')).toEqual({ usedNodes: { small: ['n01', 'n02'] } });
    expect(await used('ts=2027-01-15T09:00&zone=Europe/Berlin')).toEqual({ usedNodes: { small: ['n01', 'n02'] } });
    expect(await used('ts=1970-01-02')).toEqual({ usedNodes: {} });
  });

  test.each(['', '?ts=', '?ts=x', '?ts=1.5', '?ts=1&ts=2', '?ts=9223372036854775808'])(
    'wants a whole number: %j',
    async (query) => {
      const [status, code, error] = await faultIn(await service.get(`/api/jobs/used_nodes${query}`));
      expect([status, code]).toEqual([400, 'invalid_request']);
      expect(error).toContain('ts');
    },
  );
});
