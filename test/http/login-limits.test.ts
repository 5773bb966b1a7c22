import { afterEach, describe, expect, test } from 'vitest';
import { startDeadline } from '../../src/deadline.ts';
import { Passwords } from '../../src/http/auth/compare-passwords.ts';
import { LoginLimit } from '../../src/http/auth/login-limit.ts';
import { ACCOUNTS, PASSWORD } from '../support/accounts.ts';
import { LOGIN_KEY, loginToken, sendLogin } from '../support/login.ts';
import { NOW, type TestApp, testApp } from '../support/test-app.ts';

let service: TestApp | undefined;
afterEach(async () => {
  await service?.close();
  service = undefined;
});

/** A service for which the test sets the address of the clients and the time. */
async function started() {
  const world = { now: NOW, address: '192.0.2.1' };
  const app = await testApp({
    sql: ACCOUNTS,
    settings: { CROSS_LOGIN_JWT_HS512_KEY: LOGIN_KEY },
    service: () => ({ clock: () => world.now, clientAddress: () => world.address, comparePassword: quick }),
  });
  service = app;
  const attempt = async (username: string, password = PASSWORD) =>
    (await sendLogin(app, { username, password })).status;
  return { app, world, attempt };
}

/** Accepts only the password of the account, without the time that bcrypt takes. */
async function quick(password: string): Promise<boolean> {
  return password === PASSWORD;
}

describe('failures of one name from one address', () => {
  test('are five, then one every three minutes; what succeeds does not count', async () => {
    const { world, attempt } = await started();
    const statuses = [];
    for (const password of [PASSWORD, '1', '2', PASSWORD, '3', '4', PASSWORD, '5', PASSWORD, '6']) {
      statuses.push(await attempt('root', password));
    }
    expect(statuses).toEqual([302, 401, 401, 302, 401, 401, 302, 401, 401, 401]);
    world.now += 179;
    expect(await attempt('root')).toBe(401);
    world.now += 1;
    expect([await attempt('root'), await attempt('root')]).toEqual([302, 302]);
    expect([await attempt('root', 'x'), await attempt('root')]).toEqual([401, 401]);
  });

  test('keep out neither another name nor another address', async () => {
    const { world, attempt } = await started();
    for (const password of '12345') await attempt('root', password);
    expect([await attempt('root'), await attempt('max')]).toEqual([401, 302]);
    world.address = '192.0.2.2';
    expect(await attempt('root')).toBe(302);
  });

  test('count by the /64 of an IPv6 address', async () => {
    const { world, attempt } = await started();
    for (const password of '12345') {
      world.address = `2001:db8:1:2::${password}`;
      await attempt('root', password);
    }
    world.address = '2001:db8:1:2:9:9:9:9';
    expect(await attempt('root')).toBe(401);
    world.address = '2001:db8:1:3::1';
    expect(await attempt('root')).toBe(302);
  });

  test('that are sent at once are counted before the first has ended', async () => {
    const { app } = await started();
    const form = (n: number) => sendLogin(app, { username: 'root', password: `guess ${n}` });
    const answers = await Promise.all(Array.from({ length: 12 }, (_, n) => form(n)));
    const pages = await Promise.all(answers.map((answer) => answer.text()));
    expect(pages.filter((page) => page.includes('Wrong user name or password'))).toHaveLength(5);
    expect(pages.filter((page) => page.includes('Too many'))).toHaveLength(7);
  });
});

describe('failures of one address over all names', () => {
  test('are a hundred, then one every six seconds', async () => {
    const { world, attempt } = await started();
    for (let n = 0; n < 100; n += 1) await attempt(`made up ${n}`, 'x');
    expect(await attempt('ada')).toBe(401);
    world.now += 6;
    expect([await attempt('ada'), await attempt('made up', 'x'), await attempt('ada')]).toEqual([302, 401, 401]);
    world.address = '192.0.2.2';
    expect(await attempt('ada')).toBe(302);
  });

  test('do not come of logins that succeed: a whole site may have one address', async () => {
    const { attempt } = await started();
    const statuses = new Set<number>();
    for (let n = 0; n < 150; n += 1) statuses.add(await attempt(n % 2 === 0 ? 'ada' : 'sue'));
    expect([...statuses]).toEqual([302]);
  });
});

