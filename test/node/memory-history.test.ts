import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { MemoryHistory } from '../../src/node/memory-history.ts';
import { familyMbOf, ownMbOf, rssMbOf } from '../../src/processes/rss.ts';

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

test.skipIf(process.platform !== 'linux')(
  'a process that started another counts what is its own of that one too',
  async () => {
    const alone = familyMbOf(process.pid) ?? 0;
    const child = spawn(process.execPath, [
      '-e',
      "globalThis.kept = Buffer.alloc(100 * 2 ** 20, 1); console.log('kept'); setInterval(() => {}, 1000)",
    ]);
    onTestFinished(() => void child.kill('SIGKILL'));
    await once(child.stdout, 'data');
    const together = familyMbOf(process.pid) ?? 0;
    expect(together - alone).toBeGreaterThan(100);
    expect(together - alone).toBeLessThan(180);
  },
);
