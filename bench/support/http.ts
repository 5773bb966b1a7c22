import { Agent, request } from 'node:http';

/** The server and the token of the requests. */
export interface Target {
  port: number;
  token: string;
}

export interface Answer {
  status: number;
  ms: number;
  body: string;
}

const agent = new Agent({ keepAlive: true, maxSockets: 64 });

/** A GET over a persistent connection. After `hangUpMs` it is aborted and rejects. */
export function get(target: Target, path: string, hangUpMs?: number): Promise<Answer> {
  return ask(target, 'GET', path, undefined, hangUpMs);
}

/** A POST with a body of JSON. */
export function post(target: Target, path: string, body: string, over = agent): Promise<Answer> {
  return ask(target, 'POST', path, body, undefined, over);
}

function ask(
  { port, token }: Target,
  method: 'GET' | 'POST',
  path: string,
  text: string | undefined,
  hangUpMs?: number,
  over = agent,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const startedAt = performance.now();
    const headers = {
      ...(token === '' ? {} : { 'X-Auth-Token': token }),
      ...(text === undefined ? {} : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) }),
    };
    const asked = request({ port, host: '127.0.0.1', method, path, headers, agent: over }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('error', reject);
      answer.on('end', () => {
        const body = Buffer.concat(chunks).toString();
        resolve({ status: answer.statusCode ?? 0, ms: performance.now() - startedAt, body });
      });
    });
    asked.on('error', reject);
    asked.end(text);
    if (hangUpMs !== undefined) setTimeout(() => asked.destroy(new Error('hung up')), hangUpMs);
  });
}

/** Runs `work` for each item, `atOnce` at a time. */
export async function each<Item, Result>(
  items: readonly Item[],
  atOnce: number,
  work: (item: Item, at: number) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  let next = 0;
  const worker = async () => {
    for (let at = next++; at < items.length; at = next++) {
      const item = items[at];
      if (item !== undefined) results[at] = await work(item, at);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return results;
}
