/**
 * A scheduler adapter in a process of its own. It starts and stops jobs, and sends the results of all requests to the
 * parent at the end, or when the service has ended.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Adapted, AdapterWork, Sent } from './adapting.ts';
import { type Answer, each, post, type Target } from './http.ts';

/** Time between start and stop in the open loop: an odd multiple of half its interval, so that both alternate. */
const STOP_AFTER_MS = 505;

const work: AdapterWork = JSON.parse(process.argv[2] ?? '{}');
const target: Target = { port: work.port, token: process.env['TOKEN'] ?? '' };
const sent: Sent[] = [];
let serviceGone = false;
process.on('disconnect', () => process.exit());

async function send(what: Sent['what'], jobId: number, from = performance.now()): Promise<boolean> {
  if (serviceGone) return false;
  const body =
    what === 'start'
      ? { ...work.job, jobId }
      : { jobId, cluster: work.job.cluster, startTime: work.job.startTime, stopTime: work.job.startTime + 60 };
  const answer: Answer | undefined = await post(target, `/api/jobs/${what}_job/`, JSON.stringify(body)).catch(
    () => undefined,
  );
  if (answer === undefined) serviceGone = true;
  sent.push({ what, jobId, status: answer?.status ?? 0, code: codeIn(answer), ms: performance.now() - from });
  return answer !== undefined && answer.status < 300;
}

function codeIn(answer: Answer | undefined): string {
  if (answer === undefined) return 'no answer';
  return answer.status < 300 ? '' : String(JSON.parse(answer.body).code);
}

const ids = Array.from({ length: work.jobs }, (_, nth) => work.firstId + nth);
const startedAt = performance.now();
if (work.perSec === undefined) {
  await each(ids, work.connections, async (id) => {
    if (await send('start', id)) await send('stop', id);
  });
} else {
  // Open loop: each request has a fixed time, whether or not the previous one was answered, and its duration counts
  // from that time. A job is stopped a while after its start, so that its two requests never overlap.
  const everyMs = 2000 / work.perSec;
  const running: Promise<unknown>[] = [];
  const at = async (due: number, what: Sent['what'], id: number) => {
    await sleep(Math.max(0, due - performance.now()));
    await send(what, id, due);
  };
  for (const [nth, id] of ids.entries()) {
    const due = startedAt + nth * everyMs;
    running.push(at(due, 'start', id), at(due + STOP_AFTER_MS, 'stop', id));
    if (nth % 50 === 49) await sleep(Math.max(0, due - performance.now() - STOP_AFTER_MS));
  }
  await Promise.all(running);
}
const adapted: Adapted = { sent, seconds: (performance.now() - startedAt) / 1000 };
process.send?.(adapted, () => process.disconnect()); // after the long message has been sent
