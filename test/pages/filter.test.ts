/** A filter as a form and as words: text only, without a browser. */
import { describe, expect, test } from 'vitest';
import { ClusterFileSchema } from '../../src/clusters/cluster-schema.ts';
import { Clusters } from '../../src/clusters/clusters.ts';
import { deriveCluster } from '../../src/clusters/derive-cluster.ts';
import { address, filterWords } from '../../src/pages/filter/filter-words.ts';
import { entriesOf, queryOfEntries } from '../../src/pages/filter/form-entries.ts';
import {
  decimalOf,
  durationText,
  idsOf,
  instantOf,
  instantText,
  secondsOf,
  wholeOf,
} from '../../src/pages/filter/number-notations.ts';
import { suggestSmaller } from '../../src/pages/filter/suggest-smaller.ts';
import { smallCluster } from '../support/small-cluster.ts';

describe('a duration', () => {
  test.each([
    ['45', '45'],
    ['0', '0'],
    ['007', '7'],
    ['90m', '5400'],
    ['2h30m', '9000'],
    ['2h 30m', '9000'],
    ['1d', '86400'],
    ['1d 4h', '100800'],
    ['1D4H', '100800'],
    ['1d2h3m4s', '93784'], // 86,400 + 7,200 + 180 + 4
    [' 10s ', '10'],
    ['1:30', '5400'],
    ['1:30:00', '5400'],
    ['0:00:05', '5'],
    ['100:00:01', '360001'],
    ['1:90', '9000'], // minutes may exceed 59: 60 + 90 min
    ['3h1h', '14400'],
  ])('%s is %s s', (text, seconds) => {
    expect(secondsOf(text)).toBe(seconds);
  });

  test.each([
    '',
    ' ',
    '-5',
    '1.5h',
    '2x',
    'h',
    '2h!',
    '1:2:3:4',
    '1:',
    ':30',
    '1h30',
    '99999999999999999',
    '1e3',
    '2h30m%',
  ])('%j is refused, with what can be written', (text) => {
    expect(() => secondsOf(text)).toThrow('enter a duration such as 2h30m, 90m, 1d or 1:30:00');
  });

  test('is written as it can be read, exactly', () => {
    expect([0, 59, 60, 3600, 5400, 86_400, 93_784].map((seconds) => durationText(String(seconds)))).toEqual([
      '0s',
      '59s',
      '1m',
      '1h',
      '1h30m',
      '1d',
      '1d2h3m4s',
    ]);
    expect(durationText('999999999999999999')).toBe('11574074074074d1h46m39s');
    for (const seconds of ['1', '61', '3661', '90061', '123456789']) {
      expect(secondsOf(durationText(seconds))).toBe(seconds);
    }
  });
});

describe('an instant', () => {
  // 20,783 days to 2026-11-26: (56 years * 365 + 14 leap days) + 329 days in the year.
  const DAY = 20_783 * 86_400;
  test.each([
    ['2026-11-26', DAY],
    ['2026-11-26T14:10', DAY + 51_000],
    ['2026-11-26 14:10', DAY + 51_000],
    ['2026-11-26T14:10:59', DAY + 51_059],
    ['2026-11-26T14:10:59.999', DAY + 51_059],
    ['1970-01-01', 0],
    [' 1795702200 ', 1_795_702_200],
  ])('%s in UTC is %s', (text, seconds) => {
    expect(instantOf(text)).toBe(String(seconds));
  });

  test('that is a day and the end of a range is its last second', () => {
    expect(instantOf('2026-11-26', 'inclusive')).toBe(String(DAY + 86_399));
    expect(instantOf('2026-11-26 14:10', 'inclusive')).toBe(String(DAY + 51_000));
  });

  test.each([
    '',
    'now',
    '2026-13-01',
    '2026-02-30x',
    '1969-12-31',
    '26-11-26',
    '2026-11-26T25:00',
    '2026-11-26Z',
    '-1',
  ])('%j is refused', (text) => {
    expect(() => instantOf(text)).toThrow('enter a time such as 2026-11-26 14:10');
  });

  test('is written for a field of a form, without seconds where there are none', () => {
    expect(instantText('1795702200')).toBe('2026-11-26T14:10');
    expect(instantText('1795702201')).toBe('2026-11-26T14:10:01');
    expect(instantText('0')).toBe('1970-01-01T00:00');
    expect([instantText('253402300800'), instantText('x')]).toEqual(['', '']);
    for (const seconds of ['0', '1', '1795702200', '253402300799']) {
      expect(instantOf(instantText(seconds))).toBe(seconds);
    }
  });
});

