import { createRoute, z } from '@hono/zod-openapi';
import { Fault } from '../src/faults.ts';
import { answers, json, onlyQuery, resource } from '../src/http/answers.ts';

/** GET /healthz: from the state of the database, so that it answers at once however busy that is. */
export const healthz = resource().openapi(
  createRoute({
    method: 'get',
    path: '/healthz',
    summary: 'Whether the database answers',
    description:
      'Answers 200 also where the service is degraded: it answers requests, and `reason` says what an operator has to look at.',
    request: { query: onlyQuery({}) },
    responses: answers(
      'the database answers',
      z.object({ status: z.enum(['ok', 'degraded']), reason: z.string().optional() }),
    ),
  }),
  (c) => {
    const { alive, degraded: ofDatabase = [] } = c.var.db.status();
    const degraded = [...ofDatabase, ...(c.var.service.degraded?.() ?? [])];
    if (!alive) throw new Fault('connection_lost', 'no connection has answered for a second');
    return json(degraded.length === 0 ? { status: 'ok' } : { status: 'degraded', reason: degraded.join('; ') });
  },
);
