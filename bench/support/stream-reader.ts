/** Reads one long response and counts its lines. Pauses once, after a tenth of it, if requested. */
import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const [port = '0', path = '', pauseMs = '0'] = process.argv.slice(2);
const PAUSE_AT_BYTES = 20 * 2 ** 20;
const LINE_FEED = 10;

const startedAt = performance.now();
request(
  { port: Number(port), host: '127.0.0.1', path, headers: { 'X-Auth-Token': process.env['TOKEN'] ?? '' } },
  async (answer) => {
    if (answer.statusCode !== 200) throw new Error(`answered ${answer.statusCode}`);
    let bytes = 0;
    let lines = 0;
    let paused = pauseMs === '0';
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      // Line feeds separate the rows, and one more ends the response.
      for (let at = chunk.indexOf(LINE_FEED); at >= 0; at = chunk.indexOf(LINE_FEED, at + 1)) lines++;
      if (!paused && bytes > PAUSE_AT_BYTES) {
        paused = true;
        await sleep(Number(pauseMs));
      }
    }
    const seconds = (performance.now() - startedAt) / 1000;
    process.send?.({ rows: lines, bytes, seconds }, () => process.disconnect());
  },
).end();
