import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BadHostList, expandHostList, MAX_HOSTS } from '../../src/clusters/hostlist.ts';
import { nodeListHas, parseNodeList } from '../../src/clusters/node-list.ts';

describe('a Slurm host list', () => {
  test.each([
    ['cpn-d12-14', ['cpn-d12-14']],
    ['n[1-3,05-07,9]', ['n1', 'n2', 'n3', 'n05', 'n06', 'n07', 'n9']],
    ['n[08-11]', ['n08', 'n09', 'n10', 'n11']],
    ['n[9-11]', ['n9', 'n10', 'n11']],
    ['a[1-2]b[3-4]', ['a1b3', 'a1b4', 'a2b3', 'a2b4']],
    ['n[1-2]-ib', ['n1-ib', 'n2-ib']],
    ['a1,b[2,4],c3.site', ['a1', 'b2', 'b4', 'c3.site']],
    ['[1-2]', ['1', '2']],
    [' n1 , n2 ', ['n1', 'n2']],
    ['', []],
  ])('%j expands in order, zeros kept', (list, hosts) => {
    expect(expandHostList(list)).toEqual(hosts);
  });

  test.each(['n[1-', 'n[3-1]', 'n[a-b]', 'n[]', 'n[1]]', 'None assigned', 'n(null)', 'n[1-2-3]'])(
    'refuses %j',
    (list) => {
      expect(() => expandHostList(list)).toThrow(BadHostList);
    },
  );

  test('that names more hosts than the limit is refused before it is made', () => {
    expect(expandHostList(`n[1-${MAX_HOSTS}]`)).toHaveLength(MAX_HOSTS);
    for (const list of [`n[1-${MAX_HOSTS + 1}]`, 'n[0-999999999999999]', 'a[1-999]b[1-999]', `n[1-${MAX_HOSTS}],x`]) {
      expect(() => expandHostList(list)).toThrow(/more than 65536 hosts/);
    }
  });
});

describe('node lists and host lists', () => {
  test('agree on which hosts a list of ranges names', () => {
    const prefix = fc.stringMatching(/^[a-z][a-z-]{0,3}$/);
    const range = fc.tuple(fc.integer({ min: 0, max: 99 }), fc.integer({ min: 0, max: 20 }));
    const twoDigits = (number: number) => String(Math.min(99, number)).padStart(2, '0');
    const term = fc.tuple(prefix, fc.array(range, { minLength: 1, maxLength: 3 })).map(([text, ranges]) => {
      const inner = ranges.map(([from, more]) => `${twoDigits(from)}-${twoDigits(from + more)}`);
      return `${text}[${inner.join()}]`;
    });
    fc.assert(
      fc.property(
        fc.array(term, { minLength: 1, maxLength: 3 }),
        prefix,
        fc.integer({ min: 0, max: 120 }),
        (terms, text, number) => {
          const list = parseNodeList(terms.join());
          const hosts = expandHostList(terms.join());
          expect(hosts.every((host) => nodeListHas(list, host))).toBe(true);
          for (const host of [`${text}${number}`, `${text}${twoDigits(number)}`, `${hosts[0]}0`]) {
            expect(nodeListHas(list, host)).toBe(hosts.includes(host));
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
