/** A client on plain sockets, with one request at a time per socket. It uses little CPU, so the server is measured. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { percentile } from './table.ts';

const [port = '0', path = '', connections = '1'] = process.argv.slice(2);
const REQUEST = `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Auth-Token: ${process.env['TOKEN'] ?? ''}\r\n\r\n`;
const HEAD_END = '\r\n\r\n';

const sockets = Array.from({ length: Number(connections) }, () => connect(Number(port), '127.0.0.1').setNoDelay());
await Promise.all(sockets.map((socket) => once(socket, 'connect')));

process.on('message', async (requests: number) => {
  const timesMs: number[] = [];
  const share = Math.ceil(requests / sockets.length);
  await Promise.all(sockets.map((socket) => askOver(socket, share, timesMs)));
  process.send?.({ medianMs: percentile(timesMs, 0.5) });
});
process.on('disconnect', () => process.exit());

async function askOver(socket: Socket, requests: number, timesMs: number[]): Promise<void> {
  for (let done = 0; done < requests; done++) {
    const startedAt = performance.now();
    await ask(socket);
    timesMs.push(performance.now() - startedAt);
  }
}

/** Sends one request. The response must have a Content-Length. */
function ask(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = '';
    let wanted = -1;
    const take = (chunk: Buffer) => {
      text += chunk.toString('latin1');
      const head = text.indexOf(HEAD_END);
      if (wanted < 0 && head >= 0) {
        const length = /\r\ncontent-length: (\d+)/i.exec(text)?.[1];
        if (!text.startsWith('HTTP/1.1 200') || length === undefined) {
          reject(new Error(`unexpected answer: ${text.slice(0, 300)}`));
          return;
        }
        wanted = head + HEAD_END.length + Number(length);
      }
      if (wanted < 0 || text.length < wanted) return;
      socket.off('data', take);
      resolve();
    };
    socket.on('data', take);
    socket.write(REQUEST);
  });
}
