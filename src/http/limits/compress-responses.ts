import type { MiddlewareHandler } from 'hono';
import { compress } from 'hono/compress';
import { addressForLimits } from '../auth/client-address.ts';
import type { AppEnv } from '../service.ts';

/** Smaller responses are not compressed. */
const FROM_BYTES = 1024;
/** Memory of one compression: the window of zlib and the queues around it (0.35 to 0.4 MB measured). */
const COMPRESSION_BYTES = 384 * 1024;

/**
 * Compresses responses for clients that accept it. Its memory counts as unsent bytes, because a client that does not
 * read keeps it: 850 such streams took the parent from 121 to 588 MB. Without room, a response is sent as it is.
 */
export function compressResponses(): MiddlewareHandler<AppEnv> {
  const compressed = compress({ threshold: FROM_BYTES });
  return async (c, next) => {
    await next();
    const held = c.get('held');
    const deadline = c.get('deadline');
    const service = c.get('service');
    const caller = deadline?.caller ?? `address ${addressForLimits(c)}`; // an early error has no deadline
    if (!held.hasSpareRoom(caller)) return;
    const plain = c.res;
    await compressed(c, async () => {}); // the response is there already
    const sent = c.res === plain ? undefined : service.whenSent?.(c);
    if (sent === undefined) return;
    held.add(COMPRESSION_BYTES, caller);
    void sent.then(() => held.give(COMPRESSION_BYTES, caller));
  };
}
