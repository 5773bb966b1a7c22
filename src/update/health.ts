import { setTimeout as sleep } from 'node:timers/promises';

const EVERY_MS = 250;
const ANSWER_LIMIT_MS = 5_000;

/** Waits until the service at `url` says that it is well. Returns why not after `limitMs`, undefined if it is. */
export async function untilHealthy(url: string, limitMs: number, signal: AbortSignal): Promise<string | undefined> {
  const endAt = performance.now() + limitMs;
  let why = '';
  while (performance.now() < endAt && !signal.aborted) {
    try {
      const answer = await fetch(url, { signal: AbortSignal.timeout(ANSWER_LIMIT_MS), redirect: 'error' });
      const { status }: { status?: unknown } = Object(await answer.json());
      if (answer.ok && (status === 'ok' || status === 'degraded')) return undefined;
      why = `it answers with ${answer.status}`;
    } catch (error) {
      const { cause, message }: { cause?: { code?: string }; message?: string } = Object(error);
      why = cause?.code ?? message ?? String(error);
    }
    await sleep(EVERY_MS, undefined, { signal }).catch(() => {});
  }
  return signal.aborted ? 'stopped' : why;
}
