/**
 * A client in a process of its own: asks one small thing every few milliseconds until its parent says stop, then answers
 * with the times, so that what the benchmark itself does cannot delay them.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { get } from './http.ts';

const [port = '0', path = '', everyMs = '10'] = process.argv.slice(2);
const target = { port: Number(port), token: process.env['TOKEN'] ?? '' };
let running = true;
process.on('message', () => {
  running = false;
});
process.on('disconnect', () => process.exit());
const timesMs: number[] = [];
let failed = 0;
while (running) {
  const { status, ms } = await get(target, path);
  timesMs.push(ms);
  if (status !== 200) failed++;
  await sleep(Number(everyMs));
}
process.send?.({ timesMs, failed });
process.disconnect();
