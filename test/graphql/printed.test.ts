import { expect, test } from 'vitest';
import { printed } from '../../src/graphql/printed.ts';
import { RawJson } from '../../src/graphql/raw-json.ts';

test('integers of 64 bits and texts of JSON are printed as they are', () => {
  const answer = { a: 2n ** 63n - 1n, b: [new RawJson('[1.50,null]'), 'x', { c: new RawJson('[]') }], d: Number.NaN };
  expect(printed(answer)).toBe('{"a":9223372036854775807,"b":[[1.50,null],"x",{"c":[]}],"d":null}');
  expect(printed({ a: '"$&' })).toBe('{"a":"\\"$&"}');
  expect(printed({ a: new RawJson('["$&$1"]') })).toBe('{"a":["$&$1"]}');
});
