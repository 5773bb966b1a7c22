import { performance } from 'node:perf_hooks';
import { compare, hash } from 'bcryptjs';
import { afterEach, expect, test } from 'vitest';
import { type PasswordThread, passwordThread } from '../../src/nodejs/password-thread.ts';
import { ACCOUNTS, PASSWORD } from '../support/accounts.ts';
import { sendLogin } from '../support/login.ts';
import { testApp } from '../support/test-app.ts';

let thread: PasswordThread;
afterEach(() => thread.close());

const COST = 10; // as in cc-backend
const right = await hash(PASSWORD, COST);

/** The fraction of time, 0 to 1, for which the event loop of this thread was busy during `work`. */
async function busy(work: () => Promise<unknown>): Promise<number> {
  const before = performance.eventLoopUtilization();
  await work();
  return performance.eventLoopUtilization(before).utilization;
}

test('passwords are compared', async () => {
  thread = passwordThread();
  expect(await thread.compare(PASSWORD, right)).toBe(true);
  expect(await thread.compare('another', right)).toBe(false);
  expect(await thread.compare('another', 'not a hash')).toBe(false);
  expect(await thread.compare('another', `$2a$99$${'x'.repeat(53)}`)).toBe(false);
});

test('comparing leaves the event loop to the others', async () => {
  thread = passwordThread();
  await thread.compare('', right); // the thread has started
  const twenty = async (one: (password: string, of: string) => Promise<boolean>) => {
    for (let n = 0; n < 20; n += 1) await one(`wrong ${n}`, right);
  };
  expect(await busy(() => twenty(compare))).toBeGreaterThan(0.8);
  expect(await busy(() => twenty(thread.compare))).toBeLessThan(0.3);
});

test('made-up names on sixteen connections leave the event loop to the others, and an honest login works', async () => {
  thread = passwordThread();
  const service = await testApp({ sql: ACCOUNTS, service: () => ({ comparePassword: thread.compare }) });
  await sendLogin(service, { username: 'nobody', password: 'x' });
  const connection = async (of: number) => {
    for (let n = 0; n < 3; n += 1) {
      const answer = await sendLogin(service, { username: `made up ${of} ${n}`, password: 'x' });
      expect(answer.status).toBe(401);
    }
  };
  const attack = () => Promise.all(Array.from({ length: 16 }, (_, n) => connection(n)));
  expect(await busy(attack)).toBeLessThan(0.5);
  expect((await sendLogin(service, { username: 'ada', password: PASSWORD })).status).toBe(302);
  await service.close();
});

test('the thread starts with the first password and ends when it has been idle', async () => {
  thread = passwordThread({ idleMs: 1 });
  expect(thread.isRunning()).toBe(false);
  const matches = thread.compare(PASSWORD, right);
  expect(thread.isRunning()).toBe(true);
  expect(await matches).toBe(true);
  while (thread.isRunning()) await new Promise((resolve) => setTimeout(resolve, 1));
  expect(await thread.compare(PASSWORD, right)).toBe(true); // a new thread starts
});

test('a hash of an absurd cost ends the thread, not the service', async () => {
  thread = passwordThread({ longestMs: 50 });
  const absurd = right.replace('$10$', '$25$'); // would take half an hour
  await expect(thread.compare(PASSWORD, absurd)).rejects.toMatchObject({ code: 'connection_lost' });
  const again = passwordThread();
  expect(await again.compare(PASSWORD, right)).toBe(true);
  await again.close();
});

test('a thread that has ended in between is replaced', async () => {
  thread = passwordThread();
  const pending = thread.compare(PASSWORD, right.replace('$10$', '$25$'));
  const lost = expect(pending).rejects.toMatchObject({ code: 'connection_lost' });
  await thread.close();
  await lost;
  expect(await thread.compare(PASSWORD, right)).toBe(true);
});

test('passwords are hashed as cc-backend does, while others are compared', async () => {
  thread = passwordThread();
  const [hashed, matches] = await Promise.all([thread.hash(PASSWORD), thread.compare(PASSWORD, right)]);
  expect([hashed.slice(0, 7), matches]).toEqual(['$2a$10$', true]);
  expect(await thread.compare(PASSWORD, hashed)).toBe(true);
});
