/** Six GraphQL requests of a sender start at once. Each of the others starts when one has ended. */
import { EventEmitter } from 'node:events';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { beforeEach, expect, test } from 'vitest';
import { arrivedAt, queryLines } from '../../src/nodejs/graphql-queues.ts';

const started: IncomingMessage[] = [];
let listen: ReturnType<typeof queryLines>;

beforeEach(() => {
  started.length = 0;
  listen = queryLines(
    (incoming) => void started.push(incoming),
    ({ socket }) => socket.remoteAddress ?? '',
  );
});

/** Sends a request. `end` ends its answer, or its connection. */
function send({
  url = '/query',
  remoteAddress = 'a',
  ...headers
}: { url?: string; remoteAddress?: string } & IncomingHttpHeaders) {
  const incoming = { url, headers, socket: { remoteAddress } } as unknown as IncomingMessage;
  const outgoing = new EventEmitter();
  listen(incoming, outgoing as ServerResponse);
  return { incoming, end: () => outgoing.emit('close') };
}

test('the others wait for one that has ended, in the order of their arrival', () => {
  const sent = Array.from({ length: 9 }, () => send({ cookie: 'ada' }));
  const all = sent.map(({ incoming }) => incoming);
  expect(started).toEqual(all.slice(0, 6));
  sent[3]?.end();
  expect(started).toEqual(all.slice(0, 7));
  for (const { end } of sent.slice(0, 3)) end();
  expect(started).toEqual(all);
  send({ cookie: 'ada' });
  send({ cookie: 'ada' });
  expect(started).toHaveLength(10);
});

test('another address, other credentials and other paths do not wait', () => {
  for (let request = 0; request < 7; request += 1) send({ cookie: 'ada' });
  const others = [
    send({ cookie: 'ada', remoteAddress: 'b' }),
    send({ cookie: 'bob' }),
    send({ 'x-auth-token': 'ada' }),
    send({ authorization: 'ada' }),
    send({ cookie: 'ada', url: '/api/jobs/' }),
  ];
  expect(started.slice(6)).toEqual(others.map(({ incoming }) => incoming));
  send({ cookie: 'ada', url: '/query?operation=x' });
  expect(started).toHaveLength(11);
});

test('a request whose client leaves while it waits is forgotten', () => {
  const sent = Array.from({ length: 8 }, () => send({ cookie: 'ada' }));
  sent[6]?.end();
  expect(started).toHaveLength(6);
  sent[0]?.end();
  expect(started.slice(6)).toEqual([sent[7]?.incoming]);
});

test('a request that had to wait has the time of its arrival', () => {
  const before = performance.now();
  const sent = Array.from({ length: 7 }, () => send({ cookie: 'ada' }));
  const after = performance.now();
  expect(sent.slice(0, 6).map(({ incoming }) => arrivedAt(incoming))).toEqual(Array(6).fill(undefined));
  const arrived = sent[6] === undefined ? undefined : arrivedAt(sent[6].incoming);
  expect(arrived).toBeGreaterThanOrEqual(before);
  expect(arrived).toBeLessThanOrEqual(after);
});
