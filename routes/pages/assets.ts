import { Hono } from 'hono';
import { Fault } from '../../src/faults.ts';
import type { AppEnv } from '../../src/http/service.ts';

/** For the current version of a file, whose address changes with its content. */
const FOR_EVER = 'public, max-age=31536000, immutable';
/** For an older version of a file, requested by an older page. */
const NOT_AT_ALL = 'no-cache';

/** GET /assets/{fingerprint}/{name}: serves the style sheets and scripts of the pages. It needs no login. */
export const assets = new Hono<AppEnv>().get('/assets/:fingerprint/:name', (c) => {
  const { name } = c.req.param();
  const asset = c.get('assets').get(name);
  if (asset === undefined) throw new Fault('not_found', 'no such file');
  const isCurrent = c.req.path === c.get('assets').path(asset.name);
  const body = new TextEncoder().encode(asset.text);
  return new Response(body, {
    headers: {
      'Content-Type': asset.type,
      'Content-Length': String(body.length),
      'Cache-Control': isCurrent ? FOR_EVER : NOT_AT_ALL,
    },
  });
});
