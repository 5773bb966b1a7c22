/** Guarantees of every program of the service. */
import { spawn } from 'node:child_process';
import { on, once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { fixture } from '../support/pool.ts';

/** A program that has opened, and its messages from then on. */
async function opened() {
  const child = spawn(process.execPath, [fixture('program-that-waits')], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    serialization: 'advanced',
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const messages = on(child, 'message');
  const next = async () => (await messages.next()).value?.[0] as object;
  child.send({ kind: 'open', options: null });
  expect(await next()).toMatchObject({ kind: 'ready' });
  return { child, next };
}

test('it repeats an interrupt until the call has ended', async () => {
  const { child, next } = await opened();
  child.send({ kind: 'call', id: 1, name: 'stubborn', input: null });
  child.send({ kind: 'interrupt', id: 1 });
  expect(await next()).toEqual({ kind: 'done', id: 1, output: 'interrupted three times' });
});

test('a late interrupt of another call has no effect', async () => {
  const { child, next } = await opened();
  child.send({ kind: 'call', id: 2, name: 'stubborn', input: null });
  child.send({ kind: 'interrupt', id: 1 });
  setTimeout(() => child.send({ kind: 'ping' }), 200); // an interrupt is repeated every 2 ms
  expect(await next()).toMatchObject({ kind: 'pong' });
});

test('the permission of another call to commit has no effect', async () => {
  const { child, next } = await opened();
  child.send({ kind: 'call', id: 2, name: 'commit', input: null });
  expect(await next()).toEqual({ kind: 'mayCommit', id: 2 });
  child.send({ kind: 'commit', id: 1, allowed: true });
  child.send({ kind: 'commit', id: 2, allowed: false });
  expect(await next()).toEqual({ kind: 'done', id: 2, output: false });
});

test('it ends when the channel to the service closes', async () => {
  const { child } = await opened();
  child.disconnect();
  expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);
});
