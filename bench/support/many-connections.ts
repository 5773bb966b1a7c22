/**
 * A user in a process of its own. It sends the given requests in turn on many connections until its parent stops it.
 */
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** The pause of a client that ignores Retry-After after a refusal. */
const PAUSE_MS = 100;

const [port = '0', connections = '1', ...paths] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true, maxSockets: Number(connections) });
const headers = { 'X-Auth-Token': process.env['TOKEN'] ?? '' };
let running = true;
let number = 0;
const statuses: Record<string, number> = {};
process.on('message', () => {
  running = false;
  process.send?.(statuses, () => process.exit());
});
process.on('disconnect', () => process.exit());

/** `$N` in a path is replaced by a new number each time, so that no two questions are equal. */
async function askNext(): Promise<void> {
  const at = number++;
  const path = (paths[at % paths.length] ?? '').replace('$N', String(1_500_000_000 + at));
  const status = await new Promise<number>((resolve) => {
    const asked = request({ port: Number(port), host: '127.0.0.1', path, headers, agent }, (answer) => {
      answer.on('close', () => resolve(answer.statusCode ?? 0));
      answer.on('error', () => resolve(0));
      answer.resume();
    });
    asked.on('error', () => resolve(0));
    asked.end();
  });
  statuses[status] = (statuses[status] ?? 0) + 1;
  if (status !== 200) await sleep(PAUSE_MS);
}

await Promise.all(
  Array.from({ length: Number(connections) }, async () => {
    while (running) await askNext();
  }),
);
