import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { scriptOf } from '../../src/cc-frontend/page-constants.ts';

const texts = fc.array(
  fc.constantFrom(
    '</script x',
    '<!--',
    '-->',
    ']]>',
    '&lt;',
    '\u2028',
    '\u2029',
    '"',
    '\\',
    "'",
    '`',
    '__proto__',
    '":',
    'a',
  ),
  { maxLength: 6 },
);
const values = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    texts.map((parts) => parts.join('')),
    fc.integer(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(
      texts.map((parts) => parts.join('')),
      tie('value'),
      { maxKeys: 3 },
    ),
  ),
})).value;

test('the script has the values, and no character that could end it', () => {
  fc.assert(
    fc.property(values, (value) => {
      const script = scriptOf({ x: value });
      expect(script).not.toMatch(/[<>&\u2028\u2029]/);
      const read = runInNewContext(`${script}JSON.stringify(x)`);
      expect(read).toBe(JSON.stringify(value));
    }),
    { examples: [[JSON.parse('{"__proto__":{"\\"__proto__":1}}')]] },
  );
});
