import { describe, expect, test } from 'vitest';
import { countNodes, hostsFrom, nodeListHas, parseNodeList } from '../../src/clusters/node-list.ts';

const digits = (begin: string) => Array.from({ length: 10 }, (_, digit) => `${begin}${digit}`);

describe('a node list', () => {
  const has = (list: string, host: string) => nodeListHas(parseNodeList(list), host);

  test('holds the numbers of a range in exactly its digits', () => {
    expect(['n01', 'n10', 'n05'].map((host) => has('n[01-10]', host))).toEqual([true, true, true]);
    expect(['n1', 'n011', 'n00', 'n11', 'n', 'm01', 'n0x'].some((host) => has('n[01-10]', host))).toBe(false);
  });

  test('may have several terms, ranges and texts behind a bracket', () => {
    const list = 'a-[001-003,007-009],login1,r[1-2]n[1-4]-ib';
    expect(['a-002', 'a-009', 'login1', 'r2n4-ib'].every((host) => has(list, host))).toBe(true);
    expect(['a-004', 'login', 'login11', 'r3n1-ib', 'r1n1'].some((host) => has(list, host))).toBe(false);
  });

  test('is counted by the first two parts of each term', () => {
    // 3 + 3 + 1
    expect(countNodes(parseNodeList('a-[001-003,007-009],login1'))).toBe(7);
    expect(countNodes(parseNodeList('r[1-2]n[1-4]'))).toBe(2);
  });

  test.each([
    ['n0', ['n08', 'n09']],
    ['n1', ['n10', 'n11']],
    ['n11', ['n11']],
    ['n111', []],
    ['nx', []],
    ['lo', ['login1']],
    ['r2', ['r2n3-ib', 'r2n4-ib']],
    ['r1n4-', ['r1n4-ib']],
    ['big000000000000', []],
    ['big90000000000000', digits('big90000000000000')],
  ])('yields the hosts that begin with %s', (prefix, hosts) => {
    const list = parseNodeList('n[08-11],login1,r[1-2]n[3-4]-ib,big[100000000000000-999999999999999]');
    expect([...hostsFrom(list, prefix)]).toEqual(hosts);
  });

  test.each(['n[1-10]', 'n[5]', 'n[1,2]', 'n 1', 'n.1', 'n_1', 'n[01-02', 'n]', 'a,,b', ',a', '', 'n[]'])(
    'refuses %j',
    (list) => {
      expect(() => parseNodeList(list)).toThrow(/node list/);
    },
  );
});
