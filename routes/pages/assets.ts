import { Hono } from 'hono';
import { Fault } from '../../src/faults.ts';
import type { AppEnv } from '../../src/http/env.ts';

/** Their addresses change with their content. */
const FOR_EVER = 'public, max-age=31536000, immutable';
/** A page of an older version asks for what it knew. */
const NOT_AT_ALL = 'no-cache';

/** GET /assets/{fingerprint}/{name}: style sheets and scripts of the pages, for everybody. */
export const assets = new Hono<AppEnv>().get('/assets/:fingerprint/:name', (c) => {
  const { name } = c.req.param();
  const asset = c.var.assets.get(name);
  if (asset === undefined) throw new Fault('not_found', 'no such file');
  const isCurrent = c.req.path === c.var.assets.path(asset.name);
  const body = new TextEncoder().encode(asset.text);
  return new Response(body, {
    headers: {
      'Content-Type': asset.type,
      'Content-Length': String(body.length),
      'Cache-Control': isCurrent ? FOR_EVER : NOT_AT_ALL,
    },
  });
});
