import type { MiddlewareHandler } from 'hono';

/**
 * Sends an answer that has trailers in chunks, because Node cannot send them otherwise: a stream that ends at once would
 * be sent with its length, and fail. It must run around the compression, which leaves out answers in chunks.
 */
export function chunkTrailers(): MiddlewareHandler {
  return async (c, next) => {
    await next();
    if (c.res.headers.has('Trailer')) c.res.headers.set('Transfer-Encoding', 'chunked');
  };
}
