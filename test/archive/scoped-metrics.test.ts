import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { answerArchiveRequest, type ScopedMetricsRequest } from '../../src/archive/archive-requests.ts';
import { writeFiles } from '../support/archive.ts';
import { testFolder } from '../support/folder.ts';

const job = { cluster: 'small', jobId: 1002, startTime: 1_700_000_000 };
const FILE = 'small/1/002/1700000000/data.json';
const unit = { base: 'F/s', prefix: 'G' };
const every = { scopes: null, resolution: null };

/** The entries as the parent parses them, or null. */
async function asked(file: unknown, changes: Partial<ScopedMetricsRequest> = {}) {
  const root = testFolder();
  await writeFiles(root, { [FILE]: file });
  const request: ScopedMetricsRequest = { kind: 'scopedMetrics', job, metrics: null, samples: every, ...changes };
  const { texts, ...answer } = await answerArchiveRequest(root, request);
  return { ...answer, entries: texts.map((text) => (text === null ? null : JSON.parse(text))) };
}

const series = (hostname: string, data: (number | null)[], id?: string) => ({
  hostname,
  ...(id === undefined ? {} : { id }),
  statistics: { min: 0.125, avg: 2.345, max: 3 },
  data,
});

describe('the metrics of a job', () => {
  test('are one text per metric and scope, with lists of samples as texts', async () => {
    const file = {
      cpu_load: { node: { unit: { base: '' }, timestep: 60, series: [series('n"1', [1.239, null, 0.125, 2])] } },
      flops_any: {
        core: { unit, timestep: 60, series: [series('n1', [null], '0')] },
        socket: { unit, timestep: 30, series: null },
      },
    };
    const { entries, problems } = await asked(file);
    expect(problems).toEqual([]);
    expect(entries).toEqual([
      {
        name: 'cpu_load',
        scope: 'node',
        metric: {
          unit: { base: '', prefix: '' },
          timestep: 60,
          // 1.239 is 1.24, and 0.125 goes to the even 0.12. Statistics are rounded half away from zero: 0.13, 2.35.
          series: [
            { hostname: 'n"1', id: null, statistics: { avg: 2.35, min: 0.13, max: 3 }, data: '[1.24,null,0.12,2]' },
          ],
          statisticsSeries: null,
        },
      },
      { name: 'flops_any', scope: 'socket', metric: { unit, timestep: 30, series: [], statisticsSeries: null } },
      {
        name: 'flops_any',
        scope: 'core',
        metric: {
          unit,
          timestep: 60,
          series: [{ hostname: 'n1', id: '0', statistics: { avg: 2.35, min: 0.13, max: 3 }, data: '[null]' }],
          statisticsSeries: null,
        },
      },
    ]);
  });

  test('of eight series have statistics over them, as texts', async () => {
    const eight = Array.from({ length: 8 }, (_, at) => series(`n${at}`, [at + 1, null]));
    const { entries } = await asked({ m: { node: { unit, timestep: 60, series: eight } } });
    // 1..8: the median is (4 + 5) / 2
    expect(entries[0].metric.statisticsSeries).toEqual({
      mean: '[]',
      median: '[4.5,null]',
      min: '[1,null]',
      max: '[8,null]',
    });
  });

  test('are those requested, without the hidden ones, and none is no error', async () => {
    const metric = { node: { unit, timestep: 60, series: [] } };
    const file = { a: metric, b: metric, c: metric };
    const names = async (changes: Partial<ScopedMetricsRequest>) =>
      (await asked(file, changes)).entries.map(({ name }) => name);
    expect(await names({ metrics: ['c', 'unknown', 'a'] })).toEqual(['c', 'a']);
    expect(await names({ without: ['b'] })).toEqual(['a', 'c']);
    expect(await names({ metrics: ['unknown'] })).toEqual([]);
    expect(await names({ metrics: [] })).toEqual([]);
  });

  test('are refused for a resolution that no time step divides, which is not a problem of the file', async () => {
    const file = { m: { node: { unit, timestep: 60, series: [series('n1', [1])] } } };
    expect(await asked(file, { samples: { scopes: null, resolution: 90 } })).toEqual({
      entries: [null],
      problems: [],
      refused: 'resolution 90 s is not a multiple of the time step of 60 s',
    });
  });

  test('are refused above 20,000 series, and above 32 MB of text', async () => {
    const empty = { hostname: 'n' };
    const file = (count: number) => ({ m: { node: { unit, timestep: 60, series: Array(count).fill(empty) } } });
    expect((await asked(file(20_000))).entries).toHaveLength(1);
    const refused = await asked(file(20_001), { samples: null });
    expect(refused).toEqual({
      entries: [null],
      problems: [],
      refused: 'the requested metrics have 20001 series: the limit is 20000',
    });
    // 2 series of 11 MB a metric
    const long = `[${'123456789012.34,'.repeat(700_000)}1]`;
    const one = `{"hostname":"n","data":${long}}`;
    const metric = `{"node":{"timestep":60,"series":[${Array(2).fill(one).join()}]}}`;
    const text = `{"a":${metric},"b":${metric}}`;
    expect((await asked(text)).refused).toMatch(/has more than 32 MB: request fewer metrics/);
    expect((await asked(text, { metrics: ['a'] })).entries[0].metric.series[0].data).toHaveLength(long.length);
  });
});

