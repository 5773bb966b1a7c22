import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bodyOf, faultIn, job, NOW, type TestApp, testApp } from '../support/test-app.ts';

let service: TestApp;
beforeAll(async () => {
  const start = NOW - 7200;
  const waits = [0, 60, 60, 3600];
  service = await testApp({
    jobs: [
      ...waits.map((wait, at) =>
        job({ jobId: at + 1, partition: 'work', startTime: start, submitTime: start - wait, energy: at / 8 }),
      ),
      job({ jobId: 5, partition: 'gpu', user: 'bob', duration: 60, footprint: { cpu_load_avg: 0.1 } }),
      job({ jobId: 6, partition: '', user: 'bob', jobState: 'running', startTime: start, duration: 0, walltime: 9600 }),
    ],
  });
});
afterAll(() => service.close());

interface Group {
  id: string;
  jobs: number;
  unknown: number;
  values: { p: number; value: number | null }[];
}
const percentiles = async (query: string, ...who: string[]) => {
  const [user, ...roles] = who;
  const path = `${roles.includes('user') ? '/userapi' : '/api'}/statistics/percentiles?${query}`;
  return (await bodyOf<{ percentiles: Group[] }>(await service.get(path, user, ...roles))).percentiles;
};
const valuesOf = async (query: string) =>
  (await percentiles(query)).map(({ values }) => values.map(({ value }) => value));

describe('GET /api/statistics/percentiles', () => {
  test('has one element for all jobs, with the smallest values that enough jobs do not exceed', async () => {
    // Waits of 0, 60, 60 and 3600 s: 25 % are at most 0, 75 % at most 60.
    expect(await percentiles('of=wait&p=0,25,25.001,75,75.001,100')).toEqual([
      {
        id: '',
        jobs: 4,
        unknown: 2,
        values: [
          { p: 0, value: 0 },
          { p: 25, value: 0 },
          { p: 25.001, value: 60 },
          { p: 75, value: 60 },
          { p: 75.001, value: 3600 },
          { p: 100, value: 3600 },
        ],
      },
    ]);
  });

  test('has 50, 90 and 99 unless asked for others', async () => {
    expect(await valuesOf('of=wait')).toEqual([[60, 3600, 3600]]);
  });

  test('has groups in the order of their names, and pages of them', async () => {
    const shown = async (query: string) =>
      (await percentiles(`of=wait&p=50&group-by=partition${query}`)).map(({ id, jobs, unknown, values }) => [
        ...[id, jobs, unknown, values[0]?.value],
      ]);
    const all = [
      ['', 0, 1, null],
      ['gpu', 0, 1, null],
      ['work', 4, 0, 60],
    ];
    expect(await shown('')).toEqual(all);
    expect(await shown('&items-per-page=2&page=2')).toEqual(all.slice(2));
    expect(await shown('&page=3')).toEqual([]);
    expect(await shown('&user=bob')).toEqual(all.slice(0, 2));
  });

  test('counts running jobs until now, and leaves out what is not known', async () => {
    // Job 6 has run for 7200 of 9600 s. Job 1 has no energy.
    expect(await valuesOf('of=duration&p=100&user=bob')).toEqual([[7200]]);
    // It may use more of its walltime. Job 5 has used 60 of 7200 s.
    expect(await valuesOf('of=walltime-used&p=100&user=bob')).toEqual([[60 / 7200]]);
    expect(await percentiles('of=energy&p=1&user=ada')).toEqual([
      { id: '', jobs: 3, unknown: 1, values: [{ p: 1, value: 0.125 }] },
    ]);
    expect(await percentiles('of=metric.cpu_load_avg&p=50')).toMatchObject([
      { jobs: 1, unknown: 5, values: [{ value: 0.1 }] },
    ]);
    expect(await percentiles('of=num-acc&p=50')).toMatchObject([{ jobs: 6, unknown: 0, values: [{ value: 0 }] }]);
  });

  test('is one of the jobs that the caller may see', async () => {
    expect(await percentiles('of=wait&p=50', 'bob', 'user', 'api')).toMatchObject([{ jobs: 0, unknown: 2 }]);
    expect(await percentiles('of=wait&p=50&cluster=nowhere')).toMatchObject([{ jobs: 0, values: [{ value: null }] }]);
  });

  test.each([
    ['', 'of'],
    ['of=', 'of'],
    ['of=colour', 'of'],
    ['of=start-time', 'of'],
    ['of=metric.', 'of'],
    ["of=metric.x'", 'of'],
    ['of=wait&of=wait', 'of'],
    ...['', '50,', '-1', '100.001', '101', '1e1', 'NaN', '0x10', '50.0001', ' 50', '50;90'].map((p) => [
      `of=wait&p=${p}`,
      'p',
    ]),
    [`of=wait&p=${Array(21).fill('50').join()}`, 'p'],
    ['of=wait&group-by=colour', 'group-by'],
    ['of=wait&page=0', 'page'],
    ['of=wait&colour=red', 'colour'],
  ])('refuses %s by name', async (query, name) => {
    const [status, code, error] = await faultIn(await service.get(`/api/statistics/percentiles?${query}`));
    expect([status, code]).toEqual([400, 'invalid_request']);
    expect(error).toContain(name);
  });
});
