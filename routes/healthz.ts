import { createRoute, z } from '@hono/zod-openapi';
import { Fault } from '../src/faults.ts';
import { answers, json, onlyQuery, resource } from '../src/http/answers.ts';

/** GET /healthz: from the state of the database, so that it answers at once however busy that is. */
export const healthz = resource().openapi(
  createRoute({
    method: 'get',
    path: '/healthz',
    summary: 'Whether the database answers',
    request: { query: onlyQuery({}) },
    responses: answers('it does', z.object({ status: z.literal('ok') })),
  }),
  (c) => {
    if (!c.var.db.status().alive) throw new Fault('connection_lost', 'no connection has answered for a second');
    return json({ status: 'ok' });
  },
);
