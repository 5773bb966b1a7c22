import { once } from 'node:events';
import type { Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { serve } from '@hono/node-server';
import type { Context } from 'hono';
import { refuseBrokenRequests } from '../../src/http/client-error.ts';
import type { TestApp } from './test-app.ts';

export interface Listening {
  port: number;
  /** A connection on which this text has been sent. */
  send(text: string): Promise<RawAnswer>;
  /** Everything the server says to this text until it closes the connection. */
  exchange(text: string): Promise<string>;
  close(): Promise<void>;
}

export interface RawAnswer {
  socket: Socket;
  /** What has arrived so far, one character a byte. */
  text(): string;
  /** Waits until `found` says yes to what has arrived, or the connection is closed. */
  until(found: (text: string) => boolean): Promise<string>;
  closed: Promise<unknown>;
}

/** As the entry for Node does it. */
export const cutConnection = (c: Context) => {
  c.env.outgoing.destroy();
};

/** The app behind a real HTTP server on a free port of the loopback address. */
export async function listening({ app }: Pick<TestApp, 'app'>): Promise<Listening> {
  const server = serve({
    fetch: app.fetch,
    hostname: '127.0.0.1',
    port: 0,
    serverOptions: { maxHeaderSize: 16 * 1024 },
  }) as Server;
  refuseBrokenRequests(server);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const send = async (text: string): Promise<RawAnswer> => {
    const socket = connect(port, '127.0.0.1');
    socket.setEncoding('latin1');
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.on('error', () => {}); // a reset is one of the ways a connection ends here
    let arrived = '';
    socket.on('data', (chunk) => {
      arrived += chunk;
    });
    await once(socket, 'connect');
    socket.write(text);
    return {
      socket,
      closed,
      text: () => arrived,
      async until(found) {
        while (!found(arrived) && !socket.closed) {
          await Promise.race([new Promise((resolve) => socket.once('data', resolve)), closed]);
        }
        return arrived;
      },
    };
  };
  return {
    port,
    send,
    async exchange(text) {
      const answer = await send(text);
      await answer.closed;
      return answer.text();
    },
    async close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