test('the statistics of all series are not rounded, and 0 where a series has none', async () => {
  const file = {
    m: {
      node: { unit, timestep: 60, series: [series('n1', [1]), { hostname: 'n2', data: [2] }] },
      core: { unit, timestep: 60, series: [series('n1', [1], '7')] },
    },
  };
  const { entries } = await asked(file, { samples: null });
  expect(entries).toEqual([
    {
      name: 'm',
      scope: 'node',
      stats: [
        { hostname: 'n1', id: null, data: { min: 0.125, avg: 2.345, max: 3 } },
        { hostname: 'n2', id: null, data: { min: 0, avg: 0, max: 0 } },
      ],
    },
    { name: 'm', scope: 'core', stats: [{ hostname: 'n1', id: '7', data: { min: 0.125, avg: 2.345, max: 3 } }] },
  ]);
});

test.each([
  ['a truncated file', '{"m":{"node":{"timestep":60,"series":[{"host'],
  ['NaN as a sample', '{"m":{"node":{"timestep":60,"series":[{"hostname":"n","data":[NaN]}]}}}'],
  ['a text as a sample', '{"m":{"node":{"timestep":60,"series":[{"hostname":"n","data":["1"]}]}}}'],
  ['a list', '[]'],
  ['an infinite statistic', '{"m":{"node":{"timestep":60,"series":[{"statistics":{"avg":1e999}}]}}}'],
])('%s in place of the data is null with its reason', async (_, file) => {
  const answer = await asked(file);
  expect(answer).toEqual({ entries: [null], problems: [expect.stringContaining('small/1/002/1700000000')] });
});

test('of random files every text has what the naive reading has', async () => {
  const number = fc.oneof(
    fc.integer({ min: -9999, max: 9999 }).map((cents) => cents / 100),
    fc.constant(null),
  );
  const one = fc.record({
    hostname: fc.string(),
    id: fc.option(fc.string(), { nil: undefined }),
    statistics: fc.record({ min: fc.integer(), avg: fc.integer(), max: fc.integer() }),
    data: fc.array(number, { maxLength: 5 }),
  });
  const metric = fc.record({
    unit: fc.record({ base: fc.string(), prefix: fc.string() }),
    timestep: fc.integer({ min: 1, max: 60 }),
    series: fc.array(one, { maxLength: 7 }),
  });
  const file = fc.dictionary(
    fc.string().filter((name) => name !== '__proto__'),
    fc.dictionary(fc.constantFrom('node', 'core', 'accelerator'), metric),
  );
  await fc.assert(
    fc.asyncProperty(file, async (data) => {
      const { entries } = await asked(data);
      const naive = Object.entries(data).flatMap(([name, perScope]) =>
        ['node', 'core', 'accelerator'].flatMap((scope) => {
          const { series = [], ...rest } = perScope[scope] ?? {};
          if (perScope[scope] === undefined) return [];
          const shown = series.map((each) => ({ ...each, id: each.id ?? null, data: JSON.stringify(each.data) }));
          return [{ name, scope, metric: { ...rest, series: shown, statisticsSeries: null } }];
        }),
      );
      expect(entries).toEqual(naive);
    }),
    { numRuns: Number(process.env.FUZZ_RUNS ?? 50) },
  );
});
