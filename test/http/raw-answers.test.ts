/** Answers that do not come from the app have the same headers as those that do. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Fault } from '../../src/faults.ts';
import { bareResponse, refuseBrokenRequests } from '../../src/nodejs/broken-requests.ts';
import { type Listening, listening } from '../support/listening.ts';
import { type TestApp, testApp } from '../support/test-app.ts';

let service: TestApp;
let server: Listening;
beforeAll(async () => {
  service = await testApp();
  server = await listening(service);
});
afterAll(async () => {
  await server.close();
  await service.close();
});

/** Headers that belong to one answer or its connection. */
const OWN = new Set(['connection', 'content-length', 'date', 'keep-alive', 'transfer-encoding', 'x-request-id']);

function headersIn(text: string): Record<string, string> {
  const lines = text.slice(0, text.indexOf('\r\n\r\n')).split('\r\n').slice(1);
  const headers = lines.map((line) => /^([^:]+): (.*)$/.exec(line) ?? []);
  return Object.fromEntries(
    headers.map(([, name = '', value = '']) => [name.toLowerCase(), value]).filter(([name]) => !OWN.has(name ?? '')),
  );
}

/** An error that the app answers. */
const ordinary = async () =>
  headersIn(await server.exchange('GET /nothing HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'));

const LONG = 'x'.repeat(17_000);
const BROKEN = {
  'headers above the limit': [431, `GET /healthz HTTP/1.1\r\nHost: a\r\nX-Long: ${LONG}\r\n\r\n`],
  'a request line above the limit': [431, `GET /healthz?${LONG} HTTP/1.1\r\nHost: a\r\n\r\n`],
  'text that is not HTTP': [400, 'hello\r\n\r\n'],
  'a Host header that is not a host': [400, 'GET /healthz HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n'],
  'an address that is not one': [400, 'GET http://[ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'],
  'a length that is not a number': [400, 'POST /login HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n'],
  'a length given twice': [400, 'POST /login HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n'],
} as const;

describe('the headers of an ordinary error are on the answer to', () => {
  test.each(Object.entries(BROKEN))('%s', async (_, [status, text]) => {
    const answer = await server.exchange(text);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(headersIn(answer)).toEqual(await ordinary());
  });

  test('headers that do not come in time', async () => {
    const slow = createServer({ headersTimeout: 20, connectionsCheckingInterval: 10 });
    refuseBrokenRequests(slow);
    const answer = await exchange(slow, 'GET / HTTP/1.1\r\nHost');
    expect(answer).toMatch(/^HTTP\/1.1 504 /);
    expect(headersIn(answer)).toEqual(await ordinary());
  });

  test('a request that comes before the app is ready', async () => {
    const { headers } = bareResponse(new Fault('queue_full', 'the service is starting'));
    const all = Object.fromEntries([...headers].filter(([name]) => !OWN.has(name)));
    expect(all).toEqual({ ...(await ordinary()), 'retry-after': expect.any(String) });
  });
});

/** The answer of a separate server to this text, up to the end of the connection. */
async function exchange(slow: Server, text: string): Promise<string> {
  slow.listen(0, '127.0.0.1');
  await once(slow, 'listening');
  const socket = connect((slow.address() as AddressInfo).port, '127.0.0.1');
  let arrived = '';
  socket.on('data', (chunk) => {
    arrived += chunk;
  });
  socket.write(text);
  await once(socket, 'close');
  slow.close();
  return arrived;
}
