import { createServer, get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Hono } from 'hono';
import { compress } from 'hono/compress';
import { expect, onTestFinished, test } from 'vitest';
import { chunkTrailers } from '../../src/http/exports/chunk-trailers.ts';
import { nodeListener, trailers } from '../../src/nodejs/node-listener.ts';

test.each(['identity', 'gzip'])('a stream that ends at once has its trailers (%s)', async (encoding) => {
  const app = new Hono().use(chunkTrailers(), compress({ threshold: 0 })).get('/', (c) => {
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('all'));
        trailers(c)?.({ 'X-Rows': '1' });
        controller.close();
      },
    });
    return new Response(body, { headers: { 'Content-Type': 'text/csv', Trailer: 'X-Rows' } });
  });
  const server = createServer(nodeListener(app.fetch, 'localhost'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const headers = { 'Accept-Encoding': encoding };
  const answer = await new Promise<IncomingMessage>((resolve) => get({ port, host: '127.0.0.1', headers }, resolve));
  for await (const _ of answer);
  expect(answer.statusCode).toBe(200);
  expect(answer.headers).toMatchObject({ 'transfer-encoding': 'chunked', trailer: 'X-Rows' });
  expect(answer.headers['content-encoding']).toBe(encoding === 'gzip' ? 'gzip' : undefined);
  expect(answer.trailers).toEqual({ 'x-rows': '1' });
});
