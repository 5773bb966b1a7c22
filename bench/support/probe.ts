/**
 * A client in a process of its own. It sends a small request every few milliseconds until its parent stops it, then
 * reports the times. The work of the benchmark itself cannot delay it.
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
// Times of minutes are more than the channel takes at once.
process.send?.({ timesMs, failed }, () => process.disconnect());
