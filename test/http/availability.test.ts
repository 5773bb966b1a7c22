/** Whether a server is asked: src/http/upstream/availability.ts. */
import { expect, test } from 'vitest';
import { Availability } from '../../src/http/upstream/availability.ts';

/** A server that did not answer a question asked at 0, found out at 2,000 ms. */
function down() {
  const server = new Availability();
  expect(server.begin(0)).toBe(true);
  expect(server.failed('it is dead', { beganAt: 0, now: 2_000 })).toBe(true);
  return server;
}

test('after a failure one question a wait is asked, and each wait is twice the last one, up to a minute', () => {
  const server = down();
  let now = 2_000;
  for (const wait of [5_000, 10_000, 20_000, 40_000, 60_000, 60_000]) {
    expect([server.begin(now + wait - 1), server.retryInMs(now)]).toEqual([false, wait]);
    now += wait;
    expect([server.begin(now), server.begin(now)]).toEqual([true, false]);
    expect(server.failed('it is still dead', { beganAt: now, now })).toBe(false);
    expect(server.reason).toBe('it is still dead');
  }
});

test('an answer ends the wait, and the next failure waits as the first one', () => {
  const server = down();
  server.begin(7_000);
  server.answered(7_001);
  expect([server.reason, server.begin(7_002), server.begin(7_002)]).toEqual([undefined, true, true]);
  server.failed('again', { beganAt: 7_002, now: 9_000 });
  expect(server.retryInMs(9_000)).toBe(5_000);
});

test('questions asked together fail once', () => {
  const server = down();
  expect(server.failed('another', { beganAt: 1, now: 2_001 })).toBe(false);
  expect([server.reason, server.retryInMs(2_000)]).toEqual(['it is dead', 5_000]);
});

test('a slow question does not stop the others of a server that answers', () => {
  const server = new Availability();
  server.begin(0);
  server.begin(10);
  server.answered(20);
  expect(server.failed('slow', { beganAt: 0, now: 2_000 })).toBe(false);
  expect([server.reason, server.begin(2_001)]).toEqual([undefined, true]);
});

test('a trial that was given up leaves it to the next question', () => {
  const server = down();
  expect(server.begin(7_000)).toBe(true);
  server.gaveUp();
  expect(server.begin(7_001)).toBe(true);
});
