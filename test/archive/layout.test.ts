import { expect, test } from 'vitest';
import { clusterFolder, jobFolder } from '../../src/archive/layout.ts';

const job = { cluster: 'fern', jobId: 1_234_567, startTime: 1_700_000_000 };

test('the folder of a job is made of its cluster, id and start', () => {
  expect(jobFolder('/archive', job)).toBe('/archive/fern/1234/567/1700000000');
  expect(jobFolder('/archive', { ...job, jobId: 2n ** 63n - 1n })).toBe(
    '/archive/fern/9223372036854775/807/1700000000',
  );
});

test.each(['', '.', '..', '../..', 'a/b', '/etc', 'a\\b', '..\\x', 'a\0', 'a\nb', 'x'.repeat(256)])(
  'a cluster called %j leads nowhere',
  (cluster) => {
    expect(jobFolder('/archive', { ...job, cluster })).toBeUndefined();
    expect(() => clusterFolder('/archive', cluster)).toThrow('cannot be a directory name');
  },
);

test.each([{ jobId: -1 }, { jobId: -1n }, { startTime: -1 }, { startTime: 1.5 }, { jobId: 2 ** 53 }])(
  'a job with %o has no folder',
  (changes) => {
    expect(jobFolder('/archive', { ...job, ...changes })).toBeUndefined();
  },
);
