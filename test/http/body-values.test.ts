import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { Fault } from '../../src/faults.ts';
import * as exact from '../../src/http/json/body-values.ts';
import { decimal, int32, int64, strictFields } from '../../src/http/json/body-values.ts';
import { losslessJson } from '../../src/lossless-json.ts';

const LIMITS = { values: 1_000, depth: 100 };
const checkedBody = <Schema extends z.ZodType>(text: string, schema: Schema) => exact.checkedBody(text, schema, LIMITS);

function problem(text: string, schema: z.ZodType): string {
  try {
    checkedBody(text, schema);
  } catch (error) {
    if (error instanceof Fault && error.code === 'invalid_request') return error.message;
    throw error;
  }
  throw new Error('nothing was wrong');
}

const Body = strictFields({ jobId: int64, cluster: z.string().optional() });

describe('a 64-bit integer of a request', () => {
  test.each([
    ['0', 0],
    ['-0', 0],
    ['42', 42],
    ['9007199254740991', 9007199254740991],
    ['9007199254740993', 9007199254740993n],
    ['9223372036854775807', 9223372036854775807n],
    ['-9223372036854775808', -9223372036854775808n],
  ])('is exact: %s', (text, value) => {
    expect(checkedBody(text, int64)).toEqual(value);
  });

  test.each(['1e3', '1.0', '1.5', '9223372036854775808', '-9223372036854775809', '"1"', 'true', 'null', '[]', '1E0'])(
    'is not %s',
    (text) => {
      expect(problem(text, int64)).toContain('must be a 64-bit integer');
    },
  );
});

test('a 32-bit integer ends where it ends', () => {
  expect(checkedBody('2147483647', int32)).toBe(2147483647);
  expect(problem('2147483648', int32)).toContain('32-bit');
});

test('a decimal may have a fraction and an exponent', () => {
  expect(checkedBody('1.5e3', decimal)).toBe(1500);
  expect(problem('1e999', decimal)).toContain('must be a number');
});

test('field names match in any case, and the last one counts', () => {
  expect(checkedBody('{"JOBID": 1, "jobid": 2, "Cluster": "a"}', Body)).toEqual({ jobId: 2, cluster: 'a' });
  expect(checkedBody('{"jobId": 1, "jobId": 3}', Body)).toEqual({ jobId: 3 });
});

test('an unknown field is named', () => {
  expect(problem('{"jobId": 1, "colour": "red"}', Body)).toBe('parsing request body failed: unknown field colour');
  expect(problem('{"jobId": 1, "__proto__": {}}', Body)).toContain('__proto__');
});

test('a field of the wrong type is named', () => {
  expect(problem('{"jobId": 1, "cluster": 7}', Body)).toContain('cluster: ');
});

test.each(['', ' \n', '{', '{"jobId":1} x', '{"jobId":1}{}', "{'jobId':1}", '{"jobId":NaN}', '[1,]'])(
  'what is not one JSON value is refused: %j',
  (text) => {
    expect(problem(text, Body)).toMatch(/^parsing request body failed: /);
  },
);

test('blanks around the value are fine', () => {
  expect(checkedBody(' \n{"jobId":1}\t\r\n ', Body)).toEqual({ jobId: 1 });
});

test('a body that is nested without end is refused, not the end of us', () => {
  expect(problem('['.repeat(200_000), z.unknown())).toMatch(/^parsing request body failed: /);
  expect(problem(`${'['.repeat(200_000)}${']'.repeat(200_000)}`, z.array(z.string()))).toMatch(/^parsing/);
});

test('bigints in an answer are whole numbers', () => {
  expect(losslessJson({ id: 9007199254740993n, list: [1n, 1.5], nothing: Number.NaN })).toBe(
    '{"id":9007199254740993,"list":[1,1.5],"nothing":null}\n',
  );
});
