import { once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { listen } from '../../src/nodejs/http-server.ts';
import type { TestApp } from './test-app.ts';

export interface Listening {
  port: number;
  /** Opens a connection and sends this text on it. */
  send(text: string): Promise<RawAnswer>;
  /** Sends this text and returns everything that the server sends until it closes the connection. */
  exchange(text: string): Promise<string>;
  close(): Promise<void>;
}

export interface RawAnswer {
  socket: Socket;
  /** The data received so far, one character per byte. */
  text(): string;
  /** Waits until `found` accepts the received data, or the connection is closed. */
  until(found: (text: string) => boolean): Promise<string>;
  closed: Promise<unknown>;
}

const SETTINGS = {
  AUTH: 'jwt' as const,
  HOST: '127.0.0.1',
  PORT: 0,
  STREAM_TIMEOUT_S: 600,
  REQUEST_TIMEOUT_MS: 600_000,
  TRUST_PROXY: false as const,
};

/** The app on the HTTP server of the service, on this or any free port of the loopback address. */
export async function listening({ app }: Pick<TestApp, 'app'>, freePort = 0): Promise<Listening> {
  const server = await listen(app.fetch, { ...SETTINGS, PORT: freePort });
  const { port } = server.address() as AddressInfo;
  const send = async (text: string): Promise<RawAnswer> => {
    const socket = connect(port, '127.0.0.1');
    socket.setEncoding('latin1');
    let isOpen = true;
    const closed = new Promise<void>((resolve) => {
      socket.once('close', () => {
        isOpen = false;
        resolve();
      });
    });
    socket.on('error', () => {}); // a reset is a normal end of a connection here
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
        while (!found(arrived) && isOpen) {
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
