import { createRoute, z } from '@hono/zod-openapi';
import { answers, json, onlyQuery, resource, WITH_TOKEN } from '../src/http/answers.ts';
import { requireAdministrator } from '../src/http/auth.ts';
import { systemState } from '../src/http/system-state.ts';

const System = z.looseObject({
  settings: z.record(z.string(), z.unknown()).openapi({ description: 'in force; secrets are not shown' }),
  database: z.looseObject({ alive: z.boolean(), queued: z.int() }).openapi({ description: 'processes and counters' }),
});

/** GET system: what is in force and what runs. For admins. */
export const system = resource().openapi(
  createRoute({
    method: 'get',
    path: '/system',
    summary: 'Settings in force, processes, counters',
    security: WITH_TOKEN,
    request: { query: onlyQuery({}) },
    responses: answers('the state of the service', System),
  }),
  (c) => {
    requireAdministrator(c.var.user);
    return json(systemState(c));
  },
);
