import { afterEach, describe, expect, test, vi } from 'vitest';
import type { UnsentBytes } from '../../src/http/limits/unsent-bytes.ts';
import { ANSWERS_HELD_MB } from '../../src/http/limits/unsent-bytes.ts';
import { cutConnection, whenSent } from '../../src/nodejs/node-listener.ts';
import { type Listening, listening } from '../support/listening.ts';
import { job, type TestApp, testApp } from '../support/test-app.ts';

const LIMIT = ANSWERS_HELD_MB * 1024 * 1024;

let service: TestApp;
let server: Listening;
let held: UnsentBytes;
afterEach(async () => {
  await server.close();
  await service.close();
});

/** A service with lists of 40 jobs of 10 KB each. The test can read the number of held bytes. */
async function start() {
  const metaData = { jobScript: 'x'.repeat(10_000) };
  service = await testApp({
    jobs: Array.from({ length: 40 }, (_, number) => job({ jobId: number, metaData })),
    service: () => ({ cutConnection, whenSent }),
  });
  service.app.get('/look', (c) => {
    held = c.get('held');
    return c.body(null);
  });
  await service.app.request('/look');
  server = await listening(service);
}

const ask = async (items: number, encoding = 'identity') =>
  await server.send(
    `GET /api/jobs/?with-metadata&items-per-page=${items} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAccept-Encoding: ${encoding}\r\nX-Auth-Token: ${await service.token()}\r\n\r\n`,
  );

describe.each([
  ['whole', 20],
  ['streamed', 40],
])('an answer that is %s', (_, items) => {
  test('is held while its client does not take it, and no longer', async () => {
    await start();
    expect(held.bytes).toBe(0);
    const answer = await ask(items);
    await answer.closed;
    expect(answer.text()).toMatch(/^HTTP\/1.1 200 /);
    expect(held.bytes).toBe(0);
  });

  test('is refused when too much is held already, and given when that is gone', async () => {
    await start();
    held.add(LIMIT);
    const refused = await ask(items);
    await refused.closed;
    expect(refused.text()).toMatch(/^HTTP\/1.1 503 /);
    expect(refused.text()).toContain('"code":"queue_full"');
    expect(held.bytes).toBe(LIMIT);
    held.give(LIMIT);
    const answer = await ask(items);
    await answer.closed;
    expect(answer.text()).toMatch(/^HTTP\/1.1 200 /);
  });
});

test('the memory of a compression is held too; without room for it the answer is not compressed', async () => {
  await start();
  const added = vi.spyOn(held, 'add');
  const compressed = await ask(40, 'gzip');
  await compressed.closed;
  expect(compressed.text()).toMatch(/\r\ncontent-encoding: gzip\r\n/i);
  expect(added.mock.calls.map(([bytes]) => bytes)).toContain(384 * 1024);
  expect(held.bytes).toBe(0);
  held.add(LIMIT);
  const answer = await ask(1, 'gzip');
  await answer.closed;
  expect(answer.text()).toMatch(/^HTTP\/1.1 200 /);
  expect(answer.text()).not.toMatch(/\r\ncontent-encoding:/i);
});

test('a small answer goes out whatever is held', async () => {
  await start();
  held.add(LIMIT);
  const answer = await ask(1);
  await answer.closed;
  expect(answer.text()).toMatch(/^HTTP\/1.1 200 /);
});

test('a client that hangs up in the middle gives back what was held for him', async () => {
  await start();
  const answer = await ask(40);
  answer.socket.pause();
  answer.socket.destroy();
  await answer.closed;
  await expect.poll(() => held.bytes).toBe(0);
});
