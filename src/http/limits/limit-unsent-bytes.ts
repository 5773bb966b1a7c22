import type { Context, MiddlewareHandler } from 'hono';
import { Fault } from '../../faults.ts';
import { faultResponse } from '../faults/fault-responses.ts';
import type { AppEnv } from '../service.ts';
import type { HeldPart } from './unsent-bytes.ts';

/** Smaller responses are sent at once and not counted. */
const COUNTED_FROM_BYTES = 64 * 1024;

/** Counts complete responses until the connection has accepted them. Refuses a response for which there is no room. */
export function limitUnsentBytes(): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    await next();
    const bytes = Number(c.res.headers.get('Content-Length') ?? 0);
    if (bytes < COUNTED_FROM_BYTES) return;
    const { body } = c.res;
    if (body === null) return;
    const held = c.get('held');
    const service = c.get('service');
    const sent = service.whenSent?.(c);
    if (sent === undefined && service.hasSharedLimits) return;
    const { caller } = c.get('deadline');
    try {
      held.checkRoom(caller);
    } catch (error) {
      c.res = refusal(c, error);
      return;
    }
    if (sent === undefined) {
      const part = held.hold(bytes, service.settings.REQUEST_TIMEOUT_MS, caller);
      const { status, headers } = c.res;
      c.res = undefined; // otherwise Hono would copy its headers once more
      c.res = new Response(passing(body, part), { status, headers });
      return;
    }
    held.add(bytes, caller);
    void sent.then(() => held.give(bytes, caller));
  };
}

/** Passes on the bytes of a response, and holds them in the count until the runtime has requested the last of them. */
function passing(body: ReadableStream<Uint8Array>, part: HeldPart): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await reader.read();
        part.touch();
        if (!done) {
          controller.enqueue(value);
          return;
        }
        part.end();
        controller.close();
      },
      async cancel(reason) {
        part.end();
        await reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}

function refusal(c: Context<AppEnv>, error: unknown): Response {
  if (!(error instanceof Fault)) throw error;
  c.res = undefined;
  return faultResponse(error);
}
