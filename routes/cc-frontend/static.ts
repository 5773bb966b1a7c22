import { Hono } from 'hono';
import type { FrontendFiles } from '../../src/cc-frontend/files.ts';
import type { AppEnv } from '../../src/http/service.ts';

/**
 * Serves the files of cc-backend's built front end, each under its own path. They need no login. Their names do not
 * change with their content, so browsers ask each time and get 304 for a file that they have.
 */
export function staticFiles(files: FrontendFiles): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  for (const [path, { bytes, type, tag }] of files) {
    const caching = { 'Cache-Control': 'no-cache', ETag: tag };
    routes.get(`/${path}`, (c) => {
      const known = c.req.header('If-None-Match')?.split(',') ?? [];
      if (known.some((each) => each.trim() === tag)) return c.body(null, 304, caching);
      return c.body(bytes, 200, { ...caching, 'Content-Type': type, 'Content-Length': String(bytes.length) });
    });
  }
  return routes;
}
