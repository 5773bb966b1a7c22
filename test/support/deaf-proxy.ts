import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export interface DeafProxy {
  url: string;
  /** The requests received so far: headers and body. */
  asked: { headers: IncomingHttpHeaders; body: string }[];
}

/**
 * A proxy that does not cancel its request to the server when its client disconnects. Some proxies can be set up so.
 */
export async function deafProxyTo(url: string): Promise<DeafProxy> {
  const asked: DeafProxy['asked'] = [];
  const proxy = createServer(async (incoming, answer) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    asked.push({ headers: incoming.headers, body: body.toString() });
    const onward = request(`${url}${incoming.url}`, { method: incoming.method, headers: incoming.headers }, (real) => {
      answer.writeHead(real.statusCode ?? 500, real.headers);
      real.pipe(answer);
      answer.on('close', () => real.resume()); // read to the end even if the client has disconnected
    });
    onward.on('error', () => answer.destroy());
    onward.end(body);
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  onTestFinished(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  return { url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, asked };
}
