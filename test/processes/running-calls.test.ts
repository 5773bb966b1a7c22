/** The calls of a process that runs several at a time. */
import { expect, test } from 'vitest';
import { Fault } from '../../src/faults.ts';
import { watchMemory } from '../../src/processes/memory-watch.ts';
import { until } from '../support/pool.ts';
import { waiting } from '../support/waiting-process.ts';

test('it begins no more calls than it may', async () => {
  const { process } = await waiting({ callsAtOnce: 1 });
  const call = process.start('stubborn', null);
  expect(() => process.start('commit', null)).toThrow('a reader is busy');
  process.kill();
  await expect(call.output).rejects.toMatchObject({ code: 'connection_lost' });
});

test('a call is interrupted and answered apart from others, and the process is busy until the last has ended', async () => {
  const { process } = await waiting();
  const stubborn = process.start('stubborn', null);
  const commit = process.start('commit', null, { mayCommit: () => true });
  expect(await commit.output).toBe(true);
  expect(process.state.name).toBe('busy');
  stubborn.interrupt();
  expect(await stubborn.output).toBe('interrupted three times');
  await stubborn.ended;
  expect(process.state.name).toBe('idle');
  process.stop();
  await process.gone;
});

test('an abandoned call that does not end takes the process with it, whatever other calls do', async () => {
  const { process, counters } = await waiting();
  const deaf = process.start('deaf', null);
  const other = process.start('deaf', null);
  const reason = new Fault('deadline_exceeded', 'too late');
  deaf.abandon(reason, 200);
  await expect(deaf.output).rejects.toBe(reason);
  expect(await process.run('commit', null).catch(String)).toMatch('a reader is busy'); // it still works on both
  await expect(other.output).rejects.toMatchObject({ code: 'connection_lost' });
  await deaf.ended;
  expect(counters).toMatchObject({ kills: 1, interrupts: 1 });
});

test('the memory watch ends all calls of a process over its limit', async () => {
  const { process, counters } = await waiting({ growthMb: -1_000 });
  const calls = [process.start('stubborn', null), process.start('deaf', null)];
  const stop = watchMemory(() => [process], counters);
  for (const { output } of calls) await expect(output).rejects.toMatchObject({ code: 'memory_limit_exceeded' });
  stop();
  expect([process.needsReplacement, counters.memoryExceeded]).toEqual([true, 1]);
  await until(() => process.state.name === 'gone', 10_000); // `deaf` does not end
});
