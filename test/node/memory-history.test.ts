import { expect, onTestFinished, test } from 'vitest';
import { MemoryHistory } from '../../src/node/memory-history.ts';
import { ownMbOf, rssMbOf } from '../../src/processes/rss.ts';

test('has the memory of each kind of process from its start on', () => {
  const rssMb = 10;
  const history = new MemoryHistory(() => [
    { pid: process.pid, rssMb },
    { pid: -1, role: 'reader', rssMb }, // of a process the system does not know, what it said itself
    { pid: -1, role: 'writer', rssMb },
    { pid: -1, role: 'decoder', rssMb },
    { pid: -1, role: 'archive', rssMb },
    { pid: -1, role: 'columns', rssMb },
  ]);
  onTestFinished(() => history.stop());
  expect(history.samples).toEqual([{ at: expect.any(Number), parent: 10, connections: 20, archive: 20, columns: 10 }]);
});

test.skipIf(process.platform !== 'linux')("a process's own memory is without the pages of its files", () => {
  const [all, own] = [rssMbOf(process.pid) ?? 0, ownMbOf(process.pid) ?? 0];
  expect(own).toBeGreaterThan(10);
  expect(own).toBeLessThan(all - 10); // node itself has 50 MB of text
});
