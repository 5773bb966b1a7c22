/** Guarantees of every program of the service. */
import { once } from 'node:events';
import { expect, test } from 'vitest';
import type { WaitingProtocol } from '../fixtures/program-that-waits.ts';
import { fixture } from '../support/pool.ts';
import { openedProgram } from '../support/program.ts';

const opened = () => openedProgram<WaitingProtocol>(fixture('program-that-waits'), null);

test('it repeats an interrupt until the call has ended', async () => {
  const { send, next } = await opened();
  send({ kind: 'call', id: 1, name: 'stubborn', input: null });
  send({ kind: 'interrupt', id: 1 });
  expect(await next()).toEqual({ kind: 'done', id: 1, output: 'interrupted three times' });
});

test('a late interrupt of another call has no effect', async () => {
  const { send, next } = await opened();
  send({ kind: 'call', id: 2, name: 'stubborn', input: null });
  send({ kind: 'interrupt', id: 1 });
  setTimeout(() => send({ kind: 'ping' }), 200); // an interrupt is repeated every 2 ms
  expect(await next()).toMatchObject({ kind: 'pong' });
});

test('the permission of another call to commit has no effect', async () => {
  const { send, next } = await opened();
  send({ kind: 'call', id: 2, name: 'commit', input: null });
  expect(await next()).toEqual({ kind: 'mayCommit', id: 2 });
  send({ kind: 'commit', id: 1, allowed: true });
  send({ kind: 'commit', id: 2, allowed: false });
  expect(await next()).toEqual({ kind: 'done', id: 2, output: false });
});

test('it ends when the channel to the service closes', async () => {
  const { child } = await opened();
  child.disconnect();
  expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);
});
