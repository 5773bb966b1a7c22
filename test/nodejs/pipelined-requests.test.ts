/**
 * Requests that a client sends before it has received earlier answers are answered in order, one at a time, up to a
 * limit.
 */
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { oneAtATime } from '../../src/nodejs/pipelined-requests.ts';
import { until } from '../support/pool.ts';

/** A server that answers when the test says so, and a connection to it. */
async function pipelined() {
  const begun: { path: string; response: ServerResponse }[] = [];
  const server = createServer(oneAtATime(({ url = '' }, response) => void begun.push({ path: url, response })));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1').on('error', () => {});
  let answered = '';
  socket.on('data', (bytes) => {
    answered += bytes.toString('latin1');
  });
  onTestFinished(() => {
    socket.destroy();
    server.closeAllConnections();
    server.close();
  });
  const send = (count: number, from = 0) =>
    socket.write(Array.from({ length: count }, (_, nth) => `GET /${from + nth} HTTP/1.1\r\nHost: x\r\n\r\n`).join(''));
  const answer = (nth: number) => begun[nth]?.response.end(`<${begun[nth]?.path}>`);
  return { begun, send, answer, socket, bodies: () => answered.match(/<[^>]*>/g) ?? [] };
}

test('each starts when the one before it has been answered', async () => {
  const { begun, send, answer, bodies } = await pipelined();
  send(5);
  for (let nth = 0; nth < 5; nth += 1) {
    await until(() => begun.length > nth, 10_000);
    await new Promise((resolve) => setImmediate(resolve));
    expect(begun).toHaveLength(nth + 1);
    answer(nth);
  }
  await until(() => bodies().length === 5, 10_000);
  expect(bodies()).toEqual(['</0>', '</1>', '</2>', '</3>', '</4>']);
  send(1, 5);
  await until(() => begun.length === 6, 10_000);
  answer(5);
  await until(() => bodies().length === 6, 10_000);
});

test('a connection with too many of them is closed, and none of these starts', async () => {
  const { begun, send, socket } = await pipelined();
  const closed = once(socket, 'close');
  send(500);
  await closed;
  expect(begun.map(({ path }) => path)).toEqual(['/0']);
});

test('what waits on a connection that has gone does not start', async () => {
  const { begun, send, answer, socket } = await pipelined();
  send(3);
  await until(() => begun.length === 1, 10_000);
  socket.destroy();
  const { response } = begun[0] ?? expect.fail('none has begun');
  await until(() => response.destroyed || response.closed, 10_000);
  answer(0);
  await new Promise((resolve) => setImmediate(resolve));
  expect(begun).toHaveLength(1);
});
