/** A program of the service without a service: a test sends its messages. */
import { spawn } from 'node:child_process';
import { on } from 'node:events';
import { expect, onTestFinished } from 'vitest';
import type { Protocol, ToProcess } from '../../src/processes/protocol.ts';

/** Starts a program and opens it. `next` returns its messages from then on, one by one. */
export async function openedProgram<P extends Protocol>(file: string, options: P['options']) {
  const child = spawn(process.execPath, [file], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    serialization: 'advanced',
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const messages = on(child, 'message');
  const send = (message: ToProcess<P>) => void child.send(message);
  const next = async () => (await messages.next()).value?.[0] as object;
  send({ kind: 'open', options });
  expect(await next()).toMatchObject({ kind: 'ready' });
  return { child, send, next };
}
