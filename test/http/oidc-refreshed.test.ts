import { expect, test } from 'vitest';
import { Refreshed } from '../../src/http/auth/oidc/refetched-value.ts';

test('a value of another server is used while it is fresh, and a failure for a moment', async () => {
  let now = 0;
  let calls = 0;
  let fails = false;
  const fetch = async () => {
    calls += 1;
    if (fails) throw new Error(`failure ${calls}`);
    return calls;
  };
  const value = new Refreshed({ fetch, freshMs: 100, retryMs: 10, sharesWait: true, now: () => now });
  expect([await value.get(), await value.get()]).toEqual([1, 1]);
  now = 100;
  fails = true;
  await expect(value.get()).rejects.toThrow('failure 2'); // the old value is not used
  now = 109;
  await expect(value.get()).rejects.toThrow('failure 2');
  now = 110;
  fails = false;
  expect(await value.get()).toBe(3);
});
