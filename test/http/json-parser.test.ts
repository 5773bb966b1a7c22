import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Fault } from '../../src/faults.ts';
import { JsonNumber, readJson } from '../../src/http/json/json-parser.ts';

const LIMITS = { values: 10_000, depth: 100 };

/** The result of JSON.parse, with numbers as they were written. */
function parsed(text: string): unknown {
  type Parse = (
    text: string,
    reviver: (key: string, value: unknown, context: { source: string }) => unknown,
  ) => unknown;
  return (JSON.parse as Parse)(text, (_, value, { source }) => (typeof value === 'number' ? { source } : value));
}

/** The same from our reader. A number that was read as one is shown as it was written. */
function read(text: string): unknown {
  const plain = (value: unknown): unknown => {
    if (typeof value === 'number') return { source: String(value) };
    if (value instanceof JsonNumber) return { source: value.source };
    if (Array.isArray(value)) return value.map(plain);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, plain(member)]));
  };
  return plain(readJson(text, LIMITS));
}

const NUMBERS = ['0', '-0', '7', '-7', '1.0', '1e3', '1E-3', '-1.5e+7', '123456789012345', '9007199254740993', '1e999'];
const json = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'medium', withCrossShrink: true },
    fc.constantFrom('true', 'false', 'null', '""', '"\\u00e9\\n\\"\\\\"', '"\\ud800"', ...NUMBERS),
    fc.string({ unit: 'binary' }).map((text) => JSON.stringify(text)),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
    fc.array(tie('value')).map((members) => `[ ${members.join(' ,\t')}]`),
    fc
      .array(fc.tuple(fc.oneof(fc.constantFrom('__proto__', 'a', '7', ''), fc.string()), tie('value')))
      .map((members) => `{${members.map(([key, value]) => `${JSON.stringify(key)}\r\n:${value}`).join(', ')} }`),
  ),
})).value;

test('a text reads as JSON.parse reads it, and its numbers as they were written', () => {
  fc.assert(
    fc.property(json, (text) => {
      expect(read(` ${text}\n`)).toEqual(parsed(text));
    }),
    { numRuns: 2_000 },
  );
});

test('what JSON.parse refuses is refused, with its words', () => {
  const broken = fc.tuple(
    json,
    fc.nat(),
    fc.constantFrom('', ',', '"', '}', ']', '0', '-', '.', 'e', '\\', '\u0001', 'x', ':'),
  );
  let refused = 0;
  fc.assert(
    fc.property(broken, ([text, at, inserted]) => {
      const place = at % (text.length + 1);
      const tried = inserted === '' ? text.slice(0, place) : text.slice(0, place) + inserted + text.slice(place);
      let expected: unknown;
      try {
        expected = parsed(tried);
      } catch (error) {
        refused += 1;
        const words = tried.trim() === '' ? 'the body is empty' : (error as Error).message;
        expect(() => readJson(tried, LIMITS)).toThrow(`parsing request body failed: ${words}`);
        return;
      }
      expect(read(tried)).toEqual(expected);
    }),
    { numRuns: 3_000 },
  );
  expect(refused).toBeGreaterThan(500);
});

describe('a limit holds to the value', () => {
  const problem = (text: string, limits: { values: number; depth: number }) => {
    try {
      readJson(text, limits);
    } catch (error) {
      if (error instanceof Fault && error.code === 'invalid_request') return error.message;
      throw error;
    }
    return 'none';
  };

  test('of values', () => {
    const text = '{"a":[1,"b",{}],"c":null}'; // 6 values: two objects, a list, 1, "b", null
    expect(problem(text, { values: 6, depth: 9 })).toBe('none');
    expect(problem(text, { values: 5, depth: 9 })).toBe('parsing request body failed: more than 5 values');
  });

  test('of depth', () => {
    const text = '[[{"a":[]}]]';
    expect(problem(text, { values: 9, depth: 4 })).toBe('none');
    expect(problem(text, { values: 9, depth: 3 })).toMatch(/nested too deeply: more than 3/);
    expect(problem('['.repeat(1_000_000), LIMITS)).toMatch(/nested too deeply/);
  });

  test('before what comes after it is looked at', () => {
    expect(problem('[1,1,1,x', { values: 3, depth: 9 })).toMatch(/more than 3 values/);
  });
});
