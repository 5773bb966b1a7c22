import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { printed } from '../../src/graphql/print-answer.ts';
import { RawJson } from '../../src/graphql/raw-json.ts';

const never = new AbortController();
const text = async (answer: unknown) => Buffer.concat(await printed(answer, never)).toString();

test('integers of 64 bits and texts of JSON are printed as they are', async () => {
  const answer = { a: 2n ** 63n - 1n, b: [new RawJson('[1.50,null]'), 'x', { c: new RawJson('[]') }], d: Number.NaN };
  expect(await text(answer)).toBe('{"a":9223372036854775807,"b":[[1.50,null],"x",{"c":[]}],"d":null}');
  expect(await text({ a: '"$&' })).toBe('{"a":"\\"$&"}');
  expect(await text({ a: new RawJson('["$&$1"]') })).toBe('{"a":["$&$1"]}');
});

test('in parts or at once, the text is that of JSON.stringify', async () => {
  const long = fc.array(fc.constantFrom('ü', 'x'.repeat(9_000), 1.5), { maxLength: 9 });
  await fc.assert(
    fc.asyncProperty(
      fc.object({ values: [fc.string(), fc.integer(), fc.constant(undefined), long] }),
      async (value) => {
        expect(await text(value)).toBe(JSON.stringify(value));
        const many = { none: undefined, list: Array.from({ length: 30 }, () => value), last: [] };
        expect(await text(many)).toBe(JSON.stringify(many));
      },
    ),
    { numRuns: 30 },
  );
});

test('a large answer leaves turns of the event loop to others, and ends at its deadline', async () => {
  let turns = 0;
  const timer = setInterval(() => {
    turns += 1;
  });
  onTestFinished(() => clearInterval(timer));
  const answer = { data: Array.from({ length: 200_000 }, (_, id) => ({ id, user: 'ada', resources: ['n1', 'n2'] })) };
  expect(await text(answer)).toBe(JSON.stringify(answer));
  expect(turns).toBeGreaterThan(2);
  const deadline = new AbortController();
  setTimeout(() => deadline.abort(new Error('late')));
  await expect(printed(answer, deadline)).rejects.toThrow('late');
});
