import { createRoute, z } from '@hono/zod-openapi';
import { Fault } from '../src/faults.ts';
import { answers, json, resource } from '../src/http/json/responses.ts';
import { NO_QUERY } from '../src/http/query/query-parameters.ts';
import { degradedReasons } from '../src/http/system-state.ts';

/** GET /healthz: reports the health of the service from memory, so that it answers at once if the database is busy. */
export const healthz = resource().openapi(
  createRoute({
    method: 'get',
    path: '/healthz',
    summary: 'Check the health of the service',
    description:
      'Responds with 200 also if the service is degraded: it still serves requests, and `reason` says what the operator has to check.',
    request: { query: NO_QUERY },
    responses: answers(
      'the database responds',
      z.object({ status: z.enum(['ok', 'degraded']), reason: z.string().optional() }),
    ),
  }),
  (c) => {
    const database = c.get('db').status();
    const degraded = degradedReasons(c, database);
    const { alive, notAliveBecause = 'no database connection has responded for a second' } = database;
    if (!alive) throw new Fault('connection_lost', notAliveBecause);
    return json(degraded.length === 0 ? { status: 'ok' } : { status: 'degraded', reason: degraded.join('; ') });
  },
);
