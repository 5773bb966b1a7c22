import { afterEach, expect, test, vi } from 'vitest';
import { consoleLog } from '../../src/worker/console-log.ts';

afterEach(() => vi.restoreAllMocks());

test('a line has 64-bit numbers as text, and errors with their causes', () => {
  const written = vi.spyOn(console, 'log').mockImplementation(() => {});
  const err = new Error('outer', { cause: new Error('inner') });
  consoleLog('info', { requestId: 'r' }).warn({ jobId: 2n ** 60n, err }, 'a warning');
  expect(JSON.parse(String(written.mock.calls[0]?.[0]))).toMatchObject({
    level: 40,
    requestId: 'r',
    jobId: '1152921504606846976',
    err: { type: 'Error', message: 'outer: Error: inner' },
    msg: 'a warning',
  });
});
