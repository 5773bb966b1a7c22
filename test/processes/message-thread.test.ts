/**
 * A thread that produces messages for its service: a limited number ahead, and none after the loop over them has ended.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { messagesOf } from '../../src/processes/message-thread.ts';
import { fixture, until } from '../support/pool.ts';

const counting = (made: Int32Array, signal = new AbortController().signal) =>
  messagesOf<number>({ file: fixture('thread-that-counts'), data: made, youngMb: 4, oldMb: 32 }, signal);
const shared = () => new Int32Array(new SharedArrayBuffer(4));
/** The number of JavaScript threads other than this one. */
const running = () => readdirSync('/proc/self/task').filter((task) => nameOf(task) === 'WorkerThread').length;
/** The system takes a moment to remove a thread that has ended. */
const allEnded = () => until(() => running() === 0, 2_000);

/** Empty for a thread that is gone by now. */
function nameOf(task: string): string {
  try {
    return readFileSync(`/proc/self/task/${task}/comm`, 'latin1').trim();
  } catch {
    return '';
  }
}

test('two messages are made before they are taken, and no more', async () => {
  const made = shared();
  const taken: number[] = [];
  for await (const message of counting(made)) {
    taken.push(message);
    await until(() => Atomics.load(made, 0) > message, 5_000); // the next one
    await sleep(20);
    expect(Atomics.load(made, 0)).toBe(message + 1);
    if (message === 5) break;
  }
  expect(taken).toEqual([1, 2, 3, 4, 5]);
});

test('the thread ends with the loop over its messages, and at its signal', async () => {
  await allEnded();
  for await (const message of counting(shared())) if (message === 1) break;
  await allEnded();
  const client = new AbortController();
  const messages = counting(shared(), client.signal);
  await messages.next();
  expect(running()).toBe(1);
  client.abort();
  await expect(messages.next().then(() => messages.next())).rejects.toThrow(/abort/i);
  await allEnded();
});

test('a thread that is within a call of libsql finishes it, since to terminate it would abort the process', async () => {
  const thread = { file: fixture('thread-that-queries'), data: null, youngMb: 4, oldMb: 64 };
  for (let time = 0; time < 5; time += 1) {
    for await (const message of messagesOf<string>(thread, new AbortController().signal)) {
      expect(message).toBe('counted');
      break;
    }
    await allEnded();
  }
});

test('a thread that does not end is terminated after five seconds', async () => {
  const thread = { file: fixture('thread-that-hangs'), data: null, youngMb: 4, oldMb: 32 };
  for await (const message of messagesOf<string>(thread, new AbortController().signal)) {
    expect(message).toBe('the only one');
    break;
  }
  await allEnded();
});