test('bad login tokens use up the attempts of nobody', async () => {
  const { app, attempt } = await started();
  for (let n = 0; n < 120; n += 1) {
    expect((await app.app.request('/jwt-login?login-token=x.y.z')).status).toBe(401);
  }
  const good = await loginToken({ sub: 'mia', roles: ['user'] });
  for (let n = 0; n < 10; n += 1) {
    expect((await app.app.request(`/jwt-login?login-token=${good}`)).status).toBe(302);
  }
  expect(await attempt('ada')).toBe(302);
});

test('what is remembered of attempts is bounded', () => {
  const limit = new LoginLimit();
  for (let n = 0; n < 25_000; n += 1) limit.take(`10.0.${n >> 8}.${n & 255}`, `name ${n} ${'x'.repeat(1_000)}`, NOW);
  expect(limit.size).toBe(20_000);
  limit.giveBack('10.0.97.167', `name 24999 ${'x'.repeat(1_000)}`, NOW);
  expect(limit.size).toBe(19_998);
});

describe('passwords that wait', () => {
  /** Compares nothing until it is released, and records the order. */
  function slow() {
    const order: string[] = [];
    const gate = Promise.withResolvers<void>();
    const compare = async (password: string) => {
      order.push(password);
      await gate.promise;
      return true;
    };
    return { order, open: gate.resolve, passwords: new Passwords(compare) };
  }
  const attempt = (passwords: Passwords, password: string, address: string, deadline = startDeadline(30_000)) =>
    passwords.match({ password, hash: 'hash', address }, deadline).finally(() => deadline.clear());

  test('are compared in turns of their addresses', async () => {
    const { order, open, passwords } = slow();
    const all = ['a1', 'a2', 'a3', 'b1', 'c1', 'b2'].map((name) => attempt(passwords, name, name.slice(0, 1)));
    open();
    await Promise.all(all);
    expect(order).toEqual(['a1', 'a2', 'b1', 'c1', 'a3', 'b2']);
  });

  test('are sixteen of an address and 64 in all', async () => {
    const { open, passwords } = slow();
    const refused: string[] = [];
    const all = [];
    for (const address of 'abcde') {
      for (let n = 0; n < 18; n += 1) {
        all.push(attempt(passwords, '', address).catch(({ code }) => refused.push(`${address} ${code}`)));
      }
    }
    await Promise.resolve();
    open();
    await Promise.all(all);
    // One of a is being compared, and 16 of each wait. All of e are too many.
    expect(refused.filter((text) => text === 'a queue_full')).toHaveLength(1);
    expect(refused.filter((text) => text === 'b queue_full')).toHaveLength(2);
    expect(refused.filter((text) => text === 'e queue_full')).toHaveLength(18);
  });

  test('are given up at their deadline, whether they wait or are compared, and leave their places', async () => {
    const { order, open, passwords } = slow();
    const deadlines = Array.from({ length: 17 }, () => startDeadline(30_000, AbortSignal.timeout(20)));
    const ends = deadlines.map((deadline, n) => attempt(passwords, `late ${n}`, 'a', deadline));
    const results = await Promise.allSettled(ends);
    expect(results.map(({ status }) => status)).toEqual(Array(17).fill('rejected'));
    const next = Array.from({ length: 16 }, () => attempt(passwords, 'next', 'a'));
    open();
    expect(await Promise.all(next)).toEqual(Array(16).fill(true));
    expect(order).toEqual(['late 0', ...Array(16).fill('next')]);
  });

  test('of an account without one are compared as well, and do not match', async () => {
    const hashes: string[] = [];
    const passwords = new Passwords(async (_, hash) => hashes.push(hash) > 0);
    const deadline = startDeadline(30_000);
    expect(await passwords.match({ password: 'x', hash: null, address: 'a' }, deadline)).toBe(false);
    deadline.clear();
    expect(hashes).toEqual([expect.stringMatching(/^\$2a\$10\$/)]);
  });
});
