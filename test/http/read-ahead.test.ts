/** A list is read ahead only while there is room for answers. */
import { afterEach, describe, expect, test } from 'vitest';
import { ANSWERS_HELD_MB, UnsentBytes } from '../../src/http/limits/unsent-bytes.ts';
import { job, type TestApp, testApp } from '../support/test-app.ts';

const LIMIT = ANSWERS_HELD_MB * 1024 * 1024;
/** A batch of 100, two of 500, and the rest. */
const JOBS = Array.from({ length: 1510 }, (_, index) => job({ jobId: index + 1 }));

let service: TestApp | undefined;
afterEach(async () => {
  await service?.close();
  service = undefined;
});

/** A list whose client has taken the first two batches, and the number of batches requested since. */
async function taken(heldBytes: number) {
  let batches = 0;
  const app = await testApp({
    jobs: JOBS,
    service: ({ db }) => ({
      db: {
        ...db,
        readPage(statement, deadline) {
          batches += 1;
          return db.readPage(statement, deadline);
        },
      },
    }),
  });
  service = app;
  app.app.get('/hold', (c) => {
    c.get('held').add(heldBytes);
    return c.body(null);
  });
  const { body } = await app.get('/api/jobs/?items-per-page=9999999');
  const reader = body?.getReader();
  await app.app.request('/hold');
  let text = '';
  const decoder = new TextDecoder();
  // The 101st job is in the second batch.
  while (!/"jobId":1410,/.test(text)) text += decoder.decode((await reader?.read())?.value, { stream: true });
  return { asked: () => batches, cancel: () => reader?.cancel() };
}

describe('behind the batch that the client has', () => {
  test('the next is read before it asks for it', async () => {
    const list = await taken(0);
    await expect.poll(list.asked).toBeGreaterThan(2);
    await list.cancel();
  });

  test('nothing is read while others take the room for answers', async () => {
    const list = await taken(LIMIT);
    await service?.get('/api/jobs/count'); // batches that were started before have been requested by then
    expect(list.asked()).toBe(2);
    await list.cancel();
  });
});

test('a caller alone may read ahead until a third of the room is taken', () => {
  const held = new UnsentBytes(1000);
  held.add(333, 'ada');
  expect(held.hasSpareRoom('ada')).toBe(true); // 2 * 333 < 667
  held.add(1, 'ada');
  expect(held.hasSpareRoom('ada')).toBe(false); // 2 * 334 = 668 > 666
  expect(held.hasSpareRoom('bob')).toBe(true);
  held.give(1, 'ada');
  expect(held.hasSpareRoom('ada')).toBe(true);
});
