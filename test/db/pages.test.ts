import { expect, test } from 'vitest';
import type { Page } from '../../src/db/port.ts';
import type { PageStatement } from '../../src/db/statement.ts';
import { readAhead } from '../../src/questions/list/read-ahead.ts';

type Numbered = PageStatement<number>;

/** A list with this many batches, read two at a time if allowed. The test decides when each read is answered. */
function list(count: number, ahead: { mayRead: () => boolean; width: () => number }) {
  const asked: number[] = [];
  const answers = Array.from({ length: count }, () => Promise.withResolvers<Page<number>>());
  const statement = (nth: number): Numbered => ({
    name: String(nth),
    sql: '',
    parameters: [],
    more: { parse: Number },
  });
  const next = async (before: Page<number> | undefined, width = 1): Promise<Numbered[]> => {
    const from = before === undefined ? 0 : before.more + 1;
    const most = before === undefined ? 1 : width;
    return Array.from({ length: Math.min(most, count - from) }, (_, at) => statement(from + at));
  };
  const read = ({ name }: Numbered) => {
    asked.push(Number(name));
    return answers[Number(name)]?.promise ?? expect.fail(`no batch ${name}`);
  };
  const answer = (nth: number) => answers[nth]?.resolve({ bytes: new Uint8Array(), rows: 1, more: nth });
  return {
    asked,
    answer,
    fail: (nth: number) => answers[nth]?.reject(new Error(`batch ${nth}`)),
    all: readAhead(next, read, ahead),
  };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));
const TWO = { mayRead: () => true, width: () => 2 };

test('the first batch is read alone, then two side by side, and two more once the last of them is there', async () => {
  const { all, asked, answer } = list(6, TWO);
  answer(0);
  await all.next();
  await settled();
  expect(asked).toEqual([0]);
  const second = all.next();
  await settled();
  expect(asked).toEqual([0, 1, 2]);
  answer(2);
  await settled();
  expect(asked).toEqual([0, 1, 2, 3, 4]); // although the second has not been requested yet
  answer(1);
  expect((await second).value?.more).toBe(1); // in order
  answer(3);
  answer(4);
  await settled();
  expect(asked).toEqual([0, 1, 2, 3, 4]); // no others wait for a consumer
  expect((await all.next()).value?.more).toBe(2);
});

test('where nothing may be read ahead, the next are asked for when the last is taken', async () => {
  const { all, asked, answer } = list(4, { mayRead: () => false, width: () => 1 });
  for (const nth of [0, 1, 2]) {
    answer(nth);
    expect((await all.next()).value?.more).toBe(nth);
    await settled();
    expect(asked.at(-1)).toBe(nth);
  }
});

test('a batch that fails ends the list where it stands, whatever has come behind it', async () => {
  const { all, answer, fail } = list(5, TWO);
  answer(0);
  answer(2);
  fail(1);
  await all.next();
  await expect(all.next()).rejects.toThrow('batch 1');
  expect(await all.next()).toEqual({ done: true, value: undefined });
});

test('a consumer that leaves ends the reading', async () => {
  const { all, asked, answer } = list(6, TWO);
  answer(0);
  answer(1);
  await all.next();
  await all.next();
  await all.return();
  answer(2);
  await settled();
  expect(asked).toEqual([0, 1, 2]);
});