test('numbers and ids are digits alone', () => {
  expect([wholeOf(' 12 '), wholeOf('0')]).toEqual(['12', '0']);
  expect([decimalOf('0.5'), decimalOf('.5'), decimalOf('5.'), decimalOf('7')]).toEqual(['0.5', '.5', '5.', '7']);
  expect(idsOf(' 1, 2;3\n-4 ')).toEqual(['1', '2', '3', '-4']);
  expect(idsOf(' ')).toEqual([]);
  for (const text of ['', '-1', '1.0', '1e3', '0x1', '1234567890123456']) expect(() => wholeOf(text), text).toThrow();
  for (const text of ['', '.', '-1', '1e3', '1,5', 'NaN']) expect(() => decimalOf(text), text).toThrow();
  for (const text of ['x', '1.5', '1-2', '12345678901234567890']) expect(() => idsOf(text), text).toThrow();
});

/** Each is a filter as the API expects it. */
const FILTERS = [
  '',
  'user=ada&user.contains=b&project.not=p&job-name.starts-with=x%25_&node=n1&partition=q',
  'state=running&state=failed&shared=none&cluster=fern&subcluster=main&tag=1&tag=2',
  'duration=5400-&num-nodes=2-4&num-acc=-8&energy=0.5-1.5&num-hwthreads=1-',
  'start-time=1795702200-1795702260',
  'start-time=last7d',
  'start-time=-1795702200',
  'during=1795702200-1795702260&end-time=-1795702200',
  'during=last7d',
  'job-id=1&job-id=2&array-job-id=3&db-id=-4',
  'schedule=batch&metric.flops_any_avg=1.5-&metric.mem_used_max=-7',
];

test.each(FILTERS)('a form says what the filter said: %s', (text) => {
  const { query, problems } = queryOfEntries(entriesOf(new URLSearchParams(text)));
  expect(problems).toEqual(new Map());
  const sorted = (query: URLSearchParams) => [...query].toSorted(([a], [b]) => a.localeCompare(b)); // stable
  expect(sorted(query)).toEqual(sorted(new URLSearchParams(text)));
});

describe('what was typed into a form', () => {
  const sent = (text: string) => {
    const { query, problems } = queryOfEntries(new URLSearchParams(text));
    return [query.toString(), Object.fromEntries(problems)];
  };

  test.each([
    ['f.duration.from=1:30:00&f.duration.to=', 'duration=5400-'],
    ['f.duration.from=&f.duration.to=2h30m', 'duration=-9000'],
    ['f.start.from=2026-11-26T14:10&f.start.to=', 'start-time=1795702200-'],
    ['f.start=last24h&f.start.from=2026-11-26T14:10', 'start-time=last24h'],
    ['f.user=+ada+&f.user.is=&f.user=x&f.user.is=.not&f.user=&f.user.is=.contains', 'user=ada&user.not=x'],
    ['f.user=ada&f.user.is=.password', 'user=ada'], // an operator that does not exist
    ['f.job-id=1+2,3', 'job-id=1&job-id=2&job-id=3'],
    [
      'f.metric=flops_any_avg&f.metric.from=1&f.metric.to=&f.metric=&f.metric.from=&f.metric.to=',
      'metric.flops_any_avg=1-',
    ],
    ['f.state=&f.cluster=fern&f.schedule=', 'cluster=fern'],
    ['f.unknown=1&user=ada', ''],
  ])('%s becomes %s', (text, query) => {
    expect(sent(text)).toEqual([query, {}]);
  });

  test.each([
    ['f.duration.from=2x', 'duration', /^enter a duration/],
    ['f.duration.from=2h&f.duration.to=1h', 'duration', /^enter a range/],
    ['f.num-nodes.from=1.5', 'num-nodes', /^enter an integer/],
    ['f.energy.to=much', 'energy', /^enter a number/],
    ['f.start.from=tomorrow', 'start', /^enter a time/],
    ['f.job-id=one', 'job-id', /^enter integers/],
    ['f.metric=no%27key&f.metric.from=1', 'metric', /^choose a metric/],
    ['f.metric=flops_any_avg&f.metric.from=&f.metric.to=', 'metric', /^enter a lower or an upper limit/],
  ])('%s is said at its field, and the rest of the filter stays', (text, field, words) => {
    expect(sent(`${text}&f.user=ada`)).toEqual(['user=ada', { [field]: expect.stringMatching(words) }]);
  });
});

