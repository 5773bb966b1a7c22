import { expect, onTestFinished, test, vi } from 'vitest';
import { MemoryHistory } from '../../src/nodejs/memory-history.ts';
import { ownMbOf, ResidentMemory } from '../../src/processes/rss.ts';

test('has the memory of each kind of process from its start on', () => {
  const rssMb = 10;
  const history = new MemoryHistory(() => [
    { pid: process.pid, rssMb },
    { pid: -1, role: 'reader', rssMb }, // for an unknown process, the memory that it reported itself
    { pid: -1, role: 'writer', rssMb },
    { pid: -1, role: 'decoder', rssMb },
    { pid: -1, role: 'archive', rssMb },
    { pid: -1, role: 'columns', rssMb },
  ]);
  onTestFinished(() => history.stop());
  expect(history.samples).toEqual([{ at: expect.any(Number), parent: 10, connections: 20, archive: 20, columns: 10 }]);
});

test('keeps ten minutes, a sample every two seconds', () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const history = new MemoryHistory(() => []);
  const startedAt = history.samples[0]?.at ?? 0;
  vi.advanceTimersByTime(15 * 60_000);
  expect(history.samples).toHaveLength(300);
  expect(history.samples.at(-1)?.at).toBe(startedAt + 15 * 60);
  history.stop();
  expect(vi.getTimerCount()).toBe(0);
});

test.skipIf(process.platform !== 'linux')("a process's own memory is without the pages of its files", () => {
  const [all, own] = [new ResidentMemory(process.pid).mb ?? 0, ownMbOf(process.pid) ?? 0];
  expect(own).toBeGreaterThan(10);
  expect(own).toBeLessThan(all - 10); // node itself has 50 MB of text
});
