/** Requests that arrive in one turn of the event loop start in later ones, and the addresses take turns. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { inTurns } from '../../src/nodejs/request-turns.ts';

const begun: string[] = [];
const arrive = inTurns(
  ({ url = '' }) => void begun.push(url),
  ({ socket }) => socket.remoteAddress ?? '',
);
const request = (remoteAddress: string, url: string) => ({ url, socket: { remoteAddress, destroyed: false } });
const send = (...requests: object[]) => {
  for (const one of requests) arrive(one as IncomingMessage, {} as ServerResponse);
};

test('one request starts in each turn, of each address one after the other', async () => {
  send(...[1, 2, 3, 4].map((nth) => request('a', `a${nth}`)), request('b', 'b1'), request('b', 'b2'));
  expect(begun).toEqual([]);
  await turn();
  expect(begun).toEqual(['a1']);
  send(request('c', 'c1'));
  for (let started = 2; started <= 7; started += 1) {
    await turn();
    expect(begun).toHaveLength(started);
  }
  expect(begun).toEqual(['a1', 'b1', 'a2', 'c1', 'b2', 'a3', 'a4']);
  send(request('a', 'a5'));
  await turn();
  expect(begun.at(-1)).toBe('a5');
});

test('a request whose client has left does not start', async () => {
  const gone = request('a', 'gone');
  send(gone, request('a', 'next'));
  gone.socket.destroyed = true;
  await turn();
  await turn();
  expect(begun.slice(-2)).toEqual(['a5', 'next']);
});
