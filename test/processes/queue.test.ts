/** The queue alone: its processes are names. */
import { expect, test } from 'vitest';
import { Fault } from '../../src/faults.ts';
import type { ManagedProcess } from '../../src/processes/managed-process.ts';
import type { Protocol } from '../../src/processes/protocol.ts';
import { Queue } from '../../src/processes/queue.ts';

const turnOf = (signal: AbortSignal) => ({ caller: 'ada', signal });
const never = turnOf(new AbortController().signal);
/** For one caller, who may use all processes. */
const limited = (limit: number) => ({ limit, callerLimit: limit, atOnce: { amongOthers: 9, alone: 9 } });
const named = (name: string) => name as unknown as ManagedProcess<Protocol>;

test('requests are served in their order, each in the tick in which there is a process for it', async () => {
  const queue = new Queue(limited(3));
  const served: unknown[] = [];
  const work = (name: string) => async (process: ManagedProcess<Protocol>) => {
    served.push([name, process]);
    return name;
  };
  const answers = ['a', 'b', 'c'].map((name) => queue.add(never, work(name)));
  expect([queue.length, served]).toEqual([3, []]);
  await expect(queue.add(never, work('d'))).rejects.toMatchObject({ code: 'queue_full' });
  expect(queue.serve(named('one'))).toBe(true);
  expect([queue.length, served]).toEqual([2, [['a', 'one']]]);
  queue.serve(named('two'));
  queue.serve(named('one'));
  expect(await Promise.all(answers)).toEqual(['a', 'b', 'c']);
  expect(served.slice(1)).toEqual([
    ['b', 'two'],
    ['c', 'one'],
  ]);
  expect(queue.serve(named('three'))).toBe(false);
});

test('one whose deadline passes while it waits is never begun, and gives its place back', async () => {
  const queue = new Queue(limited(1));
  const stop = new AbortController();
  const waiting = queue.add(turnOf(stop.signal), () => expect.fail('it was begun'));
  const reason = new Error('too late');
  stop.abort(reason);
  await expect(waiting).rejects.toBe(reason);
  expect([queue.length, queue.serve(named('one'))]).toEqual([0, false]);
});

test('a deadline that passes after the start is the business of the work', async () => {
  const queue = new Queue(limited(2));
  const stop = new AbortController();
  const work = Promise.withResolvers<string>();
  const first = queue.add(turnOf(stop.signal), () => work.promise);
  const second = queue.add(never, async () => 'second');
  queue.serve(named('one'));
  stop.abort(new Error('too late'));
  expect(queue.length).toBe(1);
  work.resolve('done');
  expect(await first).toBe('done');
  queue.serve(named('one'));
  expect(await second).toBe('second');
});

test('what the work throws is the answer of its request alone', async () => {
  const queue = new Queue(limited(2));
  const failing = queue.add(never, async () => {
    throw new Fault('internal', 'it broke');
  });
  const waiting = queue.add(never, async () => 'fine');
  queue.serve(named('one'));
  await expect(failing).rejects.toMatchObject({ message: 'it broke' });
  queue.serve(named('one'));
  expect(await waiting).toBe('fine');
});

test('when the service ends all that wait are refused with its reason, once', async () => {
  const queue = new Queue(limited(2));
  const all = [queue.add(never, async () => 1), queue.add(never, async () => 2)];
  const reason = new Fault('queue_full', 'the service is shutting down');
  queue.clear(reason);
  queue.clear(new Fault('queue_full', 'another'));
  for (const one of all) await expect(one).rejects.toBe(reason);
  expect([queue.length, queue.serve(named('one'))]).toEqual([0, false]);
});
