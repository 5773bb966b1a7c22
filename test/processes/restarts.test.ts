/** Processes that die at their start, repeatedly. */
import { expect, onTestFinished, test } from 'vitest';
import type { ReaderProtocol } from '../../src/connections/connection-protocol.ts';
import { PROGRAMS } from '../../src/connections/start-connection.ts';
import { newCounters } from '../../src/processes/counters.ts';
import { ManagedProcess } from '../../src/processes/managed-process.ts';
import { ProcessGroup } from '../../src/processes/process-group.ts';
import { ReplacementPermit } from '../../src/processes/replacement-permit.ts';
import { testConnection } from '../support/connection-settings.ts';
import { databaseFile } from '../support/local-database.ts';
import { fixture, small, until } from '../support/pool.ts';

const never = { caller: 'ada', signal: new AbortController().signal };

test('the pause between two starts that fail doubles, is bounded, and is short again after one that succeeds', async () => {
  const path = await databaseFile();
  const startedAt: number[] = [];
  const problems: string[] = [];
  let fails = false;
  const counters = newCounters();
  const group = new ProcessGroup<ReaderProtocol>({
    max: 1,
    queueLimit: 8,
    callerLimit: 8,
    maxIdleMs: 600_000,
    replacementPermit: new ReplacementPermit(),
    counters,
    log: (message) => problems.push(message),
    start: (onState) => {
      startedAt.push(performance.now());
      return new ManagedProcess<ReaderProtocol>({
        log: () => {},
        role: 'reader',
        growthMb: 500,
        counters,
        program: { file: fails ? fixture('child-that-dies-at-start') : PROGRAMS.reader, heapMb: 64, env: {} },
        open: { path, role: 'reader', settings: testConnection() },
        onState,
      });
    },
  });
  onTestFinished(() => group.close(200));
  await group.open();
  fails = true;
  group.members[0]?.kill('the test wants it');
  await until(() => startedAt.length === 6, 20_000);
  // Between two starts are the lifetime of a process that dies at once, and the pause: 50, 100, 200, 400 ms.
  const pauses = startedAt.slice(1).map((at, nth) => at - (startedAt[nth] ?? 0));
  for (const [nth, leastMs] of [50, 100, 200, 400].entries())
    expect(pauses[nth + 1]).toBeGreaterThanOrEqual(leastMs - 5);
  expect(problems.length).toBeGreaterThanOrEqual(4);
  expect(new Set(problems)).toEqual(new Set(['a reader process did not start']));

  fails = false;
  // A request waits for the start that succeeds.
  const { name, sql, parameters } = small(7);
  const reply = await group.use(never, (process) => process.run('query', { name, sql, parameters }));
  expect(reply.json.byteLength).toBeGreaterThan(0);
  expect(group.members).toHaveLength(1);

  fails = true;
  const before = startedAt.length;
  group.members[0]?.kill('the test wants it');
  await until(() => startedAt.length === before + 2, 20_000);
  const [first = 0, second = 0] = startedAt.slice(before);
  expect(second - first).toBeLessThan(1_600); // the next pause, if it had not been reset
});
