import { describe, expect, test } from 'vitest';
import { OURSELVES } from '../src/deadline.ts';
import { FairQueue, type ShareLimits, type Waiting } from '../src/fair-queue.ts';
import { Fault } from '../src/faults.ts';

const WIDE = { amongOthers: 1_000, alone: 1_000 };

/** Shares, and the refused requests. The name of a request is its caller and a number. */
function sharesOf(limits: Partial<ShareLimits> = {}) {
  const shares = new FairQueue<Waiting & { name: string }>({
    limit: 1_000,
    callerLimit: 1_000,
    atOnce: WIDE,
    ...limits,
  });
  const refused: string[] = [];
  const add = (name: string, counts = true) => {
    const caller = name.replace(/\d+$/, '');
    shares.asked(caller);
    shares.add({
      ...{ name, caller, counts },
      refuse: (reason) => refused.push(`${name}: ${reason instanceof Fault ? reason.message : 'something else'}`),
    });
  };
  const served = (most = 1_000) => {
    const names: string[] = [];
    for (let next = shares.next(); next !== undefined; next = shares.next()) {
      names.push(next.name);
      if (names.length === most) break;
    }
    return names;
  };
  return { shares, add, served, refused };
}

/** A request that runs until the returned function ends it. */
function atWork({ shares }: ReturnType<typeof sharesOf>, caller: string) {
  const { promise, resolve } = Promise.withResolvers<void>();
  const ended = shares.run(caller, () => promise);
  return async () => {
    resolve();
    await ended;
  };
}

describe('turns', () => {
  test('callers are served in turn, each in the order of its requests', () => {
    const { add, served } = sharesOf();
    for (const name of ['ada1', 'ada2', 'ada3', 'ada4', 'ben1', 'ben2', 'cleo1']) add(name);
    expect(served()).toEqual(['ada1', 'ben1', 'cleo1', 'ada2', 'ben2', 'ada3', 'ada4']);
  });

  test('a caller who comes again goes to the end of the round', () => {
    const { add, served } = sharesOf();
    for (const name of ['ada1', 'ben1', 'cleo1']) add(name);
    expect(served(1)).toEqual(['ada1']);
    add('ada2');
    expect(served()).toEqual(['ben1', 'cleo1', 'ada2']);
  });

  test('who has the fewest at work comes first', async () => {
    const all = sharesOf();
    const ends = ['ada', 'ada', 'ben'].map((caller) => atWork(all, caller));
    for (const name of ['ada1', 'ben1', 'cleo1']) all.add(name);
    expect(all.served()).toEqual(['cleo1', 'ben1', 'ada1']);
    await Promise.all(ends.map((end) => end()));
  });

  test('one that gives up leaves the order of the others', () => {
    const { shares, add, served } = sharesOf();
    for (const name of ['ada1', 'ada2']) add(name);
    const gone = { name: 'ben1', caller: 'ben', counts: true, refuse() {} };
    shares.add(gone);
    expect([shares.remove(gone), shares.remove(gone)]).toEqual([true, false]);
    expect(served()).toEqual(['ada1', 'ada2']);
    expect(shares.length).toBe(0);
  });
});

describe('what is left to others', () => {
  const atOnce = { amongOthers: 2, alone: 3 };

  test('alone a caller may have everything at work', async () => {
    const all = sharesOf({ atOnce });
    const ends = ['ada', 'ada'].map((caller) => atWork(all, caller));
    all.add('ada1');
    expect(all.served()).toEqual(['ada1']);
    await Promise.all(ends.map((end) => end()));
  });

  test('not when another has asked: what is left goes to the other one', async () => {
    const all = sharesOf({ atOnce });
    const ends = ['ada', 'ada'].map((caller) => atWork(all, caller));
    all.shares.asked('ben');
    all.add('ada1');
    expect([all.shares.anyMayBegin, all.served()]).toEqual([false, []]);
    all.add('ben1');
    expect(all.served()).toEqual(['ben1']);
    await ends[0]?.();
    expect(all.served()).toEqual(['ada1']);
    await ends[1]?.();
  });

  test('our own work is not another caller', async () => {
    const all = sharesOf({ atOnce });
    const ends = ['ada', 'ada'].map((caller) => atWork(all, caller));
    all.shares.asked(OURSELVES);
    all.add('ada1');
    expect(all.served()).toEqual(['ada1']);
    await Promise.all(ends.map((end) => end()));
  });
});

describe('limits', () => {
  const own = (count: number) => `${count} of your own requests are already running or waiting`;

  test('a caller on its own fills the whole queue, and is told that it is its own', () => {
    const { shares, add } = sharesOf({ limit: 4, callerLimit: 2 });
    for (const name of ['ada1', 'ada2', 'ada3', 'ada4']) add(name);
    expect(() => add('ada5')).toThrow(own(4));
    expect(shares.length).toBe(4);
  });

  test('the limit of one caller binds while others wait, what is at work included', async () => {
    const all = sharesOf({ limit: 100, callerLimit: 3 });
    const end = atWork(all, 'ada');
    for (const name of ['ada1', 'ada2', 'ada3']) all.add(name);
    all.add('ben1');
    expect(() => all.add('ada4')).toThrow(own(4));
    all.add('ben2');
    expect(all.served()).toEqual(['ben1', 'ben2', 'ada1', 'ada2', 'ada3']);
    await end();
  });

  test('a newcomer gets into a full queue, for the last of the caller with the most', () => {
    const { add, served, refused } = sharesOf({ limit: 4 });
    for (const name of ['ada1', 'ada2', 'ada3', 'ben1']) add(name);
    add('cleo1');
    expect(refused).toEqual([expect.stringMatching(`^ada3: ${own(3)}`)]);
    expect(served()).toEqual(['ada1', 'ben1', 'cleo1', 'ada2']);
  });

  test('a queue full of callers with one request each refuses the next one, who has not filled it', () => {
    const { add, refused } = sharesOf({ limit: 2 });
    for (const name of ['ada1', 'ben1']) add(name);
    expect(() => add('cleo1')).toThrow('too many requests are waiting');
    expect(() => add('ada2')).toThrow('too many requests are waiting');
    expect(refused).toEqual([]);
  });

  test('what has begun gets a place in a full queue, takes none of the others and is never refused', () => {
    const { add, served, refused } = sharesOf({ limit: 2, callerLimit: 1 });
    for (const name of ['ada1', 'ada2']) add(name);
    add('ada3', false);
    add('ben1');
    expect(refused).toEqual([expect.stringMatching('^ada2: ')]);
    expect(served()).toEqual(['ada1', 'ben1', 'ada3']);
  });

  test('refused requests leave nothing: the queue is as long as before, and empty in the end', () => {
    const { shares, add, served } = sharesOf({ limit: 3 });
    for (let number = 1; number <= 3; number += 1) add(`ada${number}`);
    for (let number = 1; number <= 50; number += 1) expect(() => add(`ada${number}`)).toThrow(own(3));
    expect(shares.length).toBe(3);
    expect(served()).toHaveLength(3);
    add('ben1');
    expect(served()).toEqual(['ben1']);
  });
});
