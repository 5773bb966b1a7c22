import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeGobMap } from '../../src/http/auth/decode-go-gob.ts';
import { type GobEntry, gobIn, gobOf, VECTORS } from '../support/cc-backend-session.ts';

/** What cc-backend wrote, in its order. */
const WRITTEN: Readonly<Record<keyof typeof VECTORS, readonly GobEntry[]>> = {
  ada: [
    ['username', 'ada'],
    ['projects', []],
    ['roles', ['user']],
    ['authSource', 0],
  ],
  max: [
    ['roles', ['manager', 'user']],
    ['authSource', 0],
    ['username', 'max'],
    ['projects', ['iwi5', 'caph']],
  ],
  root: [
    ['username', 'root'],
    ['projects', []],
    ['roles', ['admin', 'api']],
    ['authSource', 0],
  ],
};
const users = Object.keys(VECTORS) as (keyof typeof VECTORS)[];
const ada = gobIn(VECTORS.ada.cookie);

describe('the gob of a session', () => {
  test.each(users)('of %s is read as cc-backend wrote it', (user) => {
    const gob = gobIn(VECTORS[user].cookie);
    expect(decodeGobMap(gob)).toEqual(new Map(WRITTEN[user]));
    expect(gobOf(WRITTEN[user])).toEqual(gob); // gobOf writes what Go writes
  });

  test('of any strings, lists and integers is read back', () => {
    const string = fc.oneof(fc.string({ unit: 'grapheme' }), fc.string({ minLength: 100, maxLength: 400 }));
    const value = fc.oneof(string, fc.array(string), fc.integer({ min: -32_768, max: 32_767 }));
    const entries = fc.uniqueArray(fc.tuple(string, value), { selector: ([key]) => key });
    fc.assert(
      fc.property(entries, (given) => {
        expect(decodeGobMap(gobOf(given))).toEqual(new Map(given));
      }),
    );
  });

  test('is none if it is cut off, or goes on', () => {
    for (const user of users) {
      const gob = gobIn(VECTORS[user].cookie);
      for (let length = 0; length < gob.length; length += 1) {
        expect(decodeGobMap(gob.subarray(0, length)), `${user}, ${length} bytes`).toBeUndefined();
      }
      for (const more of [0, 1, 0xff]) expect(decodeGobMap(Uint8Array.from([...gob, more]))).toBeUndefined();
    }
  });

  test('is none if it is random bytes, alone or after a good beginning', () => {
    const random = fc.uint8Array({ maxLength: 4096 });
    const start = fc.nat(ada.length - 1).map((length) => ada.subarray(0, length));
    fc.assert(fc.property(random, (bytes) => decodeGobMap(bytes) === undefined));
    fc.assert(
      fc.property(start, random, (good, bytes) => {
        const map = decodeGobMap(Uint8Array.from([...good, ...bytes]));
        expect([...(map?.values() ?? [])].every(isSupported)).toBe(true);
      }),
    );
  });

  test('with any one byte changed is still a map of supported values, or none', () => {
    const bytes = Array.from({ length: 256 }, (_, byte) => byte);
    for (const at of ada.keys()) {
      const values = bytes.flatMap((byte) => [...(decodeGobMap(ada.with(at, byte))?.values() ?? [])]);
      expect(
        values.filter((value) => !isSupported(value)),
        `byte ${at}`,
      ).toEqual([]);
    }
  });
});

function isSupported(value: unknown): boolean {
  const isList = Array.isArray(value) && value.every((item) => typeof item === 'string');
  return isList || typeof value === 'string' || Number.isSafeInteger(value);
}

describe('what is not a gob of a session', () => {
  const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));
  const MAP = '0d 7f0401 02ff8000 0110 0110 0000'; // the definition of the map, as in VECTORS
  const NAME = '06 737472696e67 0c 03 00 01 61'; // the string "a"

  test('a map as below is one', () => {
    expect(decodeGobMap(hex(`${MAP} 1c ff80 00 01 ${NAME} ${NAME}`))).toEqual(new Map([['a', 'a']]));
  });

  test.each([
    ['another type of map: map[string]interface{}', '0d 7f0401 02ff8000 010c 0110 0000 04 ff80 00 00'],
    ['a map whose id is not the defined one', `${MAP} 04 ff82 00 00`],
    ['a type with the id of a basic type', '0c 0f0401 0210 0001 1001 1000 00 03 10 00 00'],
    ['a key that is an integer', `${MAP} 18 ff80 00 01 03 696e74 04 02 00 02 ${NAME}`],
    ['a key that occurs twice', `${MAP} 34 ff80 00 02 ${NAME} ${NAME} ${NAME} ${NAME}`],
    ['a value without a type', `${MAP} 11 ff80 00 01 ${NAME} 00`],
    ['a boolean', `${MAP} 19 ff80 00 01 ${NAME} 04 626f6f6c 02 02 00 01`],
    ['a string with the id of an integer', `${MAP} 1c ff80 00 01 ${NAME} 06 737472696e67 04 03 00 01 61`],
    ['an integer of three bytes', `${MAP} 1b ff80 00 01 ${NAME} 03 696e74 04 05 00 fd 010000`],
    ['a value longer than it says', `${MAP} 1c ff80 00 01 ${NAME} 06 737472696e67 0c 02 00 01 61`],
    ['a value shorter than it says', `${MAP} 1c ff80 00 01 ${NAME} 06 737472696e67 0c 04 00 01 61`],
    ['a text that is not UTF-8', `${MAP} 1c ff80 00 01 ${NAME} 06 737472696e67 0c 03 00 01 ff`],
    ['more entries than bytes', `${MAP} 1e ff80 00 feffff ${NAME} ${NAME}`],
    ['a message that ends in its last text', `${MAP} 1b ff80 00 01 ${NAME} ${NAME}`],
    ['a message longer than the bytes', `${MAP} 1d ff80 00 01 ${NAME} ${NAME}`],
    ['a message of 2 ** 64 - 1 bytes', `${MAP} f8ffffffffffffffff ff80 00 01 ${NAME} ${NAME}`],
    ['a definition in the message of the map', `11 7f0401 02ff8000 0110 0110 0000 ff80 00 00`],
  ])('%s', (_, text) => {
    expect(decodeGobMap(hex(text))).toBeUndefined();
  });
});