describe('a filter in words', () => {
  const TAGS = new Map([['1', 'app: code']]);
  const words = (text: string) => {
    const page = { path: '/jobs', query: new URLSearchParams(text), keep: new URLSearchParams('sort-by=energy') };
    const all = String(filterWords(page, TAGS));
    return [...all.matchAll(/<li><span class="of">(.*?)<\/span> <bdi>(.*?)<\/bdi><a href="(.*?)"/g)].map((found) =>
      found.slice(1),
    );
  };

  test.each([
    ['user=ada', 'User is', 'ada'],
    ['user.contains=%3Cb%3E', 'User contains', '&lt;b&gt;'],
    ['job-name.starts-with=x', 'Job name starts with', 'x'],
    ['node.not=n1', 'Node is not', 'n1'],
    ['num-nodes=2-4', 'Nodes', '2 to 4'],
    ['num-nodes=2-2', 'Nodes', '2'],
    ['num-nodes=2-', 'Nodes', 'from 2'],
    ['energy=-1.5', 'Energy', 'up to 1.5 kWh'],
    ['metric.flops_any_avg=1-', 'flops_any_avg', 'from 1'],
    ['start-time=last7d', 'Started', 'last 7 days'],
    ['start-time=1795702200-', 'Started', 'from <time datetime="2026-11-26T14:10Z">2026-11-26 14:10 UTC</time>'],
    ['state=out_of_memory', 'State', 'out of memory'],
    ['tag=1', 'Tag', 'app: code'],
    ['tag=2', 'Tag', 'id 2'],
    ['db-id=5', 'Database ids', '5'],
    ['schedule=batch', 'Schedule', 'batch'],
  ])('%s', (text, label, what) => {
    expect(words(text)).toEqual([[label, what, '/jobs?sort-by=energy']]);
  });

  test('takes one away, and all', () => {
    expect(words('user=ada&user=bob').map(([, , link]) => link)).toEqual([
      '/jobs?user=bob&amp;sort-by=energy',
      '/jobs?user=ada&amp;sort-by=energy',
    ]);
    expect(address('/jobs')).toBe('/jobs');
    expect(address('/jobs', new URLSearchParams({ user: 'a&b' }))).toBe('/jobs?user=a%26b');
  });
});

describe('a question that was too large', () => {
  const clusters = new Clusters([deriveCluster(ClusterFileSchema.parse(smallCluster()))]);
  /** The links below the filter, each with its text. */
  const offers = (query: string) => {
    const page = { path: '/jobs', query: new URLSearchParams(query), keep: new URLSearchParams('sort-by=duration') };
    const [, links = ''] = suggestSmaller(page, clusters).toString().split('Narrow the filter');
    return [...links.matchAll(/href="([^"]*)">([^<]*)</g)].map(([, to = '', text]) => [
      text,
      to.replaceAll('&amp;', '&'),
    ]);
  };

  test('is offered for shorter times and for each cluster, with the rest of the filter', () => {
    expect(offers('user=ada')).toEqual([
      ['last 6 hours', '/jobs?user=ada&start-time=last6h&sort-by=duration'],
      ['last 24 hours', '/jobs?user=ada&start-time=last24h&sort-by=duration'],
      ['last 7 days', '/jobs?user=ada&start-time=last7d&sort-by=duration'],
      ['last 30 days', '/jobs?user=ada&start-time=last30d&sort-by=duration'],
      ['only small', '/jobs?user=ada&cluster=small&sort-by=duration'],
      ['try again', '/jobs?user=ada&sort-by=duration'],
    ]);
  });

  test('is never offered for a longer time, or for another cluster', () => {
    expect(offers('start-time=last7d&cluster=small').map(([text]) => text)).toEqual([
      'last 6 hours',
      'last 24 hours',
      'try again',
    ]);
  });
});
